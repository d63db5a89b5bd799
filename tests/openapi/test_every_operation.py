"""Every operation of the OpenAPI document, asked with no, weak and foreign tokens: no server error, no answer leaks, and each is
what the document says.

Without a token on a whole Culm; with tokens an API in this process, whose log answers at once and whose read models are empty.
One example of each operation and caller: about a minute of CPU. `make openapi` asks a stack with more, and with every token.
"""

import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import uvicorn

from api.app import create_app
from deploy.config import CHECKOUT
from deploy.stack import Stack
from identity.secret_keys import FILE as SECRET_KEYS
from identity.secret_keys import add_key
from tests.api.test_routes import services_at
from tests.monitor.manual_actors import until
from tests.openapi.asking import asked
from tests.openapi.callers import Callers, callers_of

EXAMPLES, SEED = 1, 11
#: As schemathesis counts operations, in its report.
SELECTED, TESTED = re.compile(r"Selected: (\d+)/(\d+)"), re.compile(r"Tested: (\d+)")


@pytest.mark.stack
def test_without_a_token_no_operation_ends_in_an_error_of_the_server_or_shows_what_is_another_s(stack: Stack) -> None:
    caller = callers_of(stack.config.api, stack.config.home).nameless

    assert_is_in_order(asked(f"{stack.config.api}/openapi.json", caller, EXAMPLES, SEED, workers=2))


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Callers:
    """Callers with tokens of an issuer whose key is in their folder."""
    home = tmp_path_factory.mktemp("every-operation")
    add_key(home / SECRET_KEYS)
    words = {"a path of the machine": (str(home), str(CHECKOUT))}
    return Callers(home, words, words)


@pytest.fixture(scope="module")
def address(callers: Callers) -> Iterator[str]:
    """An API in this process, by HTTP."""
    services = services_at(callers.home)
    gateway: Any = services.gateway
    gateway.answers, gateway.sender = SimpleNamespace(ready=True, waiting=0), SimpleNamespace(unsent=0)
    config = replace(services.config, secrets_keys=callers.home / SECRET_KEYS)
    app = create_app(replace(services, config=config))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("who", ["pilot", "reader", "member_of_another", "other_issuer"])
def test_with_a_weak_or_foreign_token_no_operation_ends_in_an_error_of_the_server_or_is_not_as_documented(
    callers: Callers, address: str, who: str
) -> None:
    assert_is_in_order(asked(f"{address}/openapi.json", getattr(callers, who), EXAMPLES, SEED))


def assert_is_in_order(done: "subprocess.CompletedProcess[str]") -> None:
    """Nothing was found, and every operation was asked."""
    assert done.returncode == 0, done.stdout
    selected, tested = SELECTED.search(done.stdout), TESTED.search(done.stdout)
    assert selected is not None, done.stdout
    assert tested is not None, done.stdout
    assert int(selected[1]) > 100
    assert tested[1] == selected[1]
