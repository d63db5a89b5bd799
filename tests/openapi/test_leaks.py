"""Each kind of leak is found in an answer, also by schemathesis; what a caller sent itself is none."""

import json
from collections.abc import Iterator

import pytest

from tests.identity.provider import Provider
from tests.openapi.asking import Caller, asked
from tests.openapi.leaks import leaks

JSON_TYPE = {"Content-Type": "application/json"}
WORDS = {"what is another organisation's": ["user.zebra.1"]}
TRACE = 'Traceback (most recent call last):\\n  File \\"/srv/culm/api/app.py\\", line 12, in x'
LEAKS = {
    "a stack trace": TRACE,
    "a line of the code": "KeyError at commands/task/decide.py:12",
    "a path": "no such file: /opt/venv/lib/python3.11/site-packages/x",
    "a home": "cannot open /root/.culm/state",
    "a query": "bad: SELECT status FROM task WHERE id = 1",
    "an error of the database": 'relation \\"task\\" does not exist',
    "a token": "used eyJhbGciOiJF.eyJpc3MiOiJ1.c2lnbmF0dXJl",
    "a key": "-----BEGIN EC PRIVATE KEY-----",
    "another organisation": "task user.zebra.1/ is not yours",
}


@pytest.mark.parametrize("said", LEAKS.values(), ids=LEAKS.keys())
def test_a_leak_is_found_and_is_none_where_the_caller_sent_it(said: str) -> None:
    answer = f'{{"detail": "{said}"}}'

    assert leaks(answer, "GET /v1/tasks", WORDS) != []
    assert leaks(answer, f"GET /v1/tasks\n{answer}", WORDS) == []


def test_what_was_sent_in_an_address_may_come_back_decoded() -> None:
    answer = '{"detail": "unknown: File \\"x\\", line 3"}'

    assert leaks(answer.replace("\\", ""), "GET /v1/x?q=File+%22x%22%2C%20line+3", {}) == []


def test_usual_answers_hold_no_leak() -> None:
    told = {"detail": "limit: found 0, expected 1 to 1000", "at": "/v1/tasks/1", "select": "from the list", "path": "/cache/x.py"}

    assert leaks(json.dumps(told), "GET /v1/tasks?limit=0", WORDS) == []


@pytest.fixture
def api() -> Iterator[Provider]:
    """An API of one operation."""
    found = Provider()
    answer = {"200": {"description": "it"}}
    document = {"openapi": "3.0.3", "info": {"title": "one", "version": "1"}, "paths": {"/one": {"get": {"responses": answer}}}}
    found.answers["/openapi.json"] = (200, JSON_TYPE, json.dumps(document).encode())
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize(("said", "code"), [("all is well", 0), ("task user.zebra.1/ is not yours", 1)])
def test_schemathesis_ends_with_an_error_where_an_answer_leaks(api: Provider, said: str, code: int) -> None:
    api.answers["/one"] = (200, JSON_TYPE, json.dumps({"detail": said}).encode())

    done = asked(f"{api.address}/openapi.json", Caller("no token", {}, WORDS), examples=1, seed=1)

    assert done.returncode == code, done.stdout
    assert ("the answer holds what is another organisation's: 'user.zebra.1'" in done.stdout) is (code == 1)
