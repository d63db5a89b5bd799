"""Ids of ranges of events as pilots know them, and what pilots say of ranges. Pure.

An id is `TASK-JOB-FILE-NUMBER-TRY`, the five numbers of the reference: task, job that has the range, number of the input unit,
number of the range in its task, and which try it is. Source: docs/reference/jedi.md, "Event service in brief".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.pilots.values import amount_of, as_sent, text_of
from schemas.characters import FILE_NAME, WORD
from schemas.types import GrantedRanges, RangeEnd, RangeOutput, RangeReport

NUMBER_DIGITS_MAX = 18
NUMBER_MAX, TRY_MAX = 1_000_000, 1_000
NAME_MAX, ENDPOINT_MAX, CHECKSUM_MAX = 1024, 255, 97
SIZE_BYTES_MAX = 1 << 60
ENDS: Mapping[str, RangeEnd] = {"finished": RangeEnd.DONE, "failed": RangeEnd.FAILED, "fatal": RangeEnd.FATAL}
#: Of these nothing is kept: a range is with its job from the moment in which the job got it.
UNDER_WAY = frozenset({"sent", "running"})
CHECKSUMS = (("adler32", "ad:"), ("md5", "md:"))


@dataclass(frozen=True, slots=True)
class SaidRange:
    """What a pilot says of one range. job_id: 0 for an id that is none. end: None where nothing is to be kept."""

    task_id: int = 0
    job_id: int = 0
    number: int = 0
    try_number: int = 0
    end: RangeEnd | None = None
    is_understood: bool = False


def range_documents(granted: Sequence[GrantedRanges], task_id: int, job_id: int) -> list[dict[str, Any]]:
    """The ranges that a job got, one by one, with the names of the reference."""
    found = []
    for one in granted:
        file, per_range = one.file, one.events_per_range
        for number in range(one.first, one.last + 1):
            start = file.first_event + (number - file.first) * per_range
            found.append(
                {
                    "eventRangeID": f"{task_id}-{job_id}-{file.file_id}-{number}-{one.try_number}",
                    "startEvent": start,
                    "lastEvent": min(start + per_range, file.first_event + file.events) - 1,
                    "LFN": file.lfn,
                    "GUID": file.guid,
                    "scope": file.scope,
                }
            )
    return found


def said_of(row: object) -> SaidRange:
    """What one row of a report says; not understood where its id or its status is none."""
    if not isinstance(row, Mapping):
        return SaidRange()
    words = text_of(row, "eventRangeID", 100, WORD).split("-")
    status = text_of(row, "eventStatus", 40, WORD)
    if len(words) != 5 or not all(word.isascii() and word.isdigit() and len(word) <= NUMBER_DIGITS_MAX for word in words):
        return SaidRange()
    task_id, job_id, _, number, try_number = map(int, words)
    if not (1 <= number <= NUMBER_MAX and 1 <= try_number <= TRY_MAX and task_id and job_id):
        return SaidRange()
    return SaidRange(task_id, job_id, number, try_number, ENDS.get(status), status in ENDS or status in UNDER_WAY)


def reports_of(said: Sequence[SaidRange]) -> Iterator[RangeReport]:
    """As few reports as say the same, of ranges of one job."""
    ends = sorted({(one.try_number, one.end, one.number) for one in said if one.end is not None})
    start = 0
    for place, (try_number, end, number) in enumerate(ends):
        if place + 1 < len(ends) and ends[place + 1] == (try_number, end, number + 1):
            continue
        yield RangeReport(first=ends[start][2], last=number, try_number=try_number, end=end)
        start = place + 1


def output_of(row: Mapping[str, Any]) -> RangeOutput | None:
    """The file that a pilot names for its ranges (`zipFile`); None without a name that a file may have."""
    zipped = row.get("zipFile")
    if not isinstance(zipped, Mapping):
        return None
    lfn = as_sent(zipped, "lfn", NAME_MAX, FILE_NAME)
    if not lfn:
        return None
    checksum = next((prefix + found for name, prefix in CHECKSUMS if (found := text_of(zipped, name, CHECKSUM_MAX, WORD))), "")
    return RangeOutput(
        lfn=lfn,
        size_bytes=amount_of(zipped, "fsize", most=SIZE_BYTES_MAX) or 0,
        checksum=checksum,
        endpoint=text_of(zipped, "objstoreID", ENDPOINT_MAX, WORD),
    )
