"""A moment of the past, as people name one: a time, the number of an event, or a place in the log. Pure.

`2026-11-24T12:00:00Z` and `1764000000.5` are times, `#17` (or `17`) is the subject's seventeenth event,
`culm.job.events.v1/2/1234` is a place in the log. What happened exactly then has happened.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from audit.subject import NotUnderstood
from schemas.instants import MICROSECONDS, micros_of_seconds
from schemas.times import EPOCH

#: A smaller number is that of an event, a larger one seconds since 1970.
SEQUENCE_MAX = 100_000_000
EXPECTED = "expected an ISO 8601 time, the number of an event (#17), or topic/partition/offset"


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything up to and with it counts; exactly one of the three is set, none means now."""

    micros: int | None = None
    sequence: int | None = None
    place: tuple[str, int, int] | None = None

    @property
    def is_now(self) -> bool:
        """True when nothing is left out."""
        return self.micros is None and self.sequence is None and self.place is None


NOW = Moment()


def moment_from(text: str | None) -> Moment:
    """The moment that `text` names, now without one; raises NotUnderstood."""
    if text is None or text.strip() in ("", "now"):
        return NOW
    text = text.strip()
    if found := re.fullmatch(r"#(\d{1,15})", text):
        return Moment(sequence=int(found[1]))
    if found := re.fullmatch(r"(culm\.[a-z_.]+\.v\d+)[/\[](\d{1,5})\]?[/@](\d{1,18})", text):
        return Moment(place=(found[1], int(found[2]), int(found[3])))
    if re.fullmatch(r"\d{1,17}(\.\d{1,6})?", text):
        return _from_number(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as problem:
        raise NotUnderstood(f"moment: found {text[:60]!r}, {EXPECTED}") from problem
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Moment(micros=round((moment - EPOCH) / timedelta(microseconds=1)))


def _from_number(text: str) -> Moment:
    if "." not in text and int(text) < SEQUENCE_MAX:
        return Moment(sequence=int(text))
    seconds = float(text)
    # Micro- and milliseconds are what programs write.
    for scale in (MICROSECONDS, 1_000):
        if seconds > 10_000_000_000 * scale / 10:
            return Moment(micros=int(seconds * MICROSECONDS / scale))
    return Moment(micros=micros_of_seconds(seconds))
