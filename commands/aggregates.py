"""The aggregates of Culm and the functions each is made of, found by convention.

An aggregate that is declared beside its schemas has a folder here of the same name: `model` with `initial`, `evolve` and
`is_closed`, `decide` with `decide`, and where something follows by itself `settle` with `settle`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from commands.decision import Decision
from schemas.aggregates import AGGREGATES as DECLARED
from schemas.aggregates import COMMANDS_REMEMBERED, Declared
from schemas.types import CommandEnvelope, EventEnvelope


def _at_rest(state: Any) -> None:
    """Most aggregates do nothing that no one asked for."""
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
    commands_remembered: int = COMMANDS_REMEMBERED

    @property
    def command_topic(self) -> str:
        """Topic its commands stand in."""
        return DECLARED[self.name].topic("commands")

    @property
    def event_topic(self) -> str:
        """Topic its events stand in."""
        return DECLARED[self.name].topic("events")


def _aggregate(declared: Declared) -> Aggregate:
    """The aggregate whose folder has the declared name; an ImportError or AttributeError names what its folder lacks."""
    package = f"commands.{declared.name}"
    model, decide = import_module(f"{package}.model"), import_module(f"{package}.decide")
    settle = import_module(f"{package}.settle").settle if find_spec(f"{package}.settle") is not None else _at_rest
    remembered = declared.commands_remembered
    return Aggregate(declared.name, model.initial, model.evolve, decide.decide, model.is_closed, settle, remembered)


AGGREGATES: Mapping[str, Aggregate] = {name: _aggregate(declared) for name, declared in DECLARED.items()}


def command_topics() -> tuple[str, ...]:
    """Topics the decider reads commands from."""
    return tuple(aggregate.command_topic for aggregate in AGGREGATES.values())


def event_topics() -> tuple[str, ...]:
    """Topics the decider folds at start."""
    return tuple(aggregate.event_topic for aggregate in AGGREGATES.values())
