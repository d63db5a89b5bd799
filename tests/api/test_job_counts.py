"""Calls below `statistics/` that count jobs: a tree of objects with the counts at its leaves."""

from pathlib import Path
from typing import Any

import pytest

from api import harvesters
from tests.api.harvester_stage import Stage


@pytest.fixture
def stage(api_home: Path) -> Stage:
    return Stage(api_home, only=[harvesters.build_router])



JOBS_BY_KIND = [
    {"queue": queue, "share": "Express", "resource_type": kind, "label": label, "processing_type": "evgen",
     "status": status, "count": count}
    for queue, kind, label, status, count in [
        ("HARV_PULL", "SCORE", "managed", "running", 3), ("HARV_PULL", "MCORE", "managed", "running", 2),
        ("HARV_PUSH", "SCORE", "managed", "activated", 7), ("HARV_PUSH", "SCORE", "user", "running", 1),
    ]
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("job_stats_by_cloud", {"HARV_PULL": {"running": 5}, "HARV_PUSH": {"activated": 7}}),
        ("job_stats_by_cloud?type=analysis", {"HARV_PUSH": {"running": 1}}),
        (
            "production_job_stats_by_cloud_and_processing_type",
            {"HARV_PULL": {"evgen": {"running": 5}}, "HARV_PUSH": {"evgen": {"activated": 7}}},
        ),
        (
            "job_stats_by_site_and_resource_type?time_window=60",
            {
                "HARV_PULL": {"SCORE": {"running": 3}, "MCORE": {"running": 2}},
                "HARV_PUSH": {"SCORE": {"activated": 7, "running": 1}},
            },
        ),
        (
            "job_stats_by_site_share_and_resource_type",
            {
                "HARV_PULL": {"Express": {"SCORE": {"running": 3}, "MCORE": {"running": 2}}},
                "HARV_PUSH": {"Express": {"SCORE": {"activated": 7, "running": 1}}},
            },
        ),
    ],
)
def test_jobs_are_counted_by_what_they_are(stage: Stage, call: str, expected: dict[str, Any]) -> None:
    stage.rows.tables["select queue, share"] = JOBS_BY_KIND

    assert stage.call(f"statistics/{call}") == {"success": True, "message": "", "data": expected}


def test_a_window_beyond_seven_days_and_an_unknown_type_are_refused_by_name(stage: Stage) -> None:
    window = stage.call("statistics/job_stats_by_site_and_resource_type?time_window=10081")
    kind = stage.call("statistics/job_stats_by_cloud?type=best")

    assert (window["success"], window["message"]) == (False, "Argument error: 'time_window' is 10081, expected 1 to 10080")
    assert (kind["success"], kind["message"]) == (False, "Argument error: type is 'best', expected production or analysis")
