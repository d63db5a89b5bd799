"""Rows as the read models hold them, with what lists show."""

from typing import Any

AT = 1_800_000_000_000_000
ESC = "\x1b[2J\u202eevil"


def a_task(task_id: int = 10_000_001, **changes: Any) -> dict[str, Any]:
    """A running task of Jane's with four input units, one of which is done."""
    row = {
        "task_id": task_id, "name": "user.jdoe.t1", "vo": "wlcg", "owner": "subject-jane", "user_name": "Jane Doe",
        "nickname": "jdoe", "label": "user", "working_group": None, "status": "running", "super_status": "running",
        "priority": 900, "current_priority": 900, "created_at": AT, "modified_at": AT, "started_at": AT, "ended_at": None,
        "files_total": 4, "files_used": 1, "files_finished": 1, "files_failed": 0, "jobs_live": 3, "jobs_total": 4,
        "message": "", "parent_task_id": None, "site": None, "attempt": 1, "sequence": 7,
    }  # fmt: skip
    return row | changes


def a_row_of_jobs(job_id: int = 100_000_010_000_001, **changes: Any) -> dict[str, Any]:
    """A job that runs at LOCAL."""
    row = {
        "job_id": job_id, "task_id": 10_000_001, "attempt": 1, "kind": "NORMAL", "name": "j1", "queue": "LOCAL",
        "status": "running", "sub_status": None, "priority": 900, "vo": "wlcg", "user_name": "Jane Doe", "label": "user",
        "processing_type": "panda-client", "share": "User", "resource_type": "SCORE", "core_count": 1, "created_at": AT,
        "started_at": AT, "ended_at": None, "modified_at": AT, "node": "wn1", "exit_code": None, "errors": [],
        "error_source": None, "error_code": None, "batch_id": None, "pilot_id": None,
    }  # fmt: skip
    return row | changes


def counted(column: str, **counts: int) -> list[dict[str, Any]]:
    """Counts by state, as the facets of a list have them."""
    return [{"which": 0, column: value, "count": count} for value, count in counts.items()]
