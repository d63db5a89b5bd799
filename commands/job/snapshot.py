"""A job as one row. Once it has ended, the row holds what a late report meets and nothing else."""

from collections.abc import Collection, Iterator, Mapping
from sys import intern
from typing import Any

from commands.job.model import Job, JobStatus
from commands.snapshot import MAIN, Row, SnapshotForm, changes_main, has_main
from schemas.job import JobSnapshot


def rows(job: Job, names: Collection[str]) -> Iterator[Row]:
    """The one row."""
    yield (
        MAIN,
        JobSnapshot(
            status=job.status.value,
            job_id=job.job_id,
            attempt=job.attempt,
            queue=job.queue,
            lease_id=job.lease_id,
            kill_code=job.kill_code,
            lost=job.lost,
            late_reports=job.late_reports,
            needs_merge=job.needs_merge,
            outputs=job.outputs,
            owner=job.owner,
            vo=job.vo,
            holder=job.holder,
            uses_secrets=job.uses_secrets,
            node=job.node,
            pilot_id=job.pilot_id,
            worker_id=job.worker_id,
            rebind_max=job.rebind_max,
            returns=job.returns,
        ),
    )


def restored(found: Mapping[str, Any]) -> Job:
    """The job of its row."""
    row: JobSnapshot = found[MAIN]
    return Job(
        status=JobStatus(row.status),
        job_id=row.job_id,
        attempt=row.attempt,
        queue=row.queue,
        lease_id=row.lease_id,
        kill_code=row.kill_code,
        lost=row.lost,
        late_reports=row.late_reports,
        needs_merge=row.needs_merge,
        outputs=row.outputs,
        owner=intern(row.owner),
        vo=intern(row.vo),
        holder=intern(row.holder),
        uses_secrets=row.uses_secrets,
        node=intern(row.node),
        pilot_id=intern(row.pilot_id),
        worker_id=row.worker_id,
        rebind_max=row.rebind_max,
        returns=row.returns,
    )


SNAPSHOT = SnapshotForm(rows, restored, changes_main, has_main)
