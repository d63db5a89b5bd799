"""What a simulated pilot does with ranges of events: it asks for some, reports them in any way, and stops when none are left."""

import random
from dataclasses import dataclass, field

from schemas.answer import CommandAnswered
from schemas.ranges import AcquireRanges, ReportRanges
from schemas.types import RangeEnd, RangeOutput, RangeReport

#: Refusals after which the pilot stops its payload.
OVER = frozenset({"ALREADY_FINAL", "UNKNOWN_JOB", "NOT_PERMITTED"})


@dataclass(slots=True)
class RangeTaker:
    """The ranges of one job in a pilot's hands. none_left: the set said so."""

    lease_id: str = ""
    held: list[RangeReport] = field(default_factory=list)
    none_left: bool = False
    asks: bool = False

    def next_words(self, job_id: int, chance: random.Random, *, honest: bool) -> AcquireRanges | ReportRanges | None:
        """The next request or report; None when the job is to end."""
        if self.held:
            self.asks = False
            first, last, number = self.held[0].first, self.held[0].last, self.held[0].try_number
            ends = [RangeEnd.DONE] if honest else [RangeEnd.DONE] * 7 + [RangeEnd.FAILED] * 2 + [RangeEnd.FATAL]
            report = RangeReport(first=first, last=last, try_number=number, end=chance.choice(ends))
            made = (RangeOutput(lfn=f"{job_id}.{first}.zip"),) if report.end is RangeEnd.DONE else ()
            return ReportRanges(job_id=job_id, reports=(report,), outputs=made)
        if self.none_left or (not honest and chance.random() < 0.1):
            return None
        self.asks = True
        count = chance.randint(1, 3)
        return AcquireRanges(job_id=job_id, lease_id=self.lease_id, count=count, events_per_range=1, inputs=())

    def understand(self, answer: CommandAnswered) -> bool:
        """Take in an answer; false when the job is over for the set."""
        if answer.reason in OVER:
            return False
        if not self.asks:
            del self.held[:1]
            return True
        self.held = [
            RangeReport(first=one.first, last=one.last, try_number=one.try_number, end=RangeEnd.DONE)
            for one in answer.ranges_granted
        ]
        self.none_left = answer.accepted and not self.held
        return True
