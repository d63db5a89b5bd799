"""How many pilots are to be kept alive: accepted at once, but for an order that would remove many of them. Pure.

Guards: an order that would remove more than a tenth of the living, and more than five, is held back until figures that are a
minute younger say it again, or until an operator confirms it; a number that removes fewer takes the order back. So a count that
is wrong for a moment removes no one.
"""

from commands.decision import Decision, accept, refuse
from commands.worker.model import Workers
from schemas.instants import MICROSECONDS
from schemas.types import ClassDemand, CommandEnvelope
from schemas.worker import ConfirmWorkers, WantWorkers, WorkersHeldBack, WorkersWanted

#: Fewer than these are removed without a question.
REMOVED_MIN, REMOVED_SHARE = 5, 10
CONFIRM_SECONDS = 60


def want(workers: Workers, command: WantWorkers, by: CommandEnvelope) -> Decision:
    """The number of pilots to keep alive; saying the same again is no news."""
    if command.wanted < 0:
        return refuse("BAD_NUMBER", f"wanted is {command.wanted}, expected 0 or more")
    if workers.held is None and command.wanted == workers.wanted and _numbers(command.classes) == _numbers(workers.classes):
        return accept()
    live = len(workers.live)
    wanted = WorkersWanted(wanted=command.wanted, live=live, reason=command.reason, classes=command.classes)
    removed = live - command.wanted
    if command.wanted >= workers.wanted or removed <= removed_max(live):
        return accept(wanted)
    at, held = command.evaluated_at or by.issued_at, workers.held
    if held is None:
        return accept(
            WorkersHeldBack(
                asked=command.wanted,
                wanted=workers.wanted,
                live=live,
                removed=removed,
                confirm_seconds=CONFIRM_SECONDS,
                reason=command.reason,
                classes=command.classes,
            )
        )
    return accept(wanted) if at >= held.at + CONFIRM_SECONDS * MICROSECONDS else accept()


def confirm(workers: Workers, command: ConfirmWorkers, by: CommandEnvelope) -> Decision:
    """Carries out what is held back at once. The command says its number, so that an operator confirms what they have seen."""
    held = workers.held
    if held is None:
        return refuse("NOTHING_HELD_BACK", f"no order is held back; {workers.wanted} pilots are wanted")
    if command.wanted != held.asked:
        return refuse("OTHER_NUMBER", f"wanted is {command.wanted}, expected {held.asked}, the number that is held back")
    reason = f"confirmed by {by.actor}" + (f": {command.why}" if command.why else "")
    return accept(WorkersWanted(wanted=held.asked, live=len(workers.live), reason=reason, classes=held.classes))


def removed_max(live: int) -> int:
    """So many of the living may be removed at once."""
    return max(REMOVED_MIN, live // REMOVED_SHARE)


def _numbers(classes: tuple[ClassDemand, ...]) -> dict[str, tuple[int, int, int, int, int]]:
    """What a harvester would do otherwise; terms that lead to the same are no news."""
    return {one.name: (one.wanted, one.kept_for_now, one.memory_mb, one.cores, one.walltime_seconds) for one in classes}
