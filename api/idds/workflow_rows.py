"""Rows of workflows in the shapes that clients of iDDS read: enumerations as objects, times as text, counters never null. Pure.

In: rows of `workflow`, `workflow_work` and `task`. Out: rows of a request, a transform, a collection, and the detailed ones that
join them. The number of a transform is that of its work in the request, from 1; it stands in the name of its task, too.
Source: docs/reference/idds.md, "Rows".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from streams.idds.enumerations import CONSTANTS, ENUMERATIONS

Shown = dict[str, Any]
OF_REQUESTS = {
    "submitting": "New", "transforming": "Transforming", "suspended": "Suspended", "closing": "ToClose", "finishing": "ToFinish",
    "cancelling": "Cancelling", "expiring": "Expiring", "resuming": "Resuming", "finished": "Finished",
    "subfinished": "SubFinished", "failed": "Failed", "cancelled": "Cancelled", "expired": "Expired",
}  # fmt: skip
ENDS = ("finished", "subfinished", "failed", "cancelled", "suspended", "expired")
#: A status of a task that has not ended -> ProcessingStatus.
OF_TASKS = {"pending": "Submitted", "running": "Running", "toretry": "Running", "throttled": "Running"}
IN_USE = ("registered", "defined", "assigning", "ready", "scouting", "scouted", "prepared", "topreprocess", "preprocessing")
COLLECTION_ENDS = {"finished": "Closed", "subfinished": "SubClosed", "failed": "Failed", "cancelled": "Cancelled"}
INPUT, OUTPUT = 0, 1
PREFIXES = {"input": INPUT, "output": OUTPUT}
SCOPE = "pseudo_dataset"
COUNTERS = (
    "total_files", "processed_files", "new_files", "preprocessing_files", "activated_files", "failed_files", "missing_files",
    "processing_files",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WorkShown:
    """A work with what it is read beside: its request's row, and its task's, None before there is one."""

    request: Mapping[str, Any]
    row: Mapping[str, Any]
    task: Mapping[str, Any] | None

    @property
    def transform_id(self) -> int:
        """Its number in the request, from 1."""
        return int(self.row["work"]) + 1

    @property
    def end(self) -> str:
        """How it ended, as far as that stands: a retry opens all works again that did not end finished. Empty for one at work."""
        ended = self.row["ended"] or ""
        stands = ended == "finished" or self.row["ended_attempt"] == self.request["attempt"]
        return ended if stands and ended in ENDS else ""

    @property
    def waits(self) -> bool:
        """Whether no condition has started it, in the present attempt of its request."""
        return bool(self.row["waits"]) and not self.end and self.row["opened_attempt"] != self.request["attempt"]

    @property
    def transform_status(self) -> str:
        """Name of its TransformStatus."""
        if self.end:
            return OF_REQUESTS.get(self.end, "Suspended")
        if self.waits:
            return "WaitForTrigger"
        held = {"suspended": "Suspended", "cancelling": "Cancelling", "expiring": "Expiring"}.get(self.request["status"])
        return held or ("New" if self.row["task_id"] is None else "Transforming")

    @property
    def processing_status(self) -> str:
        """Name of its ProcessingStatus."""
        if self.end:
            return OF_REQUESTS.get(self.end, "Suspended")
        if self.row["task_id"] is None or self.waits:
            return "New"
        status = "registered" if self.task is None else self.task["status"]
        return "Submitting" if status in IN_USE else OF_TASKS.get(status, "Submitted")

    def counters(self, relation: int) -> dict[str, int]:
        """Of its input or output: every job has one of each. Which of the released jobs runs, these rows do not say."""
        row = self.row
        total, ended_well, failed = row["nodes"], row["finished"], row["failed"]
        pruned, released = row["pruned"], row["released"]
        if not total and self.task is not None:  # a work without a graph: what its task has
            total, ended_well, failed = (self.task[f"files_{name}"] for name in ("total", "finished", "failed"))
            released = 0 if self.waits else total - ended_well - failed
        waiting = total - released - ended_well - failed - pruned
        found = dict.fromkeys(COUNTERS, 0) | {"total_files": total, "new_files": waiting, "missing_files": pruned}
        if relation == INPUT:
            return found | {"processed_files": released + ended_well + failed}
        return found | {"processed_files": ended_well, "failed_files": failed, "processing_files": released}

    def collection_id(self, relation: int) -> int:
        """Its number in the request: two of each work."""
        return 2 * self.transform_id - 1 + relation

    def collection_name(self) -> str:
        """The dataset with the names of its jobs, else the name of the work."""
        return str(self.row["dataset"] or self.row["name"])

    def collection_status(self) -> str:
        """Name of the CollectionStatus."""
        if self.end:
            return COLLECTION_ENDS.get(self.end, "Suspended" if self.end == "suspended" else "Closed")
        return "New" if self.row["task_id"] is None or self.waits else "Open"


def enumerated(kind: str, name: str) -> Shown:
    """A value of an enumeration of `idds.common.constants`, as clients make one of it."""
    value = ENUMERATIONS[CONSTANTS, kind][name]
    return {"class": kind, "module": CONSTANTS, "attributes": {"_value_": value, "_name_": name, "_sort_order_": 0}}


def numbered(kind: str, value: int) -> Shown | int:
    """The same by its number; the number where the enumeration has none."""
    name = next((name for name, one in ENUMERATIONS[CONSTANTS, kind].items() if one == value), None)
    return value if name is None else enumerated(kind, name)


def moment(microseconds: int | None) -> str | None:
    """A time as text, `Mon, 23 Nov 2026 22:26:41 UTC`."""
    return None if microseconds is None else formatdate(microseconds // 1_000_000, usegmt=True).replace("GMT", "UTC")


def request_row(row: Mapping[str, Any]) -> Shown:
    """A request without its works."""
    status = enumerated("RequestStatus", OF_REQUESTS.get(row["status"], "New"))
    idle = enumerated("RequestLocking", "Idle")
    said = ("scope", "name", "requester", "transform_tag", "priority")
    optional = ("campaign", "campaign_scope", "campaign_group", "campaign_tag", "cloud", "site", "queue")
    lifetime = row["lifetime_seconds"]
    expires = None if lifetime is None else row["created_at"] + lifetime * 1_000_000
    return {
        "request_id": row["request_id"],
        **{name: row[name] for name in said},
        "request_type": numbered("RequestType", row["request_type"]),
        "username": row["user_name"],
        "userdn": None,
        "workload_id": None,
        "status": status,
        "substatus": status,
        "oldstatus": status,
        "locking": idle,
        **{name: row[name] or None for name in optional},
        "created_at": moment(row["created_at"]),
        "updated_at": moment(row["modified_at"]),
        "accessed_at": moment(row["modified_at"]),
        "next_poll_at": None,
        "expired_at": moment(expires),
        "new_retries": 0,
        "update_retries": max(row["attempt"] - 1, 0),
        "errors": {"msg": row["message"]} if row["message"] else {},
    }


def detailed_row(shown: Mapping[str, Any], work: WorkShown | None) -> Shown:
    """A request's row (of `request_row`) beside one of its works; nulls for a request that has none yet."""
    found = {**shown, **_TRANSFORM_OF_NONE}
    if work is None:
        return found
    row, task_id = work.row, work.row["task_id"]
    found |= {
        "transform_id": work.transform_id,
        "transform_type": numbered("TransformType", row["work_type"]),
        "transform_name": row["name"],
        "transform_workload_id": task_id,
        "transform_status": enumerated("TransformStatus", work.transform_status),
        "transform_created_at": moment(row["created_at"]),
        "transform_updated_at": moment(row["modified_at"]),
        "transform_finished_at": moment(row["ended_at"] if work.end else None),
        "processing_id": work.transform_id,
        "processing_transform_id": work.transform_id,
        "processing_workload_id": task_id,
        "processing_status": enumerated("ProcessingStatus", work.processing_status),
        "processing_created_at": moment(row["started_at"]),
        "processing_updated_at": moment(row["modified_at"]),
        "processing_finished_at": moment(row["ended_at"] if work.end else None),
    }
    for prefix, relation in PREFIXES.items():
        found |= {
            f"{prefix}_coll_id": work.collection_id(relation),
            f"{prefix}_coll_transform_id": work.transform_id,
            f"{prefix}_coll_scope": SCOPE,
            f"{prefix}_coll_name": work.collection_name(),
            f"{prefix}_coll_status": enumerated("CollectionStatus", work.collection_status()),
            f"{prefix}_coll_bytes": 0,
            **{f"{prefix}_{name}": count for name, count in work.counters(relation).items()},
        }
    return found


