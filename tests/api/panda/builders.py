"""Calls, task rows and job rows with defaults, so that a test names only what matters to it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from api.config import ApiConfig
from api.panda.calls import Call
from api.queries.read_models import Row
from identity.identity import Identity
from process.addresses import ApiAddresses
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, a_request, an_identity, services_of

NOON = 1_769_860_800_000_000
"""2026-01-31 12:00:00 UTC, in microseconds."""


@dataclass(slots=True)
class RecordingReadModels(ReadModelsStandIn):
    """Remembers what was asked too."""

    asked: list[tuple[str, Any]] = field(default_factory=list)

    async def rows(self, sql: str, parameters: Any = ()) -> list[Row]:
        """The rows of the first text that occurs in the query."""
        self.asked.append((sql, parameters))
        return next((list(rows) for text, rows in self.tables.items() if text in sql), [])

    async def row(self, sql: str, parameters: Any = ()) -> Row | None:
        """The first of them."""
        rows = await self.rows(sql, parameters)
        return rows[0] if rows else None


def a_call(
    home: Path,
    arguments: dict[str, Any],
    *,
    gateway: GatewayStandIn | None = None,
    read_models: ReadModelsStandIn | None = None,
    identity: Identity | None = None,
) -> Call:
    """A call of Jane's."""
    addresses = ApiAddresses.at("http://127.0.0.1:25080")
    config = ApiConfig(home, addresses, "127.0.0.1:1", "http://127.0.0.1:1", "postgresql://", vos=("wlcg",))
    services = services_of(gateway or GatewayStandIn(), read_models or RecordingReadModels(), config)
    return Call(services, identity or an_identity(), arguments, cast(Any, a_request()))


def a_task_row(**changes: Any) -> Row:
    """A row of `task`: one of three files done, one failed."""
    row: Row = {
        "task_id": 10_000_001,
        "name": "user.jdoe.t1/",
        "vo": "wlcg",
        "owner": "subject-jane",
        "user_name": "Jane Doe",
        "nickname": "jdoe",
        "label": "user",
        "working_group": None,
        "status": "running",
        "old_status": None,
        "super_status": "running",
        "priority": 1000,
        "current_priority": 1000,
        "created_at": NOON,
        "modified_at": NOON + 300_999_999,
        "started_at": None,
        "ended_at": None,
        "files_total": 3,
        "files_used": 3,
        "files_finished": 1,
        "files_failed": 1,
        "jobs_live": 1,
        "jobs_total": 3,
        "message": None,
        "parameters": '{"taskName":"user.jdoe.t1/","cliParams":"prun --exec x","processingType":"panda-client-2.2.0-jedi-run"}',
        "definition": None,
        "parent_task_id": None,
        "site": None,
        "attempt": 1,
        "sequence": 9,
    }
    return row | changes


def a_job_row(**changes: Any) -> Row:
    """A row of `job`: finished, without input, with one output and a log."""
    outputs = [an_output("out.txt", "OUTPUT", "user.jdoe.t1_out.txt"), an_output("job.log.tgz", "LOG", "user.jdoe.t1.log")]
    row: Row = {
        "job_id": 100_000_010_000_001,
        "task_id": 10_000_001,
        "attempt": 1,
        "serial": 1,
        "kind": "NORMAL",
        "name": "user.jdoe.t1.100000010000001",
        "queue": "LOCAL",
        "status": "finished",
        "sub_status": None,
        "priority": 1000,
        "vo": "wlcg",
        "owner": "subject-jane",
        "user_name": "Jane Doe",
        "label": "user",
        "processing_type": "panda-client-2.2.0-jedi-run",
        "share": "Undefined",
        "resource_type": "SCORE",
        "core_count": 1,
        "ram_mb_min": 2000,
        "spec": a_spec(outputs=outputs),
        "created_at": NOON,
        "activated_at": NOON,
        "sent_at": NOON,
        "started_at": NOON + 10_000_000,
        "ended_at": NOON + 75_000_000,
        "modified_at": NOON + 75_000_000,
        "node": "worker1",
        "pilot": "p",
        "pilot_id": "LOCAL-1",
        "batch_id": None,
        "lease_id": None,
        "order_kill": False,
        "kill_code": None,
        "exit_code": 0,
        "errors": [],
        "usage": {"cpu_seconds": 12.5, "cpu_unit": "s", "events": None},
        "outputs": [{"lfn": "out.txt", "size_bytes": 12, "checksum": "ad:1", "guid": "g1", "endpoint": "LOCAL_DISK"}],
        "metadata": None,
        "log_extract": None,
        "merge_job_id": None,
        "sequence": 7,
    }
    return row | changes


def a_spec(**changes: Any) -> dict[str, Any]:
    """What a job was made of, as the read model keeps it."""
    spec: dict[str, Any] = {
        "transformation": "http://127.0.0.1/trf/user/runGen-00-00-02",
        "parameters": "-p echo",
        "working_group": None,
        "disk_mb_max": 0,
        "walltime_seconds_max": 0,
        "container_name": None,
        "events": 1,
        "inputs": [],
        "outputs": [],
    }
    return spec | changes


def an_output(lfn: str, role: str, dataset: str) -> dict[str, Any]:
    """An output that a job was to make."""
    return {"lfn": lfn, "role": role, "dataset": dataset, "scope": "user.jdoe"}
