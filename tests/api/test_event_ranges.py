"""Ranges of events for pilots: no client says itself what its job reads."""

from pathlib import Path

from api.native import commands
from tests.api.harvester_stage import Stage
from tests.api.test_routes import headers


def test_a_client_does_not_say_itself_what_its_job_reads(tmp_path: Path) -> None:
    stage = Stage(tmp_path, only=[commands.build_router])
    of_another = {"file_id": 1, "lfn": "a.root", "events": 10}
    command = {"aggregate_id": "7", "job_id": 70, "lease_id": "x", "count": 1, "events_per_range": 1, "inputs": [of_another]}

    answer = stage.client.post("/v1/commands/AcquireRanges", json=command, headers=headers(tmp_path, "wlcg/pilot"))

    assert (answer.status_code, stage.gateway.sent) == (400, [])
    assert answer.json()["detail"] == "AcquireRanges: found a command of a client, expected none: Culm knows its input"
