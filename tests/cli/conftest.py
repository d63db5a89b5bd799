"""The command line before an API of this process: its own application, over read models and a log that are stand-ins."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from typer.testing import CliRunner

from api.app import create_app
from api.http.errors import Unavailable
from api.log.gateway import CommandGateway
from api.queries.read_models import ReadModels
from cli import api_client
from cli.main import app
from identity.issuer import make_token, signing_key
from schemas.answer import CommandAnswered
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, an_answer, run
from tests.api.test_routes import services_at

ADDRESS = "http://culm.test"


class Log(GatewayStandIn):
    """Answers every command and knows of no positions; `tried` are those that were only to be decided."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[tuple[Any, str]] = []

    async def submit(self, command: Any, aggregate_id: str, identity: Any, *, role: str | None = None, **how: Any) -> Any:
        if how.get("dry_run"):
            self.tried.append((command, aggregate_id))
            return self.answer(command, aggregate_id)
        return await super().submit(command, aggregate_id, identity, role=role, **how)

    async def position_of(self, aggregate: str, aggregate_id: str) -> Any:
        raise Unavailable("no positions here")

    def start(self) -> None:
        """Nothing to begin."""

    def close(self) -> None:
        """Nothing to end."""


@dataclass
class Told:
    """What a command of `culm` wrote, and how it ended."""

    out: str
    err: str
    code: int


class CulmAtHand:
    """`culm` as a member of wlcg, with the application behind `ADDRESS` in this process."""

    def __init__(self, home: Path) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.log = Log()
        self.requests: list[httpx.Request] = []
        services = services_at(home)
        read_models = cast(ReadModels, ReadModelsStandIn(cast(Any, self.tables)))
        services = replace(services, gateway=cast(CommandGateway, self.log), read_models=read_models)
        self._app = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
        self.connections = httpx.Client(transport=httpx.MockTransport(self._handle), base_url=ADDRESS)

    def answer(self, answer: Callable[[Any, str], CommandAnswered | None]) -> None:
        """What deciders answer from now on."""
        self.log.answer = answer

    def forget(self) -> None:
        """Begin as at first."""
        self.tables.clear()
        self.log.sent.clear()
        self.log.tried.clear()
        self.requests.clear()

    def __call__(self, *words: str, typed: str = "") -> Told:
        done = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(words), input=typed)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            return Told(done.stdout, f"{done.stderr}{done.exception}", 1)
        return Told(done.stdout, done.stderr, done.exit_code)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)

        async def ask() -> httpx.Response:
            asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            found = await self._app.handle_async_request(asked)
            body = b"".join([part async for part in cast(httpx.AsyncByteStream, found.stream)])
            return httpx.Response(found.status_code, headers=found.headers, content=body)

        answered: httpx.Response = run(ask())
        return answered


@pytest.fixture(scope="session")
def culm_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CULM_HOME with an issuer's key."""
    home = tmp_path_factory.mktemp("culm")
    signing_key(home)
    return home


@pytest.fixture(scope="session")
def _culm(culm_home: Path) -> CulmAtHand:
    return CulmAtHand(culm_home)  # to make an application takes longer than to ask it


@pytest.fixture
def culm(_culm: CulmAtHand, culm_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> CulmAtHand:
    """`culm` for Jane, who has the production role; nothing is in the read models yet."""
    found = _culm
    found.forget()
    token = make_token(culm_home, user="jdoe", name="Jane Doe", groups=["wlcg", "wlcg/production"], audience_hours=1)
    monkeypatch.setattr(api_client, "connections_to", lambda _: found.connections)
    monkeypatch.setenv("CULM_API", ADDRESS)
    monkeypatch.setenv("CULM_TOKEN", token)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("CULM_HOME", raising=False)
    return found


def accepted(**changes: Any) -> Callable[[Any, str], CommandAnswered]:
    """Deciders that accept everything."""
    return lambda _, key: an_answer(aggregate="task", aggregate_id=key, **changes)
