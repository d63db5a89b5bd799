"""The aggregates of Culm and the functions each is made of: the one table that wires pure folders to the loop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import commands.dataset.decide
import commands.dataset.model
import commands.job.decide
import commands.job.model
import commands.policy.decide
import commands.policy.model
import commands.queue.decide
import commands.queue.model
import commands.task.decide
import commands.task.evolve
import commands.task.model
import commands.task.settle
import commands.task_name.decide
import commands.task_name.model
import commands.worker.decide
import commands.worker.model
from commands.decision import Decision
from schemas.types import CommandEnvelope, EventEnvelope


def _at_rest(state: Any) -> None:
    """Most aggregates do nothing without a command."""
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
    name: str, model: ModuleType, decide: ModuleType, settle: Callable[[Any], Any] = _at_rest, remembered: int = 64
) -> Aggregate:
    return Aggregate(name, model.initial, model.evolve, decide.decide, model.is_closed, settle, remembered)


def _task() -> Aggregate:
    """The task, whose model is large enough to stand apart from how it evolves."""
    model, task = commands.task.model, commands.task
    evolve, decide, settle = task.evolve.evolve, task.decide.decide, task.settle.settle
    return Aggregate("task", model.initial, evolve, decide, model.is_closed, settle, commands_remembered=512)


AGGREGATES: Mapping[str, Aggregate] = {
    aggregate.name: aggregate
    for aggregate in (
        _task(),
        _aggregate("task_name", commands.task_name.model, commands.task_name.decide),
        _aggregate("dataset", commands.dataset.model, commands.dataset.decide),
        _aggregate("job", commands.job.model, commands.job.decide),
        _aggregate("queue", commands.queue.model, commands.queue.decide, remembered=10_000),
        _aggregate("worker", commands.worker.model, commands.worker.decide, remembered=1_000),
        _aggregate("policy", commands.policy.model, commands.policy.decide),
    )
}


def command_topics() -> tuple[str, ...]:
    """Topics the decider reads commands from."""
    return tuple(aggregate.command_topic for aggregate in AGGREGATES.values())


def event_topics() -> tuple[str, ...]:
    """Topics the decider folds at start."""
    return tuple(aggregate.event_topic for aggregate in AGGREGATES.values())
