"""Files that a pilot says it stored, from the output report of a final update (docs/reference/pilot.md).

In: the body of the update, of which what cannot be read is left out. Out: `OutputFile`, at most `OUTPUTS_MAX`.
"""

from collections.abc import Mapping
from typing import Any

import structlog

from api.http.errors import UnreadableBody
from api.pilots.bodies import lenient_json
from api.pilots.values import EVENTS_MAX, amount_of, text_of
from schemas.characters import FILE_NAME, WORD
from schemas.types import DatasetRole, OutputFile

OUTPUTS_MAX = 2_000
LFN_MAX, ENDPOINT_MAX, CHECKSUM_MAX, GUID_MAX = 1_024, 255, 80, 80
log = structlog.get_logger()


def outputs_of(body: Mapping[str, Any], storage: str) -> tuple[OutputFile, ...]:
    """Files that were stored. Dataset, scope and role are left open: the decider knows them from the job.

    What no output of a job can be named is left out.
    """
    outputs: list[OutputFile] = []
    for lfn, facts in _output_report(body).items():
        if not isinstance(facts, dict) or not 0 < len(lfn) <= LFN_MAX or not FILE_NAME.takes(lfn):
            continue
        if len(outputs) == OUTPUTS_MAX:
            log.warning("outputs_left_out", job_id=str(body.get("jobId"))[:40], most=OUTPUTS_MAX)
            break
        outputs.append(
            OutputFile(
                lfn=lfn,
                dataset="",
                scope="",
                role=DatasetRole.UNKNOWN,
                guid=text_of(facts, "guid", GUID_MAX, WORD),
                size_bytes=amount_of(facts, "fsize", "size") or 0,
                checksum=_checksum(facts),
                endpoint=text_of(facts, "endpoint", ENDPOINT_MAX, WORD) or storage,
                events=amount_of(facts, "events", "nevents", most=EVENTS_MAX),
            )
        )
    return tuple(outputs)


def _output_report(body: Mapping[str, Any]) -> dict[str, Any]:
    """The output report, which travels as JSON text under the name `xml`."""
    report = body.get("xml")
    if isinstance(report, dict):
        return report
    if not isinstance(report, str) or report.strip() in ("", "NULL", "None"):
        return {}
    try:
        found = lenient_json(report.encode("utf-8", "replace"))
    except UnreadableBody:
        log.warning("output_report_unreadable", job_id=str(body.get("jobId"))[:40], length=len(report))
        return {}
    return found if isinstance(found, dict) else {}


def _checksum(facts: Mapping[str, Any]) -> str:
    adler = text_of(facts, "adler32", CHECKSUM_MAX, WORD)
    if adler:
        return f"ad:{adler.removeprefix('ad:')}"
    md5 = text_of(facts, "md5sum", CHECKSUM_MAX, WORD)
    return f"md:{md5.removeprefix('md:')}" if md5 else ""
