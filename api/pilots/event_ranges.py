"""Ranges of events for pilots: they get some, and say how those ended.

A pilot gets and reports ranges of jobs that it holds; which input these have is known to the set of ranges of their task, which
decides. Source: docs/reference/jedi.md, "Event service in brief"; docs/decisions/0104.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.http.errors import BadRequest, ReadModelsUnavailable
from api.pilots.dispatch import FAILED, SUCCESS, TIMEOUT, TO_BE_KILLED, PilotDispatch
from api.pilots.range_ids import SaidRange, output_of, range_documents, reports_of, said_of
from api.pilots.values import whole_of
from api.services import Services
from identity.identity import Identity
from schemas.answer import CommandAnswered
from schemas.ids import ID_MAX, task_id_of
from schemas.ranges import AcquireRanges, ReportRanges
from schemas.types import RangeOutput, RangeReport

RANGES_MAX, RANGES_USUAL = 500, 10
#: Of one call, which is refused whole beyond them.
UPDATES_MAX, JOBS_MAX = 10_000, 100
#: Of one command.
REPORTS_MAX, OUTPUTS_MAX = 1_000, 100
#: What a pilot that has no (more) ranges is answered with: an empty list.
NO_RANGES = frozenset({"ALREADY_FINAL", "UNKNOWN_JOB"})
#: Refusals after which the job's pilot has nothing more to do.
NOT_ITS_OWN = frozenset({"NOT_PERMITTED", "UNKNOWN_JOB", "ALREADY_FINAL"})


@dataclass(frozen=True, slots=True)
class RangesReply:
    """The answer to a request for ranges. status_code: as in the reference, 0 for success."""

    status_code: int
    ranges: list[dict[str, Any]] = field(default_factory=list)
    message: str = ""


@dataclass(slots=True)
class _Of:
    """What one report says of the ranges of one job: places of its rows in the report, and the files it names."""

    said: list[SaidRange] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    outputs: list[RangeOutput] = field(default_factory=list)


class EventRangeService:
    """Serves pilots of event service jobs."""

    def __init__(self, services: Services, dispatch: PilotDispatch) -> None:
        self._services = services
        self._dispatch = dispatch

    async def acquire(self, job_id: int | None, wanted: int | None, identity: Identity) -> RangesReply:
        """Up to `wanted` ranges of the job's input; none where none are left. Raises AccessDenied, Unavailable."""
        command = await self._command(job_id, max(1, min(wanted or RANGES_USUAL, RANGES_MAX)), identity)
        if isinstance(command, RangesReply):
            return command
        task_id = task_id_of(command.job_id)
        answer = await self._submit(command, task_id, identity)
        if answer is None:
            return RangesReply(TIMEOUT, message="no answer in time")
        if not answer.accepted:
            message = f"{answer.reason}: {answer.message}"
            return RangesReply(SUCCESS if answer.reason in NO_RANGES else FAILED, message=message)
        return RangesReply(SUCCESS, range_documents(answer.ranges_granted, task_id, command.job_id))

    async def count(self, job_id: int | None, identity: Identity) -> int:
        """How many ranges of the job's input are ready; 0 for a job that `identity` does not hold."""
        command = await self._command(job_id, 1, identity)
        if isinstance(command, RangesReply):
            return 0
        answer = await self._submit(command, task_id_of(command.job_id), identity, dry_run=True)
        return (answer.units_hit or 0) if answer is not None and answer.accepted else 0

    async def update(self, given: object, identity: Identity) -> tuple[list[bool], dict[str, str]]:
        """For each range of a report whether it was taken, in their order, and for jobs that are to stop a command.

        given: a list or its JSON; a row is of one range, or of several that are in one file. Raises BadRequest, AccessDenied.
        """
        rows = _rows(given)
        by_job: dict[tuple[int, int], _Of] = {}
        taken: list[bool] = []
        for row in rows:
            listed = row.get("eventRanges") if isinstance(row, Mapping) else None
            output = output_of(row) if isinstance(row, Mapping) else None
            for one in listed if isinstance(listed, list) else [row]:
                if len(taken) >= UPDATES_MAX:
                    raise BadRequest(f"event_ranges: found more than {UPDATES_MAX:,} ranges, expected at most that")
                said = said_of(one)
                taken.append(said.is_understood)
                if said.end is None or not said.job_id:
                    continue
                found = by_job.setdefault((said.task_id, said.job_id), _Of())
                if len(by_job) > JOBS_MAX:
                    raise BadRequest(f"event_ranges: found ranges of more than {JOBS_MAX} jobs, expected at most that")
                found.said.append(said)
                found.places.append(len(taken) - 1)
                if output is not None and output not in found.outputs:
                    found.outputs.append(output)
        commands: dict[str, str] = {}
        for (task_id, job_id), found in by_job.items():
            if task_id != task_id_of(job_id) or job_id > ID_MAX:
                refused, is_over = None, False
            else:
                refused, is_over = await self._report(task_id, job_id, found, identity)
            for place, said in zip(found.places, found.said, strict=True):
                taken[place] = refused is not None and not any(_covers(one, said) for one in refused)
            if is_over:
                commands[str(job_id)] = TO_BE_KILLED
        return taken, commands

    async def _report(
        self, task_id: int, job_id: int, found: _Of, identity: Identity
    ) -> tuple[Sequence[RangeReport] | None, bool]:
        """The reports that were not taken, None for all, and whether the job's pilot is to stop."""
        self._dispatch.tokens.check_report(identity, job_id, None, "")
        reports, outputs = list(reports_of(found.said)), found.outputs
        refused: list[RangeReport] = []
        for start in range(0, len(reports), REPORTS_MAX):
            part = tuple(reports[start : start + REPORTS_MAX])
            command = ReportRanges(job_id=job_id, reports=part, outputs=tuple(outputs[:OUTPUTS_MAX]))
            answer = await self._submit(command, task_id, identity)
            if answer is not None and answer.reason in NOT_ITS_OWN:
                return None, True
            if answer is None or not (answer.accepted or answer.ranges_refused):
                refused += part
            else:
                refused += answer.ranges_refused
        return refused, False

    async def _command(self, job_id: int | None, count: int, identity: Identity) -> AcquireRanges | RangesReply:
        if job_id is None or not 0 < job_id <= ID_MAX:
            return RangesReply(FAILED, message=f"pandaID is {job_id}, expected the id of a job")
        self._dispatch.tokens.check_report(identity, job_id, None, "")
        try:
            lease_id = await self._dispatch.lease_held(job_id, identity)
        except ReadModelsUnavailable:
            return RangesReply(TIMEOUT, message="it is not known now who holds the job; ask again")
        if not lease_id:
            return RangesReply(SUCCESS, message=f"job {job_id} is not held by this pilot")
        return AcquireRanges(job_id=job_id, lease_id=lease_id, count=count, events_per_range=1, inputs=())

    async def _submit(
        self, command: AcquireRanges | ReportRanges, task_id: int, identity: Identity, *, dry_run: bool = False
    ) -> CommandAnswered | None:
        return await self._services.gateway.submit(
            command,
            str(task_id),
            identity,
            role="pilot",
            wait_seconds=self._services.config.pilot_answer_seconds,
            dry_run=dry_run,
        )


def job_of(body: Mapping[str, Any], *names: str) -> int | None:
    """The first of `names` that is a number."""
    return next((found for name in names if (found := whole_of(body, name)) is not None), None)


def _rows(given: object) -> list[Any]:
    if isinstance(given, str):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError as problem:
            raise BadRequest("event_ranges: found no JSON, expected a list") from problem
    if not isinstance(given, list):
        raise BadRequest(f"event_ranges: found {type(given).__name__}, expected a list")
    return given


def _covers(report: RangeReport, said: SaidRange) -> bool:
    same = (report.try_number, report.end) == (said.try_number, said.end)
    return same and report.first <= said.number <= report.last
