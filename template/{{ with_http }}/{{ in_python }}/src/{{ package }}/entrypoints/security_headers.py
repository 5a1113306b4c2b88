"""Headers that tell browsers to do nothing with answers that they are not meant for.

They are those of OWASP's REST Security Cheat Sheet. Answers are data, never pages, except the documentation,
which FastAPI loads from a content delivery network.
"""

from starlette.types import Scope

Header = tuple[bytes, bytes]

YEAR_SECONDS = 365 * 24 * 3600

CONTENT = b"default-src 'none'; frame-ancestors 'none'"
DOCUMENTATION = (
    b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; connect-src 'self'; "
    b"script-src 'unsafe-inline' https://cdn.jsdelivr.net; worker-src blob:; "
    b"style-src 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com; "
    b"font-src https://fonts.gstatic.com; "
    b"img-src data: https://fastapi.tiangolo.com https://cdn.redoc.ly"
)
PAGES = {"/docs", "/docs/oauth2-redirect", "/redoc"}

HEADERS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
OF_DATA = (*HEADERS, (b"content-security-policy", CONTENT))
OF_PAGES = (*HEADERS, (b"content-security-policy", DOCUMENTATION))
# browsers ignore it in answers that were not encrypted (RFC 6797, section 7.2)
ONLY_HTTPS: Header = (b"strict-transport-security", f"max-age={YEAR_SECONDS}".encode())
OF_DATA_OVER_HTTPS = (*OF_DATA, ONLY_HTTPS)
OF_PAGES_OVER_HTTPS = (*OF_PAGES, ONLY_HTTPS)


def security_headers(scope: Scope) -> tuple[Header, ...]:
    """Those of the answer to a request. Trusted proxies say whether it was encrypted."""
    encrypted = scope.get("scheme") == "https"
    if scope["path"].removeprefix(scope.get("root_path", "")) in PAGES:
        return OF_PAGES_OVER_HTTPS if encrypted else OF_PAGES
    return OF_DATA_OVER_HTTPS if encrypted else OF_DATA
