"""Facts of sources outside with odd values: refused by the field, and nothing of them stands."""

import math
from typing import Any

import pytest

from tests.hostile.cases import Cases
from tests.hostile.naughty import raw

pytestmark = pytest.mark.stack


@pytest.mark.parametrize(
    ("fact", "problem"),
    [
        ({"storage": {"name": "D", "space_total_gb": "12 TB"}}, "space_total_gb"),
        ({"storage": {"space_total_gb": 1}}, "name"),
        ({"storage": {"name": "D", "space_total_gb": math.nan}}, "the body is not JSON: unexpected character"),
        ({"storage": {"name": "\ud800"}}, "the body is not JSON: no low surrogate"),
        ({"replicas": {"dataset": "s:d", "copies": raw("lists 300")}}, ""),
        ({"nodes": {"queue": "Q", "groups": [{}] * 2_001}}, "groups"),
    ],
    ids=["text for a size", "no name", "nan", "surrogate", "nested", "long"],
)
def test_an_odd_fact_of_a_source_outside_is_refused_by_its_field(cases: Cases, fact: dict[str, Any], problem: str) -> None:
    key, at = "storage.D", "2026-11-30T12:00:00Z"

    answer = cases.command("SetOutsideFact", key, cases.operator, source="hostile", source_at=at, fact=fact)

    assert answer["status"] == 400, answer
    assert problem in str(answer)
    assert cases.operator.get("/v1/sources/hostile").json()["facts"] == {}
    cases.lives_on()
