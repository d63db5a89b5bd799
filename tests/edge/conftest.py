"""A grid, an edge in front of an application, in this process; no server of Culm."""

import asyncio
import os
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import uvicorn

from api.edge.app import Edge
from api.edge.callers import Callers
from api.edge.config import EdgeConfig
from api.edge.server import server_of
from api.edge.voms import SYSTEM_AUTHORITIES, Voms
from api.edge.watching import TrustWatch
from identity.edge_tokens import edge_home
from identity.issuer import key_path, signing_key
from tests.edge.grid import AUTHORITY_DN, JANE_DN, Credential, authority, host, trust
from tests.held_ports import held_ports

ROWS = f'{{"persons": [{{"authority": "{AUTHORITY_DN}", "name": "{JANE_DN}", "groups": ["wlcg"]}}]}}'


@pytest.fixture(scope="session")
def edge_key(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The text of a private key of an edge."""
    home = tmp_path_factory.mktemp("edge-key")
    signing_key(home)
    return key_path(home).read_bytes()


@pytest.fixture(autouse=True)
def environment_of_other_tests() -> Iterator[None]:
    """What an edge changes in the environment of its process does not outlive the test, which has the process of many."""
    yield
    before = os.environ.get(SYSTEM_AUTHORITIES)
    if before is None:
        os.unsetenv(SYSTEM_AUTHORITIES)
    else:
        os.putenv(SYSTEM_AUTHORITIES, before)


@pytest.fixture
def config(tmp_path: Path, edge_key: bytes) -> Iterator[EdgeConfig]:
    """An edge of its own: Jane has a row; the directory of authorities knows one."""
    ca = authority()
    path = key_path(edge_home(tmp_path))
    path.parent.mkdir(parents=True)
    path.write_bytes(edge_key)
    (tmp_path / "host.pem").write_bytes(host(ca).pem())
    (tmp_path / "rows.json").write_text(ROWS)
    with held_ports(1) as (port,):
        yield an_edge(tmp_path, port, ca)


def an_edge(home: Path, port: int, ca: Credential) -> EdgeConfig:
    """What `home` holds."""
    return EdgeConfig(
        home=home,
        host="127.0.0.1",
        port=port,
        certificate=home / "host.pem",
        key=None,
        authorities=trust(home / "certificates", ca),
        voms=home / "vomsdir",
        rows=home / "rows.json",
        socket=home / "api.sock",
    )


@dataclass
class Running:
    """An edge that listens. asked: what came out of it, in order."""

    config: EdgeConfig
    watch: TrustWatch
    asked: list[httpx.Request] = field(default_factory=list)

    def get(self, credential: Credential | None, path: str = "/v1/x", method: str = "GET", **more: Any) -> httpx.Response:
        """Ask it, with a certificate or none."""
        with self.client(credential) as client:
            return client.request(method, path, **more)

    def client(self, credential: Credential | None) -> httpx.Client:
        """A client that keeps its connection."""
        context = ssl.create_default_context(cadata=self.authority_pem())
        if credential is not None:
            file = self.config.home / "client.pem"
            file.write_bytes(credential.pem())
            context.load_cert_chain(file)
        return httpx.Client(verify=context, base_url=f"https://localhost:{self.config.port}", trust_env=False)

    def authority_pem(self) -> str:
        return next(self.config.authorities.glob("*.0")).read_text()


@pytest.fixture
def running(config: EdgeConfig) -> Iterator[Running]:
    """The edge of `config`, before an application that answers with what it was asked."""
    found = Running(config, TrustWatch(config))

    def answer(request: httpx.Request) -> httpx.Response:
        found.asked.append(request)
        text = orjson.dumps({"path": request.url.raw_path.decode()})
        return httpx.Response(200, content=pieces(text), headers={"Set-Cookie": "a=b"})

    yield from started(found, httpx.MockTransport(answer))


async def pieces(text: bytes) -> AsyncIterator[bytes]:
    """`text` as it comes over a network."""
    yield text[:5]
    yield text[5:]


def started(found: Running, transport: httpx.AsyncBaseTransport) -> Iterator[Running]:
    """Run `found` in a thread until the test has ended."""
    edge = Edge(Callers(found.config.home, found.watch, Voms(found.config.voms, found.config.authorities)), transport)
    with Serving(server_of(found.config, found.watch, edge), edge.close):
        yield found


class Serving:
    """A server in a thread, while the block lasts."""

    def __init__(self, server: uvicorn.Server, close: Callable[[], Awaitable[None]] | None = None) -> None:
        """close: what else ends with it."""
        self._server, self._close = server, close
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        config = self._server.config
        if not config.loaded:
            config.load()
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup()
        self._ready.set()
        await self._server.main_loop()
        await self._server.shutdown()
        if self._close is not None:
            await self._close()

    def __enter__(self) -> None:
        self._thread.start()
        assert self._ready.wait(20), "the server did not start"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)
