"""The front for clients of iDDS in this process, asked by Jane as idds-client asks."""

import json
import threading
from pathlib import Path
from typing import Any, cast

import httpx

from api import idds, panda
from api.app import create_app
from api.config import ApiConfig
from api.native import health
from api.services import Services, make_gate
from identity.issuer import make_token
from process.addresses import ApiAddresses
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, an_answer, run

NOTHING = cast(Any, None)
VOS = ("wlcg", "juno")


class QuietGateway(GatewayStandIn):
    """A stand-in that begins and ends nothing."""

    ending = threading.Event()


class IddsFront:
    """An application over stand-ins; its `gateway` remembers what was sent on. tables: rows of its read models."""

    def __init__(
        self,
        home: Path,
        tables: dict[str, list[dict[str, Any]]] | None = None,
        gateway: QuietGateway | None = None,
        read_models: Any = None,
    ) -> None:
        self.gateway = gateway or QuietGateway()
        addresses = ApiAddresses.at("http://127.0.0.1:25080")
        config = ApiConfig(home, addresses, "127.0.0.1:1", "http://127.0.0.1:1", "postgresql://", vos=VOS)
        self.gate = make_gate(config)
        read_models = read_models or ReadModelsStandIn(cast(Any, tables or {}))
        self._services = Services(config, NOTHING, cast(Any, self.gateway), read_models, self.gate, NOTHING)
        self.app = create_app(self._services, only=(idds.build_router, panda.build_router, health.build_router))
        self._home = home

    def begin_again(self) -> None:
        """Nothing was sent, everything is accepted, and the next request is number 101."""
        self.gateway.sent.clear()
        self.gateway.kept.clear()
        self.gateway.numbers_from = 101
        self.gateway.answer = lambda command, aggregate_id: an_answer()
        self._services.request_numbers._left = range(0)
        self._services.numbers._left = range(0)

    def headers(self, user: str = "jane", vo: str = "wlcg", *groups: str, **claims: Any) -> dict[str, str]:
        """As idds-client sends them for a member of `vo`."""
        token = make_token(self._home, user=user, name=f"{user.title()} Doe", groups=[vo, *groups], audience_hours=1, **claims)
        return {"X-IDDS-Auth-Type": "oidc", "X-IDDS-Auth-VO": vo, "X-IDDS-Auth-Token": token}

    def ask(
        self, verb: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, prefix: str = "/idds"
    ) -> httpx.Response:
        """The answer to Jane, or to whom `headers` name."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(cast(Any, self.app), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://culm.example:25080") as client:
                sent = self.headers() if headers is None else headers
                return await client.request(verb, prefix + path, headers=sent, content=body)

        answer: httpx.Response = run(asked())
        return answer


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, class and sentence of an error."""
    assert answer.content == b""
    return answer.status_code, answer.headers["ExceptionClass"], json.loads(answer.headers["ExceptionMessage"])["msg"]
