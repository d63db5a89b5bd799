"""What gives numbers away says to a command. Guards: no number is given twice, and none that is too large for its purpose."""

from commands.decision import Decision, accept, refuse
from commands.numbers.model import Numbers
from schemas.ids import TASK_ID_MAX, TASK_IDS
from schemas.numbers import GiveNumbers, NumbersGiven
from schemas.types import CommandEnvelope

#: One that asks may know of numbers in use, as of a log that is older than this aggregate; but of none so far ahead.
AHEAD_MAX = 1_000_000


def decide(numbers: Numbers, command: GiveNumbers, by: CommandEnvelope) -> Decision:
    """Answer `command` against `numbers`."""
    if by.aggregate_id != TASK_IDS:
        return refuse("UNKNOWN_NUMBERS", f"numbers of {by.aggregate_id}, expected {TASK_IDS}")
    is_near = numbers.next <= command.after < numbers.next + AHEAD_MAX
    first = command.after + 1 if is_near else numbers.next
    last = first + command.count - 1
    if last > TASK_ID_MAX:
        return refuse("NUMBERS_EXHAUSTED", f"the next number is {first:,}, expected {command.count} up to {TASK_ID_MAX:,}")
    return accept(NumbersGiven(first=first, last=last), numbers_from=first)
