"""The aggregates of Culm and the functions each is made of: the one table that wires pure folders to the loop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import commands.dataset.decide
import commands.dataset.model
import commands.dataset.snapshot
import commands.job.decide
import commands.job.model
import commands.job.snapshot
import commands.policy.decide
import commands.policy.model
import commands.policy.snapshot
import commands.queue.decide
import commands.queue.model
import commands.queue.snapshot
import commands.task.decide
import commands.task.evolve
import commands.task.model
import commands.task.settle
import commands.task.snapshot
import commands.task_name.decide
import commands.task_name.model
import commands.task_name.snapshot
import commands.worker.decide
import commands.worker.model
import commands.worker.snapshot
from commands.decision import Decision
from commands.snapshot import SnapshotForm
from schemas.types import CommandEnvelope, EventEnvelope


def _at_rest(state: Any) -> None:
    """Most aggregates do nothing that nobody asked for."""
    return


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The functions of one aggregate. `settle` gives the event that follows by itself, or None.

    commands_remembered: how many ids of decided commands tell a repetition; all jobs of a site go through one queue.
    """

    name: str
    initial: Callable[[], Any]
    evolve: Callable[[Any, Any, EventEnvelope], Any]
    decide: Callable[[Any, Any, CommandEnvelope], Decision]
    is_closed: Callable[[Any], bool]
    snapshot: SnapshotForm
    settle: Callable[[Any], Any] = _at_rest
    commands_remembered: int = 64

    @property
    def command_topic(self) -> str:
        """Topic its commands stand in."""
        return f"culm.{self.name}.commands.v1"

    @property
    def event_topic(self) -> str:
        """Topic its events stand in."""
        return f"culm.{self.name}.events.v1"


def _aggregate(
    name: str,
    model: ModuleType,
    decide: ModuleType,
    snapshot: ModuleType,
    settle: Callable[[Any], Any] = _at_rest,
    remembered: int = 64,
) -> Aggregate:
    evolve = getattr(model, "evolve", None) or commands.task.evolve.evolve
    return Aggregate(name, model.initial, evolve, decide.decide, model.is_closed, snapshot.SNAPSHOT, settle, remembered)


AGGREGATES: Mapping[str, Aggregate] = {
    aggregate.name: aggregate
    for aggregate in (
        _aggregate(
            "task",
            commands.task.model,
            commands.task.decide,
            commands.task.snapshot,
            settle=commands.task.settle.settle,
            remembered=512,
        ),
        _aggregate("task_name", commands.task_name.model, commands.task_name.decide, commands.task_name.snapshot),
        _aggregate("dataset", commands.dataset.model, commands.dataset.decide, commands.dataset.snapshot),
        _aggregate("job", commands.job.model, commands.job.decide, commands.job.snapshot),
        _aggregate("queue", commands.queue.model, commands.queue.decide, commands.queue.snapshot, remembered=10_000),
        _aggregate("worker", commands.worker.model, commands.worker.decide, commands.worker.snapshot, remembered=1_000),
        _aggregate("policy", commands.policy.model, commands.policy.decide, commands.policy.snapshot),
    )
}


def command_topics() -> tuple[str, ...]:
    """Topics the decider reads commands from."""
    return tuple(aggregate.command_topic for aggregate in AGGREGATES.values())


def event_topics() -> tuple[str, ...]:
    """Topics the decider folds at start."""
    return tuple(aggregate.event_topic for aggregate in AGGREGATES.values())
