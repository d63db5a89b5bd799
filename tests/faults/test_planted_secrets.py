"""Tokens, codes, keys and passwords that are shown to a stack, rightly and wrongly: none stands anywhere afterwards."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from deploy.kafka import accounts
from deploy.postgres.passwords import OWNER, READER, of
from deploy.stack import Stack
from identity.issuer import make_token
from process.servers import password_file
from tests.places_of_words import places_of

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

WORDS = tuple(f"planted-{number:02d}-c0ffee" for number in range(12))


@dataclass(frozen=True)
class Shown:
    """What was shown to the stack, and all that it answered."""

    words: tuple[str, ...]
    answers: tuple[str, ...]


def requests() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Places where a client may put a secret, most of them wrong."""
    a, b, c, d, e, f, g, h, i, j, k, m = WORDS
    yield "GET", "/v1/whoami", {"headers": {"Authorization": f"Bearer {a}"}}
    yield "GET", "/v1/whoami", {"headers": {"Authorization": f"Basic {b}"}}
    yield "POST", "/v1/links", {"json": {"token": c}}
    yield "POST", "/v1/agents/enrol", {"json": {"code": d, "redeemer": f"{e}-of-sixteen"}}
    yield "POST", "/auth/back-channel-logout", {"data": {"logout_token": f}}
    yield "POST", "/auth/wlcg/token", {"data": {"device_code": g, "refresh_token": g, "grant_type": "refresh_token"}}
    yield "POST", "/login", {"data": {"token": h, "vo": "wlcg"}}
    yield "PUT", "/v1/secrets", {"json": {"name": ["a list"], "value": i}}
    broken = f'{{"name": "{i}", "value": '
    yield "PUT", "/v1/secrets", {"content": broken, "headers": {"Content-Type": "application/json"}}
    yield "POST", "/api/v1/creds/set_user_secrets", {"json": {"key": {"an": "object"}, "value": j}}
    yield "POST", "/api/v1/creds/set_user_secrets", {"json": {"key": "x", "value": [j]}}
    yield "POST", "/server/panda/updateJob", {"data": {"jobId": "1", "state": "running", "token": k}}
    yield "GET", "/v1/tasks", {"cookies": {"culm_token": m, "culm_session": m}}


def shown_to(stack: Stack) -> Shown:
    """Every request with a token of its own that is believed, and once more with one that is not."""
    words, answers = list(WORDS), []
    for number, (method, path, request) in enumerate(requests()):
        token = make_token(stack.config.home, user=f"planted{number}", name="Paula Planted", groups=["wlcg"], audience_hours=1)
        words.append(token.rpartition(".")[2])
        for shown in (token, token[:-20] + token[-20:][::-1]):
            headers = {"Authorization": f"Bearer {shown}", "Origin": "wlcg", **request.get("headers", {})}
            answer = httpx.request(method, f"{stack.config.api}{path}", **{**request, "headers": headers}, timeout=30)
            assert answer.status_code != 500
            answers.append(answer.text + json.dumps(dict(answer.headers)))
    return Shown(tuple(words), tuple(answers))


def own_secrets(stack: Stack) -> Iterator[str]:
    """What the stack made for itself: private keys, passwords, the code of its harvester."""
    home = stack.config.home
    for name in ("key.json", "agent_keys.json"):
        document = json.loads((home / "identity" / name).read_text())
        yield from (row.get("key", row)["d"] for row in document.get("keys", [document]))
    yield from (line.split(" ")[1] for line in (home / "identity" / "secrets.keys").read_text().splitlines())
    yield from (of(password_file(home), account) for account in (OWNER, READER))
    yield from accounts.made(home).values()
    yield (home / "tokens" / "enrolment").read_text()


def test_no_secret_that_was_shown_or_made_stands_anywhere(stack: Stack) -> None:
    shown = shown_to(stack)

    words = {*shown.words, *own_secrets(stack)}

    assert len(words) >= 25
    assert places_of(("LOCAL_DISK",), stack) != []  # what does stand there is found
    assert places_of(words, stack) == []
    assert [word for word in shown.words if any(word in answer for answer in shown.answers)] == []
