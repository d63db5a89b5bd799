"""An identity provider that does as a test says: a real server on loopback with a key of its own."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import orjson
from joserfc import jwt
from joserfc.jwk import RSAKey

from schemas.types import IssuerLogin, TrustedIssuer
from tests.identity.builders import an_issuer, key_set

AUDIENCE, CLIENT = "https://culm.example.org", "panda"
LOGIN = IssuerLogin(client_id=CLIENT)


class CodeProvider:
    """Answers the token endpoint with `replies`, in order; keeps what it was asked. offers: more of its discovery document."""

    def __init__(self) -> None:
        self.replies: list[tuple[int, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.offers: dict[str, Any] = {}
        self.key = RSAKey.generate_key(2048, auto_kid=True)
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, key_set(provider.key) if self.path == "/keys" else provider.document)

            def do_POST(self) -> None:
                form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
                provider.asked.append({"to": self.path, **form})
                self._answer(*(provider.replies.pop(0) if self.path == "/token" else (200, {})))

            def _answer(self, status: int, content: Any) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(content if isinstance(content, bytes) else orjson.dumps(content))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def issuer(self) -> str:
        """Its name."""
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def document(self) -> dict[str, Any]:
        """Its discovery document."""
        places = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "revocation_endpoint": "revoke",
            "jwks_uri": "keys",
        }
        return {"issuer": self.issuer, **{name: f"{self.issuer}/{place}" for name, place in places.items()}, **self.offers}

    @property
    def row(self) -> TrustedIssuer:
        """Its row in the policy."""
        return an_issuer(issuer=self.issuer, login=LOGIN)

    def signed(self, header_type: str = "JWT", **claims: Any) -> str:
        """A token; a claim that is None is left out."""
        now = int(time.time())
        base = {
            "iss": self.issuer, "sub": "jane", "iat": now, "exp": now + 600, "wlcg.ver": "1.0", "name": "Jane Doe",
            "wlcg.groups": ["/wlcg", "/wlcg/production"],
        }  # fmt: skip
        kept = {name: value for name, value in {**base, **claims}.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid, "typ": header_type}, kept, self.key)

    def tokens(self, nonce: str | None = None, **claims: Any) -> dict[str, Any]:
        """What its token endpoint answers."""
        shared = {"sub": claims.get("sub", "jane"), "sid": claims.get("sid", "session-1")}
        return {
            "id_token": self.signed(aud=CLIENT, nonce=nonce, typ="ID", **{**shared, **claims}),
            "access_token": self.signed(aud=AUDIENCE, scope="openid", **shared),
            "refresh_token": "refresh-1", "token_type": "Bearer", "expires_in": 600,
        }  # fmt: skip

    def logout_token(self, header_type: str = "logout+jwt", **claims: Any) -> str:
        """A logout token."""
        event: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        shape = {
            "aud": CLIENT,
            "jti": f"logout-{time.time_ns()}",
            "events": event,
            "sid": "session-1",
            "wlcg.ver": None,
            "name": None,
        }
        return self.signed(header_type, **{**shape, **claims})

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
