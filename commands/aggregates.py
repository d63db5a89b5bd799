"""The aggregates of Culm and the functions each is made of, found by convention.

An aggregate that is declared beside its schemas has a folder here of the same name. It has `model` (`initial`, `is_closed`,
`belongs`), `decide` (`decide`), `evolve` in a module of that name or in `model`, `settle` (`settle`) where something follows by
itself, and `follows` (`follows`) where others learn of that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from commands.decision import Decision, FollowUp
from commands.snapshot import SnapshotForm
from identity.ruling import Thing
from schemas.aggregates import AGGREGATES as DECLARED
from schemas.aggregates import COMMANDS_REMEMBERED, AggregateDeclaration
from schemas.types import CommandEnvelope, EventEnvelope


def _at_rest(state: Any) -> None:
    """Most aggregates do nothing without a command."""
    return


def _for_no_other(state: Any, event: Any) -> tuple[FollowUp, ...]:
    """What settles in most aggregates concerns them alone."""
    return ()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The functions of one aggregate. `settle` gives the event that follows by itself, or None; `follows` the commands that such
    an event brings about, from the state after it.

    belongs: whose that is which a command touches. is_closed: True for a state in which nothing happens by itself: it leaves
    memory after a rest, and is read from its rows when a command comes for it.
    commands_remembered: how many ids of decided commands tell a repetition. commands_remembered_hours: of one that never ends,
    for how long instead (`commands/engine/decided.py`).
    """

    name: str
    initial: Callable[[], Any]
    evolve: Callable[[Any, Any, EventEnvelope], Any]
    decide: Callable[[Any, Any, CommandEnvelope], Decision]
    is_closed: Callable[[Any], bool]
    belongs: Callable[[Any, Any, CommandEnvelope], Thing]
    snapshot: SnapshotForm
    settle: Callable[[Any], Any] = _at_rest
    follows: Callable[[Any, Any], tuple[FollowUp, ...]] = _for_no_other
    commands_remembered: int = COMMANDS_REMEMBERED
    commands_remembered_hours: int = 0

    def with_what_follows(self, decision: Decision, state: Any, settled: Sequence[tuple[Any, EventEnvelope]]) -> Decision:
        """The decision with the commands, after its own, that `settled` brings about: the events after those it names."""
        if not settled:
            return decision
        following = [one for event, _ in settled for one in self.follows(state, event)]
        return replace(decision, follow_ups=(*decision.follow_ups, *following))

    @property
    def command_topic(self) -> str:
        """Topic its commands stand in."""
        return DECLARED[self.name].topic("commands")

    @property
    def event_topic(self) -> str:
        """Topic its events stand in."""
        return DECLARED[self.name].topic("events")


def _aggregate(declared: AggregateDeclaration) -> Aggregate:
    """The aggregate whose folder has the declared name; an ImportError or AttributeError names what its folder lacks."""
    package = f"commands.{declared.name}"
    model, decide = import_module(f"{package}.model"), import_module(f"{package}.decide")
    return Aggregate(
        declared.name,
        model.initial,
        _module(f"{package}.evolve", model).evolve,
        decide.decide,
        model.is_closed,
        model.belongs,
        import_module(f"{package}.snapshot").SNAPSHOT,
        getattr(_module(f"{package}.settle", model), "settle", _at_rest),
        getattr(_module(f"{package}.follows", model), "follows", _for_no_other),
        declared.commands_remembered,
        declared.commands_remembered_hours,
    )


def _module(name: str, otherwise: ModuleType) -> ModuleType:
    """The module called `name`, or another where there is none."""
    return import_module(name) if find_spec(name) is not None else otherwise


AGGREGATES: Mapping[str, Aggregate] = {name: _aggregate(declared) for name, declared in DECLARED.items()}


def command_topics() -> tuple[str, ...]:
    """Topics the decider reads commands from."""
    return tuple(aggregate.command_topic for aggregate in AGGREGATES.values())


def event_topics() -> tuple[str, ...]:
    """Topics the decider folds at start."""
    return tuple(aggregate.event_topic for aggregate in AGGREGATES.values())
