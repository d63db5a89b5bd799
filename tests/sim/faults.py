"""Breaking processes at named points, decided beforehand by the schedule.

A process arms at most one fault for the step it is about to take; when the step reaches that point for the given time, the fault
strikes: `Crash` (the process is gone, with everything in its memory) or `Interrupted` (the outcome of a call is unknown).
"""

from dataclasses import dataclass, field

from commands.engine.errors import Interrupted

POINTS_OF_DECIDER = ("acquire", "replay", "take", "produce", "before_commit", "after_commit")
POINTS_OF_PROCESSORS = ("read", "delivering", "delivered", "acknowledged")
POINTS_OF_PROJECTOR = ("folded", "rows_written", "written")


class Crash(BaseException):
    """The process is killed here; nothing of Culm may catch it."""


@dataclass
class Faults:
    """The armed fault of one process, and how often each kind struck. `dry`: its next reads bring nothing."""

    struck: dict[str, int] = field(default_factory=dict)
    armed: str | None = None
    passes: int = 0
    interrupt: bool = False
    dry: bool = False

    def arm(self, point: str, passes: int, *, interrupt: bool) -> None:
        """Strike at `point` when it was passed `passes` times."""
        self.armed, self.passes, self.interrupt = point, passes, interrupt

    def disarm(self) -> None:
        """No fault in the next step."""
        self.armed, self.dry = None, False

    def point(self, name: str) -> None:
        """Strike, if it is time."""
        if name != self.armed:
            return
        if self.passes > 0:
            self.passes -= 1
            return
        self.armed = None
        kind = f"{name}, {'outcome unknown' if self.interrupt else 'killed'}"
        self.struck[kind] = self.struck.get(kind, 0) + 1
        if self.interrupt:
            raise Interrupted(f"simulated at {name}")
        raise Crash(name)
