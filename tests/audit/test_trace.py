"""The tree of a request: every command below what caused it."""

from typing import Any

from audit.trace import tree_of, walk
from schemas.ids import caused_command_id, event_id

SUBMIT = "11111111-1111-5111-8111-111111111111"
DEFINE = "22222222-2222-5222-8222-222222222222"
WANT = "33333333-3333-5333-8333-333333333333"


def a_row(command_id: str, command_type: str, event_type: str, sequence: int, **more: Any) -> dict[str, Any]:
    return {
        "command_id": command_id, "command_type": command_type, "event_type": event_type, "sequence": sequence, "at": sequence,
        "event_id": event_id(command_id, 0), "aggregate": "job", "aggregate_id": "1", "actor": "jdoe", "role": "user",
        "causation_id": None, "summary": "",
    } | more  # fmt: skip


def lines(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{'  ' * depth}{node.command_type}" for depth, node in walk(tree_of(rows))]


def test_a_command_stands_below_the_one_whose_event_caused_it() -> None:
    submitted = a_row(SUBMIT, "SubmitTask", "TaskSubmitted", 1, aggregate="task")
    defined = a_row(DEFINE, "DefineJob", "JobDefined", 2, causation_id=submitted["event_id"])

    assert lines([defined, submitted]) == ["SubmitTask", "  DefineJob"]


def test_what_a_queued_job_caused_stands_below_the_making_of_the_job() -> None:
    # JobQueued is not filed in the timeline: only the ids tell where it belongs.
    queued = event_id(caused_command_id(DEFINE, 0, "EnqueueJob"), 0)
    defined = a_row(DEFINE, "DefineJob", "JobDefined", 1)
    wanted = a_row(WANT, "WantWorkers", "WorkersWanted", 2, aggregate="worker", causation_id=queued)

    assert lines([defined, wanted]) == ["DefineJob", "  WantWorkers"]


def test_a_command_of_an_unknown_cause_is_a_root() -> None:
    defined = a_row(DEFINE, "DefineJob", "JobDefined", 1)
    wanted = a_row(WANT, "WantWorkers", "WorkersWanted", 2, causation_id="44444444-4444-5444-8444-444444444444")

    assert lines([defined, wanted]) == ["DefineJob", "WantWorkers"]
