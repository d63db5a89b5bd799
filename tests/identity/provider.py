"""A provider's documents, served by a real HTTP server on loopback: what `key_fetching` is tried with."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from joserfc.jwk import ECKey, RSAKey

from schemas.types import TrustedIssuer
from tests.identity.builders import an_issuer, key_set

WELL_KNOWN = "/.well-known/openid-configuration"


class Provider:
    """Answers of a provider by path: status, headers, body."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        answers = self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = answers.get(self.path, (404, {}, b""))
                self.send_response_only(status)  # no Date but the one that a test gives
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def says(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        self.answers[path] = (status, headers, body)

    def issuer(self, **changes: object) -> TrustedIssuer:
        return an_issuer(issuer=self.address, **changes)


def a_provider(*keys: RSAKey | ECKey) -> Iterator[Provider]:
    """One with a sound discovery document and `keys`, until the iterator goes on."""
    found = Provider()
    found.says(WELL_KNOWN, json.dumps({"issuer": found.address, "jwks_uri": f"{found.address}/jwks"}).encode())
    found.says("/jwks", key_set(*keys))
    yield found
    found.server.shutdown()
    found.server.server_close()
