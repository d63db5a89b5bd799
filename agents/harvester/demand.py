"""How many workers a queue wants, by class, received by long polls from a thread of its own."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import structlog

from agents.errors import CallFailed
from agents.session import AgentSession
from agents.stop_event import StopEvent, pause

WAIT_SECONDS = 25.0
ANSWER_SECONDS = WAIT_SECONDS + 15.0
WANTED_MAX, CLASSES_MAX, NUMBER_MAX = 10_000_000, 100, 1 << 31
#: The mode of a queue whose pilots do not ask for jobs.
PUSH = "PUSH"
AWAY_SECONDS_FIRST, AWAY_SECONDS_MAX = 0.2, 5.0
#: From one question to the next at least: every event of a queue's workers answers one, and each of thousands has several.
PAUSE_SECONDS = 0.2
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WantedClass:
    """Workers of one size. name: empty where the queue has no classes, and the limits of the queue hold then.

    kept: of `wanted`, those for which there is no use any more and that are only not removed at once. They are not replaced
    when they end.
    """

    name: str
    wanted: int
    memory_mb: int = 0
    cores: int = 1
    walltime_seconds: int = 0
    kept: int = 0

    @property
    def to_have(self) -> int:
        """As many are started as this lacks."""
        return max(0, self.wanted - self.kept)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a queue wanted last. sequence: of the last event of its workers by then. pushes: its jobs travel with workers."""

    classes: tuple[WantedClass, ...] = ()
    sequence: int = 0
    pushes: bool = False

    @property
    def wanted(self) -> int:
        """Workers of all classes."""
        return sum(one.wanted for one in self.classes)

    @property
    def is_known(self) -> bool:
        """Culm has said it: that no worker is wanted is known, and not only not received yet."""
        return self.sequence > 0


class DemandPoller:
    """The last demand received for one queue; `changed` is called, from its thread, when it changed."""

    def __init__(self, session: AgentSession, queue: str, stop: StopEvent, changed: Callable[[], None]) -> None:
        self._session, self._queue, self._stop, self._changed = session, queue, stop, changed
        self.demand = Demand()
        self._after: int | None = None

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._listen, name=f"demand of {self._queue}", daemon=True).start()

    def _listen(self) -> None:
        away = AWAY_SECONDS_FIRST
        while not self._stop.is_closed:
            began = time.monotonic()
            if self.poll():
                away = AWAY_SECONDS_FIRST
                pause(PAUSE_SECONDS - (time.monotonic() - began), self._stop)
            else:
                pause(away, self._stop)
                away = min(2 * away, AWAY_SECONDS_MAX)

    def poll(self) -> bool:
        """Ask once, and take the answer; false when there was none, or an odd one."""
        path = f"/v1/queues/{quote(self._queue, safe='')}/wanted"
        query = {"wait": WAIT_SECONDS} if self._after is None else {"after": self._after, "wait": WAIT_SECONDS}
        try:
            found = demand_of(self._session.get(path, query, ANSWER_SECONDS))
        except (CallFailed, KeyError, TypeError, ValueError, OverflowError) as problem:
            log.warning("demand_not_received", queue=self._queue, problem=f"{type(problem).__name__}: {str(problem)[:200]}")
            return False
        self._after = found.sequence
        before, self.demand = self.demand, found
        if found.wanted != before.wanted:
            log.info("demand_changed", queue=self._queue, wanted=found.wanted, before=before.wanted, sequence=found.sequence)
        if found != before:
            self._changed()
        return True


def demand_of(document: dict[str, Any]) -> Demand:
    """The demand in an answer; raises KeyError, TypeError, ValueError for one that cannot be."""
    wanted, sequence = _number(document["wanted"], WANTED_MAX), _number(document["sequence"], 1 << 63)
    listed, pushes = document.get("classes"), document.get("mode") == PUSH
    if not listed:
        return Demand((WantedClass("", wanted),) if wanted else (), sequence, pushes)
    if not isinstance(listed, list) or len(listed) > CLASSES_MAX:
        raise ValueError(f"more than {CLASSES_MAX} classes")
    classes = (
        WantedClass(
            str(one["name"])[:64],
            _number(one["wanted"], WANTED_MAX),
            _number(one.get("memory_mb") or 0, NUMBER_MAX),
            max(1, _number(one.get("cores") or 1, 100_000)),
            _number(one.get("walltime_seconds") or 0, 31_536_000),
            _number(one.get("kept_for_now") or 0, WANTED_MAX),
        )
        for one in listed
    )
    return Demand(tuple(one for one in classes if one.wanted), sequence, pushes)


def _number(value: Any, most: int) -> int:
    number = int(value)
    if not 0 <= number <= most:
        raise ValueError(f"{str(value)[:30]} is not 0 to {most}")
    return number
