"""Which headers pass the edge, in either direction.

In: the headers of a client. Out: those that prove nothing and change no one's identity, from a list; a header that is not on it
does not pass, so no spelling of `Authorization`, `SSL_CLIENT_S_DN`, `GRST_CRED_AURI_0`, `X-Forwarded-For`, `Cookie` has to be
guessed. `Origin` and `X-IDDS-Auth-VO` select among the rights of the certificate and are judged by the API as with any token.
"""

import re
from collections.abc import Iterable

from identity.x509.errors import CertificateRefused

Pairs = list[tuple[bytes, bytes]]
PASSED_ON = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"culm-min-position",
        b"culm-wait",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"last-event-id",
        b"prefer",
        b"range",
        b"traceparent",
        b"tracestate",
        b"user-agent",
    }
)
#: Of one connection, not of the request (RFC 9110, 7.6.1), and cookies: a certificate needs none.
NOT_PASSED_BACK = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"set-cookie", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
_ORIGIN = re.compile(rb"[A-Za-z0-9._-]{1,100}(:[A-Za-z0-9._-]{1,100})?")


def passed_on(headers: Iterable[tuple[bytes, bytes]], token: str, wanted: str) -> Pairs:
    """What the API is given: known headers once each, the token, and the VO and role asked for.

    wanted: `Origin` where the client asks for nothing; empty without one. Raises CertificateRefused for a browser's request: a
    page of any site can make a browser send one with the user's certificate.
    """
    found: dict[bytes, bytes] = {}
    selecting: dict[bytes, bytes] = {}
    for name, value in headers:
        low = name.lower()
        if low.startswith(b"sec-fetch-"):
            raise CertificateRefused("the request is a browser's", "browser")
        if low in (b"origin", b"x-idds-auth-vo"):
            selecting.setdefault(low, value.strip())
        elif low in PASSED_ON:
            found.setdefault(low, value)
    origin = selecting.get(b"origin") or selecting.get(b"x-idds-auth-vo") or wanted.encode()
    if origin and (origin == b"null" or not _ORIGIN.fullmatch(origin)):
        raise CertificateRefused("Origin names no VO or role", "browser")
    pairs = [*found.items(), (b"authorization", b"Bearer " + token.encode())]
    return [*pairs, (b"origin", origin)] if origin else pairs


def passed_back(headers: Iterable[tuple[bytes, bytes]]) -> Pairs:
    """What the client is given of the API's answer."""
    return [(name, value) for name, value in headers if name.lower() not in NOT_PASSED_BACK]
