"""The keys of the issuer for agents change on a whole Culm while a worker reports: no report is refused."""

import json
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from deploy.stack import Stack
from identity.agent_issuer import key_ring_path
from identity.key_ring import KeyRing, RingKey, document_of, read_ring
from process.private_files import write_private
from tests.agents.closed_loops import in_a_closed_loop
from tests.agents.test_agents_on_a_stack import _closed as _closed
from tests.agents.test_agents_on_a_stack import as_agent, enrolled, lease, offered, report
from tests.agents.test_agents_on_a_stack import operator as operator
from tests.api.test_stack import _until, submit
from tests.api.test_stack import jane as jane
from tests.api.test_stack import pilot as pilot

pytestmark = pytest.mark.stack
#: An API looks for other keys every five seconds; in life a key is published for a day before it signs.
AHEAD_SECONDS = 8


def a_key_more(home: Path) -> str:
    """The `kid` of a key that is published from now on, and signs soon."""
    path = key_ring_path(home)
    ring = read_ring(json.loads(path.read_text()))
    key: dict[str, Any] = dict(ECKey.generate_key("P-256", auto_kid=True).as_dict(private=True))
    rotated = KeyRing((*ring.keys, RingKey(key, time.time() + AHEAD_SECONDS)))
    write_private(path, json.dumps(document_of(rotated)).encode())
    return str(key["kid"])


def kid_of(token: str) -> str:
    head = token.partition(".")[0]
    return str(json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4)))["kid"])


def test_no_report_is_refused_while_the_keys_for_agents_change(
    stack: Stack, jane: httpx.Client, pilot: httpx.Client, operator: httpx.Client
) -> None:
    harvester = as_agent(stack, enrolled(stack, offered(operator))["token"])
    old = harvester.post("/v1/agents/workers", json={"worker_id": "rotated"}).json()["token"]
    submit(jane)
    worker, fresh = as_agent(stack, old), as_agent(stack, old)
    job = lease(worker, "rotated")
    kids = {kid_of(old)}

    def with_the_old_token() -> bool:
        return bool(report(worker, job).json()["command"] == "NULL")

    def with_a_new_token() -> bool:
        token = harvester.post("/v1/agents/workers", json={"worker_id": "rotated"}).json()["token"]
        kids.add(kid_of(token))
        fresh.headers["Authorization"] = f"Bearer {token}"
        return bool(report(fresh, job).json()["command"] == "NULL")

    with in_a_closed_loop(with_the_old_token, 2) as under_old, in_a_closed_loop(with_a_new_token, 1) as under_new:
        kid = a_key_more(stack.config.home)
        _until(lambda: kid in kids, 60)
        seen = len(under_old.answers), len(under_new.answers)
        _until(lambda: len(under_old.answers) > seen[0] + 50 and len(under_new.answers) > seen[1] + 20, 60)

    assert len(kids) == 2
    assert under_old.answers.count(False) == under_new.answers.count(False) == 0
    assert report(worker, job, "finished").json()["StatusCode"] == 0  # so that no second attempt waits for other tests
