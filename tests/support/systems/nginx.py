"""NGINX as a cache in front of a service."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .packages import require
from .processes import Process, converse, free_port

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=answers:1m;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {upstream};
            proxy_http_version 1.1;
            proxy_cache answers;
            proxy_cache_revalidate on;
            add_header X-Cache $upstream_cache_status always;
        }}
    }}
}}
"""


@contextmanager
def caching(upstream: str, folder: Path) -> Iterator[str]:
    """The URL of a proxy that keeps what the answers allow; the header `X-Cache` says what it did."""
    program, port = require("nginx", "nginx-light"), free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, upstream=upstream))
    # as root, it would become a user who may not write into the folder
    user = ("-g", "user root;") if folder.owner() == "root" else ()
    process = Process([program, "-p", str(folder), "-c", str(configuration), *user], folder / "log")
    try:
        head = b"HEAD /healthz HTTP/1.0\r\n\r\n"
        process.wait_until(lambda: converse(port, head, b"HTTP/1.1"), "NGINX")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop()