_OF_COLLECTIONS = tuple(f"coll_{name}" for name in ("id", "transform_id", "scope", "name", "status", "bytes"))
_TRANSFORM_OF_NONE = dict.fromkeys(
    [f"transform_{name}" for name in ("id", "type", "name", "workload_id", "status", "created_at", "updated_at", "finished_at")]
    + [f"processing_{name}" for name in ("id", "transform_id", "workload_id", "status")]
    + [f"processing_{name}" for name in ("created_at", "updated_at", "finished_at")]
    + [f"{prefix}_{name}" for prefix in PREFIXES for name in (*_OF_COLLECTIONS, *COUNTERS)]
)


def transform_row(work: WorkShown) -> Shown:
    """A work as a transform."""
    row, status = work.row, enumerated("TransformStatus", work.transform_status)
    return {
        "transform_id": work.transform_id,
        "request_id": row["request_id"],
        "workload_id": row["task_id"],
        "transform_type": numbered("TransformType", row["work_type"]),
        "transform_tag": work.request["transform_tag"],
        "internal_id": row["internal_id"],
        "priority": work.request["priority"],
        "status": status,
        "substatus": status,
        "oldstatus": status,
        "locking": enumerated("TransformLocking", "Idle"),
        "retries": max(work.request["attempt"] - 1, 0),
        "current_processing_id": work.transform_id,
        "loop_index": 1,
        "site": work.request["site"] or None,
        "name": row["name"],
        "created_at": moment(row["created_at"]),
        "updated_at": moment(row["modified_at"]),
        "started_at": moment(row["started_at"]),
        "finished_at": moment(row["ended_at"] if work.end else None),
        "expired_at": None,
        "errors": {},
    }


def collection_row(work: WorkShown, relation: int) -> Shown:
    """The input or output of a work as a collection."""
    status = enumerated("CollectionStatus", work.collection_status())
    return {
        "coll_id": work.collection_id(relation),
        "request_id": work.row["request_id"],
        "workload_id": work.row["task_id"],
        "transform_id": work.transform_id,
        "coll_type": enumerated("CollectionType", "PseudoDataset"),
        "relation_type": numbered("CollectionRelationType", relation),
        "scope": SCOPE,
        "name": work.collection_name(),
        "status": status,
        "substatus": status,
        "bytes": 0,
        **work.counters(relation),
        "ext_files": 0,
        "processed_ext_files": 0,
        "failed_ext_files": 0,
        "missing_ext_files": 0,
        "created_at": moment(work.row["created_at"]),
        "updated_at": moment(work.row["modified_at"]),
    }
