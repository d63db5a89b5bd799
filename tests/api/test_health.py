"""Health tells any caller how much is wrong, and operators of the VO what."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

from api.app import create_app
from api.log.condition import HealthCondition
from api.native import health
from api.queries.read_models import Row
from api.queries.set_aside import Standing
from tests.api.builders import ReadModelsStandIn
from tests.api.test_routes import Client, headers, services_at


def test_health_tells_anyone_how_much_is_set_aside_and_operators_of_the_vo_which(tmp_path: Path) -> None:
    mark = {"aggregate": "task", "aggregate_id": "10000001", "sequence": 4, "kind": "bug", "message": "m", "vo": "wlcg"}

    class Marked(ReadModelsStandIn):
        asked: ClassVar[list[Any]] = []

        async def rows(self, sql: str, parameters: Any = ()) -> list[Row]:
            self.asked.append(parameters)
            return [mark | {"since": 0}] if "projection_set_aside" in sql else []

    read_models: Any = Marked()
    answering: Any = SimpleNamespace(
        answers=SimpleNamespace(ready=True, waiting=0), sender=SimpleNamespace(unsent=0), start=None, close=None,
        follow=lambda *_: None,
    )
    services = replace(services_at(tmp_path), read_models=read_models, gateway=answering, condition=cast(Any, OneSetAside()))
    client = Client(create_app(services, only=[health.build_router]))

    public = client.get("/v1/health").json()
    denied = client.get("/v1/health/details", headers=headers(tmp_path))
    answer = client.get("/v1/health/details", headers=headers(tmp_path, "wlcg/operator"))

    problems = ["Set aside, with rows as of an earlier event: task 1."]
    assert (public["status"], public["problems"], public["read_models"]) == ("degraded", problems, True)
    assert public["set_aside"] == {"total": 1, "by_kind": {"task": 1}, "records_passed_over": 0}
    assert "10000001" not in str(public)
    assert denied.status_code == 403
    assert answer.json() == {"set_aside": [mark | {"since": "1970-01-01T00:00:00.000Z"}]}
    assert Marked.asked[-1]["vo"] == "wlcg"


class OneSetAside:
    """The condition of a stack in which one task is set aside."""

    async def now(self) -> HealthCondition:
        """The condition."""
        return HealthCondition(("Set aside, with rows as of an earlier event: task 1.",), Standing({"task": 1}))
