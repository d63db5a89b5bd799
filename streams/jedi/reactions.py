"""What a task's life makes the processors say: which command follows from which event. Pure.

In: events and facts. Out: commands. Steps 3, 5, 12 and 13 of docs/flow.md.
"""

import json
from collections.abc import Iterator, Sequence

from schemas.bounds import problems_of, sentence
from schemas.task import BreakTask, JobsOrdered, RefineTask, TaskReloaded, TaskSubmitted, ThrottleOrder
from schemas.types import EventEnvelope, JobKind, NameList, TaskDefinition
from streams.engine.messages import OutgoingCommand, RecordRead, outgoing_command
from streams.engine.record_size import bytes_of
from streams.facts.snapshot import Snapshot
from streams.jedi.citing import Decisions
from streams.jedi.generate import PART, answered, brokered_apart
from streams.jedi.nucleus_choice import assigned, waits_for_nucleus, with_nucleus_wanted
from streams.jedi.refine import refine
from streams.jedi.scout_figures import with_pause_figures, with_retry_figures, with_scout_figures
from streams.jedi.share_choice import with_share
from streams.jedi.shared_words import with_own_words
from streams.jedi.shown import readable
from streams.jedi.task_parameters import Refusal
from streams.jedi.throttle import Passed, asked_of, sentence_of, throttled

#: A task's definition travels with every order, beside at most 500 kB of input, in a record of at most 900 kB.
DEFINITION_BYTES_MAX = 350_000
NOTHING_KNOWN = Snapshot()


def refine_submitted(
    records: Sequence[RecordRead], api: str, facts: Snapshot = NOTHING_KNOWN
) -> Iterator[OutgoingCommand]:
    """`RefineTask`, or `BreakTask` for parameters that mean nothing, for each task that came or came again."""
    for one in records:
        event: TaskSubmitted | TaskReloaded = one.message
        parent = event.parent_task_id if isinstance(event, TaskSubmitted) else None
        revision = 0 if isinstance(event, TaskSubmitted) else event.parameters_revision
        outcome = _fitting(_refined(event.parameters_json, api, parent, event.lists, one.cause.vo, facts), revision)
        command = BreakTask(reason=outcome.reason, message=readable(outcome.message)) if isinstance(outcome, Refusal) else outcome
        yield outgoing_command(command, one.cause.aggregate_id, [one.cause])


class Generation:
    """Reaction to orders of jobs; remembers the brokerage decisions that later orders may cite."""

    kinds = frozenset({"JobsOrdered", "BrokerageDecided"})

    def __init__(self) -> None:
        self._decisions = Decisions()
        self._passed = Passed()

    def choose(self, records: Sequence[RecordRead], facts: Snapshot) -> Iterator[OutgoingCommand]:
        """`GenerateJobs`, `ParkTask`, `ThrottleOrder` or `AssignNucleus` for each order."""
        for one in records:
            if not isinstance(one.message, JobsOrdered):
                self._decisions.logged(one.cause.event_id, one.logged_at)
                continue
            order, cause = one.message, one.cause
            waits = self._throttled(order, cause, facts, one.logged_at or cause.occurred_at)
            if waits is not None:
                yield outgoing_command(waits, cause.aggregate_id, [cause], PART)
                continue
            if waits_for_nucleus(order, cause.vo, facts):
                answer = assigned(order, facts, cause.event_id, cause.occurred_at)
                yield outgoing_command(answer, cause.aggregate_id, [cause], PART)
                continue
            known = self._decisions.known(cause.aggregate_id, order.queues_used, facts, one.logged_at)
            made = answered(order, cause.vo, facts, cause.event_id, ordered_at=cause.occurred_at, known=known)
            self._decisions.made(cause.aggregate_id, made.made, cause.event_id, one.logged_at)
            yield outgoing_command(made.command, cause.aggregate_id, [cause], PART)

    def awaits(self, one: RecordRead, facts: Snapshot) -> str:
        """The id of the decision that is on its way to the log and would spare this order its own; empty where there is none."""
        if not isinstance(one.message, JobsOrdered) or one.message.kind is not JobKind.NORMAL or one.message.queues_used:
            return ""
        order, cause = one.message, one.cause
        known = self._decisions.known(cause.aggregate_id, order.queues_used, facts, one.logged_at)
        for asked, _ in brokered_apart(order, cause.vo, cause.occurred_at):
            found = "" if known(asked) else self._decisions.coming(asked, (), facts, cause.event_id, one.logged_at)
            if found:
                return found
        return ""

    def _throttled(self, order: JobsOrdered, cause: EventEnvelope, facts: Snapshot, now: int) -> ThrottleOrder | None:
        """now: when the log took the order. A task that was woken orders at the time of what throttled it, which stands still."""
        asked = asked_of(order, cause.vo, facts)
        if asked is None:
            return None
        found = throttled(asked, facts, self._passed.jobs(now), now)
        if found is None:
            self._passed.note(asked, now)
            return None
        return ThrottleOrder(order=order.order, throttle=found, message=readable(sentence_of(found)))


def _refined(
    parameters_json: str, api: str, parent: int | None, lists: Sequence[NameList], vo: str, facts: Snapshot
) -> TaskDefinition | Refusal:
    try:
        parameters = json.loads(parameters_json)
    except RecursionError:
        return Refusal("BAD_PARAMETERS", "the parameters are nested too deeply to be read")
    except ValueError as problem:
        return Refusal("BAD_PARAMETERS", f"the parameters are no JSON: {problem}")
    if not isinstance(parameters, dict):
        return Refusal("BAD_PARAMETERS", f"the parameters are {type(parameters).__name__}, expected a JSON object")
    outcome = refine(parameters, api, parent, lists)
    if isinstance(outcome, Refusal):
        return outcome
    outcome = with_retry_figures(with_scout_figures(outcome, facts.broker_figures), facts.broker_figures)
    outcome = with_pause_figures(outcome, facts.broker_figures, left_out=bool(parameters.get("noAutoPause")))
    outcome = with_nucleus_wanted(outcome, facts.broker_rules, vo)
    return with_share(with_own_words(outcome, vo), parameters, facts.shares, facts.resource_types, vo)


def _fitting(outcome: TaskDefinition | Refusal, revision: int) -> RefineTask | Refusal:
    """The command, unless its definition is out of bounds or too large for the records that carry it."""
    if isinstance(outcome, Refusal):
        return outcome
    problems = problems_of(outcome)
    if problems:
        return Refusal("BAD_PARAMETERS", sentence(problems))
    command = RefineTask(definition=outcome, parameters_revision=revision)
    problems = problems_of(outcome)
    if problems:
        return Refusal("BAD_PARAMETERS", sentence(problems))
    size = bytes_of(command.to_avro())
    if size > DEFINITION_BYTES_MAX:
        return Refusal("BAD_PARAMETERS", f"the definition of the task has {size} bytes, expected at most {DEFINITION_BYTES_MAX}")
    return command
