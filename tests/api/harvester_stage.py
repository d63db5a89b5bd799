"""An application over real deciders in memory and prepared rows, for tests of what Harvesters send."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from api.app import create_app
from api.config import ApiConfig
from api.services import Services, make_gate
from identity.identity import Identity
from process.addresses import ApiAddresses
from schemas.answer import CommandAnswered
from schemas.types import QueueSettings
from tests.api.builders import GatewayStandIn, ReadModelsStandIn
from tests.api.test_routes import Client, headers
from tests.commands.in_memory import Culm, a_culm

QUEUES = ("HARV_PULL", "HARV_PUSH", "HARV_SLAVE")
ONE = "client_harvester"


class Gateway(GatewayStandIn):
    """Commands go to deciders in memory."""

    ending = threading.Event()

    def __init__(self, culm: Culm) -> None:
        super().__init__()
        self.culm = culm

    def start(self) -> None:
        """Nothing to begin."""

    def close(self) -> None:
        """Nothing to end."""

    async def submit(
        self,
        command: Any,
        aggregate_id: str,
        identity: Identity,
        *,
        role: str | None = None,
        dry_run: bool = False,
        **how: Any,
    ) -> CommandAnswered | None:
        """What the decider answers."""
        self.sent.append((command, aggregate_id))
        role = role or identity.role
        return self.culm.send(command, aggregate_id, actor=identity.subject, role=role, vo=identity.vo, dry_run=dry_run)


class Rows(ReadModelsStandIn):
    """Rows by a part of the question."""

    def close(self) -> None:
        """Nothing to end."""


class Stage:
    """An application, deciders and rows. only: what builds its routes, beside the hot ones; without it, all."""

    def __init__(self, home: Path, *, only: Sequence[Callable[[Services], APIRouter]] = ()) -> None:
        self.home = home
        self.culm = a_culm()
        self.gateway, self.rows = Gateway(self.culm), Rows()
        addresses = ApiAddresses.at("http://127.0.0.1:1")
        config = ApiConfig(home, addresses, "127.0.0.1:1", "http://127.0.0.1:1", "postgresql://", vos=("wlcg", "juno"))
        self.gate = make_gate(config)
        parts: Any = (None, self.gateway, self.rows, self.gate, self.gateway)
        self.services = Services(config, *parts)
        self.client = Client(create_app(self.services, only=only))
        self.begin_again()

    def begin_again(self) -> None:
        """Nothing was said yet."""
        self.culm = self.gateway.culm = a_culm()
        self.gateway.sent.clear()
        self.demands: list[dict[str, Any]] = []
        settings = [
            {"name": name, "settings": QueueSettings(name=name, site="S", rss_mb_max=4000, harvester=ONE).to_avro()}
            for name in QUEUES
        ]
        self.rows.tables = {
            "from queue where settings": settings,
            "from worker_demand": self.demands,
            "from harvester where vo": [{"harvester_id": ONE}],
            "max(substring": [{"number": 7}],
            "from harvester_count c": [],
        }

    def ask(self, path: str, body: dict[str, Any] | None = None, *groups: str) -> Any:
        """The answer to a call of a pilot, or of a member of `groups`; GET without a body."""
        with_token = headers(self.home, *(groups or ("wlcg/pilot",)))
        answer = self.client.get(path, headers=with_token) if body is None else None
        answer = answer or self.client.post(path, json=body, headers=with_token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def call(self, name: str, body: dict[str, Any] | None = None, *groups: str) -> Any:
        """As `ask`, of a call below `/api/v1/`."""
        return self.ask(f"/api/v1/{name}", body, *groups)

    def of_kind(self, *kinds: type) -> list[Any]:
        """Events of these kinds."""
        return [event for event, _ in self.culm.events if isinstance(event, kinds)]
