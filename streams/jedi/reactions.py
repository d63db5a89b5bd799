"""What a task's life makes the processors say: which command follows from which event. Pure.

In: events heard and facts. Out: commands. Steps 3, 5, 12 and 13 of docs/flow.md.
"""

import json
from collections.abc import Iterator, Sequence

from schemas.bounds import problems_of, sentence
from schemas.characters import TEXT
from schemas.task import BreakTask, RefineTask, TaskReloaded, TaskSubmitted
from schemas.types import TaskDefinition
from streams.heard import Heard, Wish, wish
from streams.jedi.generate import generate
from streams.jedi.refine import refine
from streams.jedi.task_parameters import Refusal
from streams.snapshot import Snapshot

MESSAGE_MAX = 4_000


def refine_submitted(heard: Sequence[Heard], api: str) -> Iterator[Wish]:
    """`RefineTask`, or `BreakTask` for parameters that mean nothing, for each task that came or came again."""
    for one in heard:
        event: TaskSubmitted | TaskReloaded = one.message
        parent = event.parent_task_id if isinstance(event, TaskSubmitted) else None
        revision = 0 if isinstance(event, TaskSubmitted) else event.parameters_revision
        outcome = _refined(event.parameters_json, api, parent)
        if isinstance(outcome, Refusal):
            command = BreakTask(reason=outcome.reason, message=TEXT.replaced(outcome.message, MESSAGE_MAX))
            yield wish(command, one.cause.aggregate_id, [one.cause])
        else:
            refined = RefineTask(definition=outcome, parameters_revision=revision)
            yield wish(refined, one.cause.aggregate_id, [one.cause])


def generate_ordered(heard: Sequence[Heard], facts: Snapshot) -> Iterator[Wish]:
    """`GenerateJobs` or `ParkTask` for each order."""
    for one in heard:
        answer = generate(one.message, one.cause.vo, facts, one.cause.event_id)
        yield wish(answer, one.cause.aggregate_id, [one.cause], "order")


def _refined(parameters_json: str, api: str, parent: int | None) -> TaskDefinition | Refusal:
    try:
        parameters = json.loads(parameters_json)
    except RecursionError:
        return Refusal("BAD_PARAMETERS", "the parameters are nested too deeply, expected a JSON object")
    except ValueError as problem:
        return Refusal("BAD_PARAMETERS", f"the parameters are no JSON: {problem}")
    if not isinstance(parameters, dict):
        return Refusal("BAD_PARAMETERS", f"the parameters are {type(parameters).__name__}, expected a JSON object")
    outcome = refine(parameters, api, parent)
    problems = () if isinstance(outcome, Refusal) else problems_of(outcome)
    return Refusal("BAD_PARAMETERS", sentence(problems)) if problems else outcome
