"""What gives numbers away says to a command. Guards: no number is given twice, and none that is too large for its purpose."""

from commands.decision import Decision, accept, refuse
from commands.numbers.model import Numbers
from schemas.ids import FIRST_REQUEST_ID, FIRST_TASK_ID, REQUEST_ID_MAX, REQUEST_IDS, TASK_ID_MAX, TASK_IDS
from schemas.numbers import GiveNumbers, NumbersGiven
from schemas.types import CommandEnvelope

#: One that asks may know of numbers in use, as of a log that is older than this aggregate; but of none so far ahead.
AHEAD_MAX = 1_000_000
#: What is numbered -> the greatest number.
LAST = {TASK_IDS: TASK_ID_MAX, REQUEST_IDS: REQUEST_ID_MAX}


def decide(numbers: Numbers, command: GiveNumbers, by: CommandEnvelope) -> Decision:
    """Answer `command` against `numbers`."""
    if by.aggregate_id not in LAST:
        return refuse("UNKNOWN_NUMBERS", f"numbers of {by.aggregate_id}, expected {' or '.join(LAST)}")
    following = _following(numbers, by.aggregate_id)
    is_near = following <= command.after < following + AHEAD_MAX
    first = command.after + 1 if is_near else following
    last = first + command.count - 1
    if last > LAST[by.aggregate_id]:
        most = LAST[by.aggregate_id]
        return refuse("NUMBERS_EXHAUSTED", f"the next number is {first:,}, expected {command.count} up to {most:,}")
    return accept(NumbersGiven(first=first, last=last), numbers_from=first)


def _following(numbers: Numbers, numbered: str) -> int:
    """The next number. Before the first is given, all states have that of tasks, which no request reaches."""
    is_begun = numbers.next != FIRST_TASK_ID
    return FIRST_REQUEST_ID if numbered == REQUEST_IDS and not is_begun else numbers.next
