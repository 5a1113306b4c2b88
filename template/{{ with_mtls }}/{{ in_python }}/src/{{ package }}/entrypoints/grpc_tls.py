"""Mutual TLS over gRPC: the service has a certificate, and so have its callers."""

import ssl
from pathlib import Path

import grpc
import structlog
from pydantic import BaseModel, Field

from .ports import ListenError

CERTIFICATE, KEY, CALLERS = "tls.crt", "tls.key", "ca.crt"

State = tuple[tuple[int, int, int], ...]
"""By which changes of the files are noticed."""

log = structlog.get_logger()


class GrpcTlsSettings(BaseModel):
    folder: Path = Field(Path("/run/secrets/grpc-tls"), description="of tls.crt, tls.key and ca.crt")
    plaintext: bool = Field(False, description="no TLS, on this machine only")


class Certificates:
    """The files of a folder, read again when they change. If those make no sense, the last ones remain."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = self._look()
        self._current = self._read()

    def current(self) -> grpc.ServerCertificateConfiguration:
        """What new connections use. gRPC asks before each of them, in threads of its own."""
        try:
            if (state := self._look()) != self._state:
                self._state = state
                self._current = self._read()
                log.info("certificates changed")
        except (OSError, ssl.SSLError) as error:
            log.error("certificates not changed", error=str(error))
        return self._current

    def _look(self) -> State:
        found = [(self._folder / name).stat() for name in (CERTIFICATE, KEY, CALLERS)]
        return tuple((each.st_ino, each.st_mtime_ns, each.st_size) for each in found)

    def _read(self) -> grpc.ServerCertificateConfiguration:
        """Raises OSError or ssl.SSLError if the files do not belong together: gRPC would say nothing."""
        certificate, key, callers = (self._folder / name for name in (CERTIFICATE, KEY, CALLERS))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(callers))
        context.load_cert_chain(certificate, key)
        own = [(key.read_bytes(), certificate.read_bytes())]
        return grpc.ssl_server_certificate_configuration(own, callers.read_bytes())


def listen_with_tls(server: grpc.aio.Server, target: str, settings: GrpcTlsSettings) -> int:
    """The port. Raises ListenError if there are no certificates."""
    if settings.plaintext:
        return server.add_insecure_port(target)
    try:
        certificates = Certificates(settings.folder)
    except (OSError, ssl.SSLError) as error:
        raise ListenError(f"no certificates for gRPC in {settings.folder}: {error}") from error
    credentials = grpc.dynamic_ssl_server_credentials(
        certificates.current(), certificates.current, require_client_authentication=True
    )
    return server.add_secure_port(target, credentials)
