"""Certificates of the service and its callers, as files and as credentials."""

from pathlib import Path

import grpc
import trustme


def write(folder: Path, authority: trustme.CA, callers: trustme.CA | None = None) -> None:
    """What the service needs: a certificate of `authority`, for callers of the same or of another one."""
    own = authority.issue_cert("localhost")
    (folder / "tls.crt").write_bytes(b"".join(each.bytes() for each in own.cert_chain_pems))
    (folder / "tls.key").write_bytes(own.private_key_pem.bytes())
    (folder / "ca.crt").write_bytes((callers or authority).cert_pem.bytes())


def credentials(trusted: trustme.CA, own: trustme.CA | None) -> grpc.ChannelCredentials:
    """Those of a caller that trusts one authority, and has a certificate of another one, or none."""
    root = trusted.cert_pem.bytes()
    if not own:
        return grpc.ssl_channel_credentials(root)
    caller = own.issue_cert("caller")
    chain = b"".join(each.bytes() for each in caller.cert_chain_pems)
    return grpc.ssl_channel_credentials(root, caller.private_key_pem.bytes(), chain)
