"""The past of what happened on a real stack: history, state, replay and the rows agree; files go out and in."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from audit.auditor import Auditor, State
from audit.moment import Moment
from audit.subject import subject_from
from deploy.stack import Stack
from eventlog.lag import lags
from tests.audit.agreement import auditor_on, culm, disagreeing, every_subject
from tests.conftest import PORTS_OFFSET, brought_up, stack_for_tests
from tests.monitor.manual_actors import QUEUE, ManualActors, client_of, until

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def done(actors: ManualActors) -> int:
    """A task of two jobs, one of which failed once."""
    task = actors.submit(jobs=2)
    job = actors.lease(task)
    actors.report(job, "failed", pilotErrorCode=1305, pilotErrorDiag="failed on purpose", transExitCode=1)
    for _ in range(2):
        actors.finish(actors.lease(task))
    until(lambda: actors.user.get(f"/v1/tasks/{task}").json()["status"] == "done")
    return task


@pytest.fixture(scope="module")
def auditor(stack: Stack) -> Iterator[Auditor]:
    """Questions about the past of the shared stack."""
    with auditor_on(stack) as one:
        yield one


def test_history_state_and_stored_row_agree_for_every_task_and_job(auditor: Auditor, done: int) -> None:
    subjects = every_subject(auditor)

    assert disagreeing(auditor, subjects) == []
    assert len(subjects) >= 4


def test_every_step_of_a_history_leads_from_one_state_to_the_next(auditor: Auditor, done: int) -> None:
    for subject in every_subject(auditor)[-40:]:
        steps = auditor.history(subject, 0, 1000)

        for step in steps:
            number = step.event["sequence"]
            _, after, changes = auditor.differences(subject, Moment(sequence=number - 1), Moment(sequence=number))
            assert after.sequence == number
            assert list(step.changes) == changes, f"{subject} event {number}"
        assert [step.event["sequence"] for step in steps] == list(range(1, len(steps) + 1))


def test_a_moment_between_two_events_shows_the_earlier(auditor: Auditor, done: int) -> None:
    subject = subject_from("task", str(done))
    steps = auditor.history(subject, 0, 1000)
    first, last = steps[0].event["at"], steps[-1].event["at"]

    assert auditor.state(subject, Moment(micros=first - 1)).main is None
    assert status(auditor.state(subject, Moment(micros=last - 1))) != "done"
    assert status(auditor.state(subject, Moment(micros=last))) == "done"


def status(state: State) -> str:
    """The status in a state."""
    assert state.main is not None
    return str(state.main["status"])


def test_a_replay_finds_every_row_equal_and_gives_one_hash_twice(stack: Stack, done: int) -> None:
    one, other = culm(stack, "replay", "--json"), culm(stack, "replay", "--json")

    first, second = json.loads(one.stdout), json.loads(other.stdout)
    assert one.returncode == 0, one.stdout + one.stderr
    assert first["tables"]["job"]["rows"] >= 3
    assert {name: found["different"] for name, found in first["tables"].items() if found["different"]} == {}
    if first["positions"] == second["positions"]:
        assert first["state_hash"] == second["state_hash"]


def test_a_row_that_was_altered_missing_or_made_up_is_named(stack: Stack, actors: ManualActors, done: int) -> None:
    live = "(SELECT tables_in FROM projection_live WHERE projection = 'jobs')"
    job = done * 10_000_000 + 1
    with closing(psycopg2.connect(stack.config.postgres)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(live)
            row = cursor.fetchone()
            assert row is not None
            cursor.execute(f"UPDATE {row[0]}.job SET node = 'elsewhere' WHERE job_id = %s RETURNING 1", (job,))
            assert cursor.fetchone() == (1,)
            found = culm(stack, "replay", "--json")
            cursor.execute(f"UPDATE {row[0]}.job SET node = 'n1' WHERE job_id = %s", (job,))

    (difference,) = json.loads(found.stdout)["first"]
    assert found.returncode == 1
    assert difference == {
        "table": "job",
        "key": str(job),
        "what": "the row differs",
        "columns": {"node": ["elsewhere", "n1"]},
    }


def test_every_recorded_decision_comes_out_the_same_today(stack: Stack, done: int) -> None:
    found = culm(stack, "replay", "--decisions", "--json")

    tally = json.loads(found.stdout)
    assert found.returncode == 0, found.stdout + found.stderr
    assert tally["changed"] == []
    assert tally["equal"] == tally["decisions"] >= 1
    assert tally["without_figures"] == 0


def test_another_figure_says_what_would_have_become_of_the_jobs(stack: Stack, done: int) -> None:
    found = culm(stack, "replay", "--decisions", "--task", str(done), "--set", "candidates.max=0", "--json")

    assert found.returncode == 0, found.stdout + found.stderr
    tally = json.loads(found.stdout)
    assert tally["decisions"] == len(tally["changed"]) >= 1
    assert tally["changed"][0]["today"]["jobs"] == {}
    unknown = culm(stack, "replay", "--decisions", "--set", "weight.colour=1")
    assert "expected NAME=VALUE with NAME one of weight.running" in unknown.stderr


def test_the_command_line_says_what_the_api_says(stack: Stack, actors: ManualActors, done: int) -> None:
    shown = json.loads(culm(stack, "history", "task", str(done), "--json").stdout)
    asked = actors.operator.get(f"/v1/history/task/{done}", params={"limit": 200}).json()

    assert shown == asked
    assert shown["history"][0]["command_type"] == "SubmitTask"
    assert "done" in culm(stack, "why", "task", str(done)).stdout
    assert "SubmitTask to task" in culm(stack, "trace", str(done)).stdout.replace("\n", " ")


def jobs_in(sentence: str) -> int:
    """The number in `Leases of 3 jobs ended: ...`."""
    found = re.match(r"Leases of ([0-9]+) jobs? ended", sentence)
    assert found, sentence
    return int(found[1])


def test_the_history_of_a_queue_leaves_no_event_out(stack: Stack, actors: ManualActors, done: int) -> None:
    shown = actors.operator.get(f"/v1/history/queue/{QUEUE}", params={"limit": 200}).json()["history"]

    leased = [event for event in shown if event["event_type"] == "JobLeased"]
    ended = sum(jobs_in(event["summary"]) for event in shown if event["event_type"] == "LeasesEnded")
    assert shown[0]["event_type"] == "DispatchConfigured"
    assert len(leased) >= ended >= 3
    assert {"where": "queue.leased", "before": 0, "after": 1} in leased[0]["changes"]


def test_a_history_names_people_and_tells_times_as_everywhere(stack: Stack, actors: ManualActors, done: int) -> None:
    shown = actors.operator.get(f"/v1/history/task/{done}", params={"limit": 200}).json()["history"]

    changed = {change["where"]: change["after"] for event in shown for change in event["changes"]}
    assert shown[0]["actor_name"] == "Pages Person"
    assert changed["task.ended_at"].endswith("Z")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("export", "/nowhere/at/all.avro"), "FILE: found '/nowhere/at/all.avro', expected a name in a folder that is there"),
        (("export", "all.avro", "--from", "#17"), "--from: found '#17', expected an ISO 8601 time"),
        (("replay", "--decisions", "--task", "1"), "--task: found 1, expected a task with a recorded brokerage decision"),
    ],
)
def test_a_bad_argument_is_named_with_what_was_expected(stack: Stack, arguments: tuple[str, ...], sentence: str) -> None:
    refused = culm(stack, *arguments)

    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_what_is_not_there_is_said_in_a_sentence(stack: Stack, actors: ManualActors, done: int) -> None:
    paths = (
        "/v1/state/task/1",
        f"/v1/state/task/{done}?at=%2399999",
        f"/v1/state/task/{done}?at=2999-01-01",
        f"/v1/state/task/{done}?at=yesterday",
        "/v1/state/planet/1",
        "/v1/history/worker/nowhere",
        "/v1/trace/what",
    )
    answers = {}
    for path in paths:
        answer = actors.user.get(path)
        answers[path] = (answer.status_code, answer.json()["detail"])

    assert [status for status, _ in answers.values()] == [404, 404, 404, 400, 400, 400, 400]
    details = [detail for _, detail in answers.values()]
    assert details[0] == "no task 1 in wlcg"
    assert details[1].endswith("event 99999 has not happened")
    assert details[2] == "that moment has not come yet"
    assert details[3].startswith("moment: found 'yesterday', expected an ISO 8601 time")
    assert details[4] == "kind: found 'planet', expected one of task, job, queue, worker, harvester, ranges, workflow"
    assert details[5] == "worker: found 'nowhere', expected QUEUE/WORKER_ID"


def test_an_export_makes_the_same_state_in_an_empty_stack(stack: Stack, actors: ManualActors, done: int, tmp_path: Path) -> None:
    whole, tree = tmp_path / "whole.avro", tmp_path / "tree.jsonl"
    for name in ("harvester", "timers"):
        stack.supervisor.stop(name)
    try:
        before = until(lambda: _quiet(stack), 120)
        shown = culm(stack, "export", str(whole))
        assert shown.returncode == 0, shown.stderr
    finally:
        for name in ("harvester", "timers"):
            stack.supervisor.start(name)
    assert culm(stack, "export", str(tree), "--task", str(done), "--format", "jsonl").returncode == 0
    for other in brought_up(stack_for_tests(f"import-{PORTS_OFFSET}", PORTS_OFFSET + 600), only_servers=True):
        imported = culm(other, "import", str(whole))
        again = culm(other, "import", str(whole))
        assert culm(other, "rebuild", "--all").returncode == 0
        after = json.loads(culm(other, "replay", "--json").stdout)
        other.up()
        with client_of(other, "pages") as user:
            following = ManualActors(user, user, user).submit()

    assert imported.returncode == 0, imported.stdout + imported.stderr
    assert again.returncode == 1
    assert "holds events already; events are imported into an empty stack only" in again.stderr.replace("\n", " ")
    assert {name: found["sha256"] for name, found in after["tables"].items() if name not in PLACED} == {
        name: found["sha256"] for name, found in before["tables"].items() if name not in PLACED
    }
    assert following > done
    names = {json.loads(line)["name"] for line in tree.read_text().splitlines()}
    assert {"culm.task.TaskSubmitted", "culm.job.JobFinished", "culm.queue.JobLeased"} <= names


#: Says where in the log an event stands, which is another place in another log.
PLACED = ("timeline",)


def _quiet(one: Stack) -> dict[str, Any] | None:
    """What a replay says when every command is decided, every event folded, and nothing moves any more."""
    behind = lags(one.config.kafka, one.config.postgres)
    first, second = (json.loads(culm(one, "replay", "--json").stdout) for _ in range(2))
    return second if first["positions"] == second["positions"] and behind["decider"] == behind["projector"] == 0 else None
