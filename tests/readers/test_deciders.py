"""Any command within its bounds, to any aggregate in any state, has an answer: a decider never raises, and neither does
what follows from it leave the bounds."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.bounds import problems_of
from schemas.catalog import CatalogEntry, messages
from schemas.keys import key_problems
from schemas.records import replace
from schemas.task import ReloadTask
from schemas.types import ReportedState, StepDefinition
from tests.commands.builders import QUEUE, TASK, a_definition, a_queue, a_running_task, a_submission, job, lease, report, run_all
from tests.commands.in_memory import START, Culm, a_culm
from tests.readers.histories import under
from tests.schemas.within_bounds import Known, a_command_envelope, a_message, an_aggregate_id, for_any_seed

COMMANDS = [entry for entry in messages() if entry.role == "commands"]
KNOWN: Known = {
    "task_id": (TASK,),
    "job_id": (job(1), job(2), job(3)),
    "job_ids": (job(1), job(2)),
    "queue": (QUEUE,),
    "order": (1, 2),
    "unit_id": (1, 2, 3),
    "unit_ids": (1, 2, 3),
    "serial": (1, 2, 3),
    "attempt": (0, 1),
    "dataset": ("user.jdoe.in", "user.jdoe.t1_out.txt", "user.jdoe.t1.log"),
    "lfn": ("a.root", "user.jdoe.10000001._000001.out.txt"),
    "name": ("user.jdoe.t1", QUEUE),
    "parameters_revision": (0, 1),
    "pilot": ("pilot-1",),
    "worker_id": ("w1",),
    "chunk": (0, 1),
    "chunks": (1, 2),
    "vo": ("wlcg",),
    "actor": ("jdoe", "ops"),
    "role": ("user", "operator", "pilot", "system", "production"),
    "expected_sequence": (None,),
    "issued_at": (START,),
}
#: Keys of aggregates that are there in some of the states; of others any key is drawn.
TARGETS = {
    "task": (str(TASK),),
    "job": (str(job(1)), str(job(2)), str(job(3))),
    "queue": (QUEUE,),
    "worker": (QUEUE,),
    "dataset": ("user.jdoe.in", "user.jdoe.t1_out.txt"),
    "policy": ("shares", "retry_rules", f"queue.{QUEUE}"),
    "task_name": ("wlcg/user/jdoe/user.jdoe.t1/",),
}


def nothing() -> Culm:
    """A system in which nothing was said."""
    return a_culm()


def submitted() -> Culm:
    """A task that was not refined."""
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    return culm


def waiting() -> Culm:
    """A task with three jobs that wait for pilots."""
    return a_running_task()


def building() -> Culm:
    """A task whose build job waits, and which merges."""
    step = StepDefinition(transformation="http://127.0.0.1/trf/user/x", parameters="-i ${IN} -o ${OUT}", archive="a.tgz")
    merge = replace(step, parameters="${TRN_OUTPUT:OUTPUT} ${TRN_LOG_MERGE:LOG_MERGE}")
    return a_running_task(a_definition(build=step, merge=merge))


def running() -> Culm:
    """A task of whose jobs one runs and one is leased."""
    culm = a_running_task()
    first = lease(culm)
    assert first is not None
    report(culm, first, ReportedState.RUNNING)
    lease(culm, "pilot-2")
    return culm


def ended() -> Culm:
    """A task whose jobs have finished."""
    culm = a_running_task()
    run_all(culm)
    return culm


STATES: tuple[Callable[[], Culm], ...] = (nothing, submitted, waiting, building, running, ended)


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_any_command_to_any_state_is_answered_and_what_follows_is_within_bounds(entry: CatalogEntry) -> None:
    def check(seed: int) -> None:
        culm = STATES[seed % len(STATES)]()
        before = len(culm.events), len(culm.letters)
        targets = TARGETS.get(entry.aggregate)
        target = targets[seed % len(targets)] if targets and seed % 5 else an_aggregate_id(entry.aggregate, seed)

        answer = tell(culm, entry, seed, target)

        assert answer is None or problems_of(answer) == ()
        assert [letter.error for letter in culm.letters[before[1] :] if letter.error_class == "Bug"] == []
        for message, envelope in culm.events[before[0] :]:
            found = (*problems_of(message), *problems_of(envelope), *key_problems(message, envelope.aggregate_id))
            assert (type(message).__name__, found) == (type(message).__name__, ())
        refused = [one for one in culm.answers if one.reason == "OUT_OF_BOUNDS"]
        assert [(one.command_type, one.message) for one in refused] == []

    for_any_seed(check, 12)


def test_parameters_nested_beyond_any_reader_are_refused() -> None:
    culm = ended()

    answer = culm.send(ReloadTask(parameters_json="[" * 100_000), str(TASK))

    assert (answer.accepted, answer.reason, culm.letters) == (False, "BAD_PARAMETERS", [])


def tell(culm: Culm, entry: CatalogEntry, seed: int, target: str) -> Any:
    """The answer to the command that follows from the seed, and to three more of its aggregate after it."""
    siblings = [one for one in COMMANDS if one.aggregate == entry.aggregate]
    answer = None
    for step, one in enumerate((entry, *(siblings[(seed >> shift) % len(siblings)] for shift in (3, 9, 15)))):
        command = under(target, a_message(one, seed + step, KNOWN))
        by = a_command_envelope(seed + step, target, KNOWN)
        found = culm.send(command, target, actor=by.actor, role=by.role, vo=by.vo)
        answer = answer or found
    return answer
