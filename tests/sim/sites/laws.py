"""What must hold of a site under every fault: watched as it happens, and at the end.

The laws of the independent checker about workers and leases are asked of the log beside these.
"""

from collections import Counter

from check.laws import Law, Seen, Violation
from check.leases import OnePilotEach, ReportsOfTheHolder
from check.workers import WorkersAreIntended
from schemas.reading import Place
from schemas.types import WorkerState
from schemas.wire import entry_of
from tests.sim.sites.batch_system import STACK, MemoryBatch
from tests.sim.sites.culm_side import QUEUES, CulmSide

INTENT_FIRST = "a worker is intended before the batch system has it"
ONCE = "a worker is submitted once"
NOWHERE = "a worker that is given up is nowhere"
AS_IT_WAS = "a worker ends in the log as in the batch system"
RUN_ONCE = "the payload of a job begins once"
SAME = "log and batch system agree: orphans 0, doubles 0"
KEPT = "what a living worker has is not swept away"
FOREIGN = "what is not ours is not touched"
LETTERS = "nothing in Culm raises"
GIVEN_UP = (WorkerState.MISSED, WorkerState.LOST)
#: A job of another stack, and one of this stack's that belongs to a queue which no one here serves.
FOREIGN_TAGS = ("another-pullaaaaaa-0123456789ab", f"{STACK}-elsewhere-0123456789ab")


class SiteLaws:
    """Keeps what was broken. culm, batch: where to look, once they are there."""

    def __init__(self) -> None:
        self.culm: CulmSide | None = None
        self.batch: MemoryBatch | None = None
        self.broken: list[Violation] = []
        self._taken: Counter[str] = Counter()
        self._begun: Counter[int] = Counter()

    def taken(self, tag: str) -> None:
        """A batch system takes a worker."""
        assert self.culm is not None
        if tag not in self.culm.tags.values():
            self._break(INTENT_FIRST, tag, "it is in no log")
        self._taken[tag] += 1
        if self._taken[tag] > 1:
            self._break(ONCE, tag, f"{self._taken[tag]} times")

    def ended(self, tag: str, state: WorkerState) -> None:
        """A worker ends in the log."""
        if self.batch is None or state is WorkerState.FINISHED:
            return  # a pilot says that it ends, a moment before it does
        if state in GIVEN_UP:
            if found := [job for job in self.batch.living() if job.tag == tag]:
                self._break(NOWHERE, tag, f"batch job {found[0].batch_id} is {found[0].state.lower()}")
        elif (tag, state.value) not in self.batch.ends:
            self._break(AS_IT_WAS, tag, f"{state.lower()} in the log alone")

    def begun(self, job_id: int) -> None:
        """A payload begins."""
        self._begun[job_id] += 1
        if self._begun[job_id] > 1:
            self._break(RUN_ONCE, f"job {job_id}", f"{self._begun[job_id]} times")

    def disagreement(self) -> str:
        """What lives on one side only, or twice; empty when both sides agree."""
        assert self.culm is not None
        assert self.batch is not None
        living = Counter(job.tag for job in self.batch.living() if job.tag not in FOREIGN_TAGS)
        logged = {one.tag: name for queue in QUEUES for name, one in self.culm.workers(queue).live.items()}
        found = [f"orphan {tag}" for tag in living if tag not in logged]
        found += [f"double {tag}" for tag, count in living.items() if count > 1]
        found += [f"worker {name} is nowhere" for tag, name in logged.items() if tag not in living]
        return "; ".join(found)

    def at_the_end(self) -> list[Violation]:
        """All that is broken, once nothing moves any more."""
        assert self.culm is not None
        assert self.batch is not None
        alive = {job.tag for job in self.batch.living()}
        for tag in FOREIGN_TAGS:
            if tag not in alive:
                self._break(FOREIGN, tag, "it is gone")
        for tag in self.batch.robbed:
            self._break(KEPT, tag, "it was swept while it lived")
        for letter in self.culm.culm.letters:
            self._break(LETTERS, "dead letter", letter.error)
        return [*self.broken, *self._of_the_log()]

    def _of_the_log(self) -> list[Violation]:
        assert self.culm is not None
        laws: list[Law] = [WorkersAreIntended(), OnePilotEach({}), ReportsOfTheHolder()]
        found: list[Violation] = []
        offsets: Counter[str] = Counter()
        for event, envelope in self.culm.culm.events:
            kind = entry_of(event).aggregate
            topic = f"culm.{kind}.events.v1"
            record = Seen(Place(topic, 0, offsets[topic]), "events", kind, type(event).__name__, envelope, event)
            offsets[topic] += 1
            for law in laws:
                found += law.see(record)
        for law in laws:
            found += law.end()
        return found

    def _break(self, law: str, place: str, found: str) -> None:
        self.broken.append(Violation(law, place, found))
