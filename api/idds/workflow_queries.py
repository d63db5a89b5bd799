"""What clients of iDDS ask of workflows: requests, their status as a text, transforms, collections.

All that a caller sees is of its own organisation; what another one has is answered as what does not exist.
Source: docs/reference/idds.md, "All calls" and "Rows"; docs/decisions/0109.
"""

from collections.abc import Sequence
from typing import Any

from api.http.errors import BadRequest, NotFound
from api.idds.calls import IddsRequest
from api.idds.sent_requests import SentRequests
from api.idds.workflow_rows import (
    PREFIXES,
    WorkShown,
    collection_row,
    detailed_row,
    moment,
    request_row,
    transform_row,
)
from api.queries import workflows
from api.queries.read_models import Row

NUMBER_MAX = 9_000_000_000_000_000
STATUS_COLUMNS = (
    "request_id", "transform_id", "workload_id", "name", "status", "total", "finished", "failed", "pruned", "updated",
)  # fmt: skip
DETAILS = ("with_detail", "with_transform", "with_processing")


class RequestRows:
    """Rows of requests, with what was sent where that is asked for."""

    def __init__(self, sent: SentRequests) -> None:
        self._sent = sent

    async def get_requests(self, asked: IddsRequest) -> list[dict[str, Any]]:
        """Rows of requests; with details one row a work. An unknown number is an empty list."""
        found = await _requests(asked)
        shown = {row["request_id"]: request_row(row) for row in found}
        if asked.flag("with_metadata"):
            await self._add_metadata(asked, found, shown)
        if not any(asked.flag(name) for name in DETAILS):
            return list(shown.values())
        works = await _works(asked, found)
        rows = []
        for number, row in shown.items():
            rows += [detailed_row(row, work) for work in works.get(number, [])] or [detailed_row(row, None)]
        return rows

    async def _add_metadata(self, asked: IddsRequest, found: Sequence[Row], shown: dict[int, dict[str, Any]]) -> None:
        """Both columns of metadata, of one request. In its detailed rows they stand in each, as in the reference."""
        if asked.whole("request_id") is None and asked.whole("workload_id") is None:
            raise BadRequest("request_id: found nothing, expected a number: one request at a time is given back as it was sent")
        for row in found:
            metadata = await self._sent.metadata_of(asked, row)
            shown[row["request_id"]] |= {"request_metadata": metadata, "processing_metadata": {}}


async def get_request_id_by_name(asked: IddsRequest) -> dict[str, int]:
    """Numbers by name, the newest of each; `*` stands for any characters."""
    name = asked.text("name")
    if name is None:
        raise BadRequest("name: found nothing, expected the name of a request, perhaps with *")
    pattern = name.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_").replace("*", "%")
    rows = await workflows.numbers_by_name(asked.services.read_models, asked.identity.vo, pattern)
    return {row["name"]: row["request_id"] for row in rows}


async def get_status(asked: IddsRequest) -> str:
    """A table as text: a line a request, with details a line a work. Of an unknown number the line of the columns alone."""
    found = await _requests(asked)
    works = await _works(asked, found) if asked.flag("with_detail") else {}
    lines: list[Sequence[Any]] = [STATUS_COLUMNS]
    for row in found:
        lines.append((row["request_id"], "", "", row["name"], row["status"], "", "", "", "", moment(row["modified_at"])))
        for work in works.get(row["request_id"], []):
            counts = work.counters(PREFIXES["output"])
            totals = (counts["total_files"], counts["processed_files"], counts["failed_files"], counts["missing_files"])
            task_id = "" if work.row["task_id"] is None else work.row["task_id"]
            named = (row["request_id"], work.transform_id, task_id, work.row["name"], work.transform_status)
            lines.append((*named, *totals, moment(work.row["modified_at"])))
    texts = [[str(one) for one in line] for line in lines]
    widths = [max(len(line[place]) for line in texts) for place in range(len(STATUS_COLUMNS))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in texts)


async def get_transforms(asked: IddsRequest) -> list[dict[str, Any]]:
    """Works of a request."""
    return [transform_row(work) for work in await works_asked_for(asked)]


async def get_transform(asked: IddsRequest) -> dict[str, Any]:
    """One work; NotFound for one that is not there."""
    found = await works_asked_for(asked)
    if asked.whole("transform_id") is None or not found:
        raise NotFound("no such transform")
    return transform_row(found[0])


async def get_collections(asked: IddsRequest) -> list[dict[str, Any]]:
    """Input and output of works, with counters, as far as they have what is asked for."""
    relation, wanted = asked.whole("relation_type"), {name: asked.text(name) for name in ("scope", "name")}
    rows = [
        collection_row(work, number)
        for work in await works_asked_for(asked)
        for number in PREFIXES.values()
        if relation in (None, number)
    ]
    return [row for row in rows if all(value is None or row[name] == value for name, value in wanted.items())]


async def _requests(asked: IddsRequest) -> list[Row]:
    request_id, task_id = asked.whole("request_id"), asked.whole("workload_id")
    if max(request_id or 0, task_id or 0) > NUMBER_MAX:
        return []
    read_models, vo = asked.services.read_models, asked.identity.vo
    return await workflows.requests(read_models, vo, request_id=request_id, task_id=task_id)


async def _works(asked: IddsRequest, requests: Sequence[Row]) -> dict[int, list[WorkShown]]:
    """Works by request, in the order of their numbers."""
    if not requests:
        return {}
    read_models, by_number = asked.services.read_models, {row["request_id"]: row for row in requests}
    rows = await workflows.works(read_models, list(by_number))
    task_ids = [row["task_id"] for row in rows if row["task_id"] is not None]
    tasks = await workflows.tasks_of_works(read_models, asked.identity.vo, task_ids) if task_ids else []
    by_task = {row["task_id"]: row for row in tasks}
    found: dict[int, list[WorkShown]] = {}
    for row in rows:
        work = WorkShown(by_number[row["request_id"]], row, by_task.get(row["task_id"]))
        found.setdefault(row["request_id"], []).append(work)
    return found


async def works_asked_for(asked: IddsRequest) -> list[WorkShown]:
    """Works of the request or task that is named, and of them the transform and the task that are."""
    if asked.whole("request_id") is None and asked.whole("workload_id") is None:
        raise BadRequest("request_id: found nothing, expected a whole number")
    transform_id, task_id = asked.whole("transform_id"), asked.whole("workload_id")
    works = await _works(asked, await _requests(asked))
    return [
        work
        for of_request in works.values()
        for work in of_request
        if transform_id in (None, work.transform_id) and task_id in (None, work.row["task_id"])
    ]
