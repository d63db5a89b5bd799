"""A server that sends one byte at a time holds no client longer than its request may take."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from agents.errors import Unreachable
from agents.harvester.systems.bounded_http import NoAnswer
from agents.harvester.systems.kubernetes_api import ApiServer
from agents.harvester.systems.kubernetes_settings import ClusterSettings
from agents.session import AgentSession
from api.login import providers
from api.login.providers import ProviderAway, Providers
from identity import key_fetching
from identity.errors import KeysRefused
from process.deadlines import sent_as_it_is, with_deadlines, within

HEADER = b"HTTP/1.1 200 OK\r\nX-Slow: "
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def a_server(beginning: bytes, *, drips: bool = True) -> Iterator[str]:
    """The address of a server that sends `beginning`, and then one byte after the other until its client leaves."""
    over = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    connection.recv(65_536)
                    connection.sendall(beginning)
                    while drips and not over.wait(0.01):
                        connection.sendall(b"a")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("beginning", [HEADER, BODY, b""])
def test_headers_and_bodies_that_drip_end_with_the_request(beginning: bytes) -> None:
    with (
        a_server(beginning) as address,
        with_deadlines(httpx.Client(timeout=60, trust_env=False)) as client,
        pytest.raises((httpx.ReadTimeout, httpx.RemoteProtocolError)),
        within(0.3),
    ):
        client.get(address)


def test_an_inner_end_never_moves_an_outer_one() -> None:
    with (
        a_server(HEADER) as address,
        with_deadlines(httpx.Client(timeout=60, trust_env=False)) as client,
        pytest.raises(httpx.ReadTimeout),
        within(0.3),
        within(600),
    ):
        client.get(address)


def test_nothing_is_begun_after_the_end() -> None:
    with (
        a_server(WHOLE, drips=False) as address,
        with_deadlines(httpx.Client(trust_env=False)) as client,
        pytest.raises(httpx.ConnectTimeout),
        within(0),
    ):
        client.get(address)


def test_without_an_end_a_request_is_as_before() -> None:
    with a_server(WHOLE, drips=False) as address, with_deadlines(httpx.Client(trust_env=False)) as client:
        assert client.get(address).json() == {}


@pytest.mark.parametrize("beginning", [HEADER, BODY, b""])
def test_a_request_that_is_sent_as_it_is_ends_in_time_as_well(beginning: bytes) -> None:
    with a_server(beginning) as address, with_deadlines(httpx.Client(trust_env=False)) as client:
        request = httpx.Request("GET", address, extensions={"timeout": httpx.Timeout(60).as_dict()})
        with pytest.raises((httpx.ReadTimeout, httpx.RemoteProtocolError)), within(0.3):
            b"".join(sent_as_it_is(client, request).iter_bytes())


def test_a_request_that_is_sent_as_it_is_takes_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_server(WHOLE, drips=False) as address:
        monkeypatch.setenv("http_proxy", address)
        with with_deadlines(httpx.Client()) as client:
            answer = sent_as_it_is(client, httpx.Request("GET", "http://far.example/"))

            assert (answer.status_code, b"".join(answer.iter_bytes())) == (200, b"{}")
            answer.close()


def test_proxies_of_the_environment_keep_to_the_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_server(HEADER) as address:
        monkeypatch.setenv("http_proxy", address)
        with with_deadlines(httpx.Client(timeout=60)) as client, pytest.raises(httpx.ReadTimeout), within(0.3):
            client.get("http://far.example/")


def _by_agent(address: str, folder: Path) -> None:
    token = folder / "token"
    token.write_text("t")
    AgentSession(address, token, "wlcg", "test").get("/", {}, seconds=0.2)


def _by_cluster(address: str, folder: Path) -> None:
    ApiServer(ClusterSettings(api=address, namespace="n")).ask("GET", "/", seconds=0.3)


@pytest.mark.parametrize(("ask", "raised"), [(_by_agent, Unreachable), (_by_cluster, NoAnswer)])
def test_agents_leave_a_server_whose_headers_drip(
    ask: Callable[[str, Path], None], raised: type[Exception], tmp_path: Path
) -> None:
    with a_server(HEADER) as address, pytest.raises(raised, match="did not end within"):
        ask(address, tmp_path)


def test_keys_are_not_waited_for_longer_than_they_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_fetching, "SECONDS_MAX", 0.3)
    with a_server(HEADER) as address, pytest.raises(KeysRefused, match="ReadTimeout"):
        key_fetching._get(address, "key set")


def test_a_provider_is_not_waited_for_longer_than_it_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "SECONDS_MAX", 0.3)
    with a_server(HEADER) as address, pytest.raises(ProviderAway, match="does not answer: TimeoutError"):
        asyncio.run(Providers().post(address, {}))
