"""Named points at which a test has a harvester killed, as SIGKILL may come at any instruction.

In: `CULM_KILL_AT`, the name of a point, with `#N` for the N-th time that it is reached; or `aim`, in a simulation. Out: nothing,
or the end of the process. Without an aim a point costs a comparison.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable

#: Every point there is, in the order of a worker's life.
POINTS = (
    "claim.before", "claim.after", "living.after", "refresh.after", "intend.before", "intend.after", "bind.before",
    "bind.after", "token.before", "token.after", "files.half", "files.after", "job.before", "job.after", "submit.before",
    "folder.half", "native.before", "native.after", "kubernetes.half", "arc.half", "submit.after", "local.prepared",
    "local.started", "local.recorded", "report.half", "report.written", "report.before", "report.sent", "report.kept",
    "listing.before", "listing.after", "end.written", "reconcile.before", "reconcile.after", "withdraw.before",
    "withdraw.after", "cancel.before", "cancel.after", "sweep.before", "sweep.after",
)  # fmt: skip
_name, _, _number = os.environ.get("CULM_KILL_AT", "").partition("#")
_reached: Counter[str] = Counter()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


_strike: Callable[[], None] = _die


def aim(point: str, number: int = 1, strike: Callable[[], None] = _die) -> None:
    """Call `strike` when `point` is reached for the `number`-th time from now on; an empty `point` is never reached."""
    global _name, _number, _strike
    assert not point or point in POINTS, f"{point} is no point"
    _name, _number, _strike = point, str(number), strike
    _reached.clear()


def reach(point: str) -> None:
    """Die here if this is where the test wants it."""
    if point != _name:
        return
    assert point in POINTS, f"{point} is no point"
    _reached[point] += 1
    if _reached[point] == int(_number or "1"):
        _strike()
