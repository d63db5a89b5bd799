"""Input released, held and dropped by command: by staging, by a workflow, or by the owner of the task. Pure.

Guards: an event names only units that it changes, so that no unit is released twice; a task has a bounded number of intervals.
Source: docs/reference/jedi.md, "Released input"; docs/decisions/0071.
"""

from collections.abc import Sequence

from commands.decision import Decision, accept, refuse
from commands.task.input_gate import InputGate, shown
from commands.task.model import Task
from commands.task.transitions import ACTIVE, TaskStatus
from schemas.intervals import Intervals, difference, intervals_of
from schemas.task import DropInput, HoldInput, InputDropped, InputHeld, InputReleased, ReleaseInput
from schemas.types import UnitRange

#: Of one task: held ones and dropped ones, each. 240,000 units that are released in random order make as many at most. Both sets
#: together are 720 kB in a row of a snapshot.
INTERVALS_MAX = 60_000
CHANGEABLE = ACTIVE | {TaskStatus.PAUSED}


def release_input(task: Task, command: ReleaseInput) -> Decision:
    """Units that were held may become jobs; those that were not stay as they are."""
    if (refused := _problem(task, "release_input", command.units)) is not None:
        return refused
    gate = task.units.gate
    units = gate.held_of(intervals_of(command.units))
    if not units:
        return accept()
    after = gate.released(units)
    event = InputReleased(units=_ranges(units), reason=command.reason, standing=shown(after.held))
    return _too_many(after) or accept(event)


def hold_input(task: Task, command: HoldInput) -> Decision:
    """No further jobs of these units; jobs that have them go on."""
    if (refused := _problem(task, "hold_input", command.units)) is not None:
        return refused
    gate = task.units.gate
    units = difference(intervals_of(command.units), gate.held)
    if not units:
        return accept()
    after = gate.holding(units)
    return _too_many(after) or accept(InputHeld(units=_ranges(units), reason=command.reason, standing=shown(after.held)))


def drop_input(task: Task, command: DropInput) -> Decision:
    """These units are not needed; jobs that have them go on and count."""
    if (refused := _problem(task, "drop_input", command.units)) is not None:
        return refused
    gate = task.units.gate
    units = difference(intervals_of(command.units), gate.dropped)
    if not units:
        return accept()
    after = gate.dropping(units)
    event = InputDropped(units=_ranges(units), reason=command.reason, standing=shown(after.dropped))
    return _too_many(after) or accept(event)


def _problem(task: Task, name: str, units: Sequence[UnitRange]) -> Decision | None:
    if task.status not in CHANGEABLE:
        return refuse("WRONG_STATUS", f"the {name} command is not accepted if the task is in {task.status} status")
    if not units:
        return refuse("BAD_RANGE", "units is empty, expected one range of unit ids at least")
    for one in units:
        if one.last < one.first:
            return refuse("BAD_RANGE", f"units from {one.first} to {one.last}, expected a last id of at least {one.first}")
    return None


def _too_many(gate: InputGate) -> Decision | None:
    count = max(len(gate.held), len(gate.dropped))
    if count <= INTERVALS_MAX:
        return None
    found = f"held or dropped input of the task would be {count:,} separate ranges of ids"
    return refuse("TOO_MANY_RANGES", f"{found}, expected at most {INTERVALS_MAX:,}; name ranges that lie together")


def _ranges(units: Intervals) -> tuple[UnitRange, ...]:
    return tuple(UnitRange(first=first, last=last) for first, last in units)
