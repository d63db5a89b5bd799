"""Wherever a bug strikes, the states are those of a run in which the record that met it never came.

The scenes of whole tasks (`scenes.py`) are the runs: each is recorded command by command and played again with a bug planted in
one decision, of any aggregate, its own record or an inline follow-up; in `decide`, in the middle of `evolve`, and in `settle`.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
import structlog

from commands import undo
from commands.aggregates import AGGREGATES
from commands.decision import refuse
from commands.queue.lines import Line, Lines
from commands.queue.model import DispatchQueue
from commands.task.input_units import InputUnits
from commands.task.model import Task
from commands.task.secondaries import Secondary
from commands.undo import CONTAINERS
from commands.workflow.graph import JobGraph
from schemas.records import is_record_class, names_of
from schemas.wire import entry_of
from tests.commands.in_memory import Culm, a_culm
from tests.commands.scenes import SCENES
from tests.doses import dose
from tests.sim.seeds import quiet

PLACES = ("decide", "evolve", "settle")
VICTIMS_OF_A_SCENE = dose(3, fast=1)
PLACES_OF_A_VICTIM = dose(len(PLACES), fast=1)
#: They note what undoes each change; `test_queue_lines.py`, `test_input_units.py` and `test_workflow_random.py` hold them to it.
PUT_BACK_BY_THEMSELVES = (Lines, Line, InputUnits, Secondary, JobGraph)
Sent = tuple[int, Any, str, dict[str, Any]]


@pytest.fixture(autouse=True, scope="module")
def no_logs() -> Iterator[None]:
    """Hundreds of bugs are met here; none of them needs a traceback on the screen."""
    before = structlog.get_config()
    quiet()
    yield
    structlog.configure(**before)


@cache
def script_of(scene: str) -> list[Sent]:
    """The commands that a scene sends, with their times."""
    sent: list[Sent] = []
    send = Culm.send

    def recorded(culm: Culm, command: Any, aggregate_id: str, **more: Any) -> Any:
        sent.append((culm.now, command, aggregate_id, more))
        return send(culm, command, aggregate_id, **more)

    with patch.object(Culm, "send", recorded):
        SCENES[scene]()
    # A scene that builds two systems sends the commands of the second to the same names; they are refused, which is as good.
    return sent


class Planted(Exception):
    """The bug."""


@contextmanager
def planted(victim: str | None, place: str) -> Iterator[list[str]]:
    """A bug in the decision on one command; gives the ids of all commands that were decided. `absent`: it changes nothing."""
    decided: list[str] = []

    def with_a_bug(aggregate: Any) -> Any:
        def decide(state: Any, command: Any, by: Any) -> Any:
            decided.append(by.command_id)
            if by.command_id == victim and place == "decide":
                raise Planted
            return refuse("ABSENT", "") if by.command_id == victim and place == "absent" else aggregate.decide(state, command, by)

        def evolve(state: Any, event: Any, envelope: Any) -> Any:
            evolved = aggregate.evolve(state, event, envelope)
            if envelope.command_id == victim and place == "evolve":
                raise Planted
            return evolved

        def settle(state: Any) -> Any:
            if decided[-1:] == [victim] and place == "settle":
                raise Planted
            return aggregate.settle(state)

        return replace(aggregate, decide=decide, evolve=evolve, settle=settle)

    with patch.dict(AGGREGATES, {name: with_a_bug(one) for name, one in AGGREGATES.items()}):
        yield decided


def played(script: list[Sent], victim: str | None = None, place: str = "", *, inline: bool = True) -> tuple[Culm, list[str]]:
    """The system after a script, and the ids of the commands that were decided."""
    culm = a_culm(inline=inline)
    with planted(victim, place) as decided:
        for now, command, aggregate_id, more in script:
            culm.now = now
            culm.send(command, aggregate_id, **more)
    return culm, decided


def states_of(culm: Culm) -> dict[Any, Any]:
    """Every state with a history, with what else tells one history from another."""
    return {
        key: (entry.state, in_order(entry.state), entry.sequence, list(entry.recent))
        for key, entry in culm.store.entries()
        if entry.sequence
    }


def in_order(state: Any) -> list[Any]:
    """What decisions take from the front of a state: ready units of a task, the next jobs of a queue."""
    if isinstance(state, DispatchQueue):
        return sorted(state.lines.heads(None), key=repr)
    return list(state.units.first_ready()) if isinstance(state, Task) else []


@pytest.mark.parametrize("scene", SCENES)
def test_a_bug_leaves_the_states_of_a_run_without_its_record(scene: str) -> None:
    script = script_of(scene)
    _, decided = played(script)
    chance = random.Random(scene)
    victims = chance.sample(sorted(set(decided)), min(VICTIMS_OF_A_SCENE, len(set(decided))))

    for victim in victims:
        without, _ = played(script, victim, "absent")
        for place in chance.sample(PLACES, PLACES_OF_A_VICTIM):
            struck, _ = played(script, victim, place)

            if place == "decide":
                assert [letter.error for letter in struck.letters] == ["Planted: "]
            if struck.letters:
                assert states_of(struck) == states_of(without), f"{victim} in {place}"
                assert struck.decider._inline._under_way == {}


def test_the_record_of_the_follow_up_that_met_the_bug_is_the_dead_letter_and_no_other() -> None:
    script = script_of("test_killing_a_task_withdraws_waiting_jobs_and_orders_held_ones_stopped")
    culm, _ = played(script)
    victims = [envelope.command_id for message, envelope in culm.events if type(message).__name__ == "JobCancelled"]

    struck, _ = played(script, victims[0], "evolve")

    (letter,) = struck.letters
    found = struck.codec.decode(letter.value)
    assert (found.name, found.envelope.command_id, letter.error_class) == ("KillJob", victims[0], "Bug")
    assert len([one for one in struck.answers if one.reason == "BUG"]) == 1


def test_without_putting_back_the_property_does_not_hold() -> None:
    script = script_of("test_a_task_whose_jobs_all_finish_is_done")
    victim = next(envelope.command_id for message, envelope in played(script)[0].events if entry_of(message).name == "JobLeased")

    without, _ = played(script, victim, "absent")
    with patch.object(undo, "put_back", lambda to: None):
        struck, _ = played(script, victim, "evolve")

    assert states_of(struck) != states_of(without)


def kinds_in(value: Any, seen: Callable[[type], None]) -> None:
    """Tell `seen` every type of which a state is made."""
    seen(type(value))
    if type(value) in PUT_BACK_BY_THEMSELVES:
        return
    if is_record_class(type(value)):
        for name in names_of(value):
            kinds_in(getattr(value, name), seen)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            kinds_in(getattr(value, field.name), seen)
    elif isinstance(value, dict):
        for key, held in value.items():
            kinds_in(key, seen)
            kinds_in(held, seen)
    elif isinstance(value, list | tuple | set | frozenset):
        for held in value:
            kinds_in(held, seen)


def test_a_state_holds_nothing_that_changes_without_being_kept() -> None:
    kinds: set[type] = set()
    for scene in SCENES:
        culm, _ = played(script_of(scene))
        for _, entry in culm.store.entries():
            for field in fields(entry.state):
                kinds_in(getattr(entry.state, field.name), kinds.add)

    for kind in kinds:
        if is_record_class(kind):
            assert kind.__struct_config__.frozen, kind
            continue
        frozen = is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # dataclasses keep it there
        keeps = kind in (*CONTAINERS, *PUT_BACK_BY_THEMSELVES)
        assert frozen or keeps or not (is_dataclass(kind) or issubclass(kind, dict | list | set)), kind
