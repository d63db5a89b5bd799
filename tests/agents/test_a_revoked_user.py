"""A user with twenty running jobs is revoked under load: the log's own times say how soon, and no one else notices."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from confluent_kafka import OFFSET_BEGINNING, TopicPartition
from typer.testing import CliRunner

from check.codec import codec_of
from cli.main import app
from deploy.stack import Stack
from eventlog.consumers import one_shot_reader
from identity.issuer import make_token, subject_of
from identity.own_issuers import OWN_ISSUER
from schemas.instants import MICROSECONDS
from schemas.policy import IdentityRevoked
from tests.agents.closed_loops import in_a_closed_loop
from tests.api.test_stack import QUEUE, _until, a_client, parameters, report
from tests.api.test_stack import pilot as pilot

pytestmark = pytest.mark.stack
JOBS = 20
POLICY = "culm.policy.events.v1"
#: What docs/identity/revoking.md promises.
REFUSED_SECONDS, STOPPED_SECONDS = 5.0, 60.0
#: Of the one who is revoked and of the other together, over the whole time of the revocation.
REQUESTS_PER_SECOND_MIN = 50


def lease(pilot: httpx.Client) -> dict[str, Any]:
    """A job for a pilot that beats as Culm's own does."""
    body = {"siteName": QUEUE, "computingElement": QUEUE, "prodSourceLabel": "user", "node": "n1", "heartbeat_seconds": 5}
    job: dict[str, Any] = _until(
        lambda: (found := pilot.post("/server/panda/getJob", json=body).json())["StatusCode"] == 0 and found
    )
    return job


def leased(pilot: httpx.Client, tasks: set[int], count: int) -> dict[int, dict[str, Any]]:
    """`count` jobs of these tasks, by their ids; jobs that other tests left behind are failed."""
    held: dict[int, dict[str, Any]] = {}
    while len(held) < count:
        job = lease(pilot)
        if job["taskID"] in tasks:
            held[job["PandaID"]] = job
        else:
            report(pilot, job, "failed", pilotErrorCode=1305)
    return held


def submit(client: httpx.Client, who: str, jobs: int) -> int:
    answer = client.post("/v1/tasks", json={"parameters": parameters(f"user.{who}.{uuid4()}", jobs)})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["task_id"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_revoked_user_is_refused_and_the_payloads_stop_and_no_one_else_is_disturbed(stack: Stack, pilot: httpx.Client) -> None:
    with a_client(stack, "leaving") as leaving, a_client(stack, "staying") as staying, admin(stack) as operator:
        task, other = submit(leaving, "leaving", JOBS), submit(staying, "staying", 1)
        held = leased(pilot, {task, other}, JOBS + 1)
        own = {number for number, job in held.items() if job["taskID"] == task}
        assert len(own) == JOBS
        for job in held.values():
            assert report(pilot, job, "running")["command"] == "NULL"
        actor = subject_of("leaving")

        def asks() -> bool:
            return leaving.get("/v1/whoami").status_code == 200

        def asks_too() -> bool:
            return staying.get("/v1/whoami").status_code == 200

        with in_a_closed_loop(asks, 4) as mine, in_a_closed_loop(asks_too, 1) as others:
            told = revoke(stack, actor)
            _until(lambda: False in mine.answers[-20:])
            stopped = stop_when_told(pilot, held, own)
        revoked_at = time_of_revocation(stack, actor)

        assert f"{JOBS} payloads" in told
        assert "stop within 60 s" in told
        assert stopped == own
        assert seconds_to_refusal(operator, actor, revoked_at) <= REFUSED_SECONDS
        ended = [at(_until(lambda n=number: operator.get(f"/v1/jobs/{n}").json()["ended_at"])) for number in own]
        assert max((moment - revoked_at).total_seconds() for moment in ended) <= STOPPED_SECONDS
        assert mine.per_second + others.per_second >= REQUESTS_PER_SECOND_MIN
        assert others.answers.count(False) == 0
        (kept,) = held.keys() - own
        assert report(pilot, held[kept], "finished")["command"] == "NULL"
        assert _until(lambda: staying.get(f"/v1/tasks/{other}").json()["jobs"].get("finished")) == 1


def admin(stack: Stack) -> httpx.Client:
    groups = ["wlcg", "wlcg/operator", "wlcg/administrator"]
    token = make_token(stack.config.home, user="root", name="Root", groups=groups, issuer=OWN_ISSUER)
    return httpx.Client(base_url=stack.config.api, headers={"Authorization": f"Bearer {token}", "Origin": "wlcg"}, timeout=70)


def revoke(stack: Stack, actor: str) -> str:
    """What `culm revoke user` says."""
    with admin(stack) as client:
        token = client.headers["Authorization"].removeprefix("Bearer ")
    environ = {"CULM_API": stack.config.api, "CULM_TOKEN": token, "COLUMNS": "300"}
    done = CliRunner().invoke(app, ["revoke", "user", actor, "--tasks", "kill"], env=environ)
    assert done.exit_code == 0, f"{done.output}\n{done.exception}"
    return done.output


def stop_when_told(pilot: httpx.Client, held: dict[int, dict[str, Any]], own: set[int]) -> set[int]:
    """Beat for every job until those of `own` are to stop, and report their ends; which those were."""
    stopped: set[int] = set()

    def beat() -> bool:
        for number in held.keys() - stopped:
            if report(pilot, held[number], "running")["command"] in ("tobekilled", "softkill"):
                report(pilot, held[number], "failed", pilotErrorCode=1344)
                stopped.add(number)
        return own <= stopped

    _until(beat, STOPPED_SECONDS)
    return stopped


def seconds_to_refusal(operator: httpx.Client, actor: str, revoked_at: datetime) -> float:
    """From the event to the first record of a refusal."""

    def found() -> list[datetime]:
        rows = operator.get("/v1/refusals", params={"limit": 1000}).json()["refusals"]
        return [at(row["first_at"]) for row in rows if (row["caller"], row["rule"]) == (actor, "revoked")]

    first: datetime = min(_until(found))
    return (first - revoked_at).total_seconds()


def time_of_revocation(stack: Stack, actor: str) -> datetime:
    """When the log has it that `actor` was revoked."""
    consumer, codec = one_shot_reader(stack.config.kafka, "culm-test"), codec_of(stack.config.registry)
    partitions = consumer.list_topics(POLICY).topics[POLICY].partitions
    consumer.assign([TopicPartition(POLICY, number, OFFSET_BEGINNING) for number in partitions])
    try:
        while True:
            message = consumer.poll(30)
            assert message is not None, "no event of the revocation"
            if message.error() is None:
                found = codec.decode(message.value())
                if isinstance(found.message, IdentityRevoked) and found.message.actor == actor:
                    return datetime.fromtimestamp(found.envelope.occurred_at / MICROSECONDS, UTC)
    finally:
        consumer.close()
