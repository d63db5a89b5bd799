"""Tasks into another global share through PanDA's call, and through Culm's own."""

from pathlib import Path
from typing import Any

import pytest

from api.native import commands
from api.panda.arguments import BadArgument
from api.panda.envelope import Reply
from api.panda.share_commands import reassign_global_share
from schemas.task import AssignShare
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, an_answer, run
from tests.api.harvester_stage import Stage
from tests.api.panda.builders import a_call
from tests.api.test_routes import headers

SHARES = [
    {"name": "Production", "parent": None, "percent": 70.0},
    {"name": "Analysis", "parent": None, "percent": 30.0},
    {"name": "Simulation", "parent": "Production", "percent": 100.0},
]
POLICY = {"from policy where name = 'shares'": [{"document": {"shares": SHARES}}]}


def asked(gateway: GatewayStandIn, home: Path, tables: Any = POLICY, **arguments: Any) -> Reply:
    given = {"task_id_list": [10_000_001, 10_000_002], "share": "Simulation", "reassign_running_jobs": False} | arguments
    reply: Reply = run(reassign_global_share(a_call(home, given, gateway=gateway, read_models=ReadModelsStandIn(tables))))
    return reply


def test_each_task_is_sent_its_share(tmp_path: Path) -> None:
    gateway = GatewayStandIn()

    reply = asked(gateway, tmp_path, reassign_running_jobs=True)

    assert reply == Reply(True, "share of 2 tasks is Simulation", 0)
    command = AssignShare(share="Simulation", running=True)
    assert gateway.sent == [(command, "10000001"), (command, "10000002")]


@pytest.mark.parametrize(
    ("share", "tables", "message"),
    [
        ("Production", POLICY, "share is 'Production', expected a leaf of the tree: Analysis, Simulation"),
        ("x" * 200, POLICY, f"share is '{'x' * 128}', expected a leaf of the tree: Analysis, Simulation"),
        ("Simulation", {}, "share is 'Simulation', and no shares are set"),
    ],
)
def test_what_is_no_leaf_is_refused_with_those_that_are(tmp_path: Path, share: str, tables: Any, message: str) -> None:
    gateway = GatewayStandIn()

    reply = asked(gateway, tmp_path, tables, share=share)

    assert reply == Reply(False, message, 2)
    assert gateway.sent == []


def test_a_task_that_is_refused_is_named_and_the_others_are_moved(tmp_path: Path) -> None:
    answers = iter([an_answer(accepted=False, reason="UNKNOWN_TASK", message="no task 10000001"), an_answer()])
    gateway = GatewayStandIn(lambda *_: next(answers))

    reply = asked(gateway, tmp_path)

    assert reply == Reply(False, "task 10000001: no task 10000001", 1)
    assert len(gateway.sent) == 2


def test_a_list_that_is_too_long_or_no_numbers_is_refused(tmp_path: Path) -> None:
    for ids in (list(range(1, 202)), ["x"]):
        with pytest.raises(BadArgument):
            asked(GatewayStandIn(), tmp_path, task_id_list=ids)


def test_culm_s_own_route_refuses_a_share_that_is_no_leaf(tmp_path: Path) -> None:
    stage = Stage(tmp_path, only=[commands.build_router])
    owned = {"owner": "jdoe", "vo": "wlcg"}
    stage.rows.tables |= POLICY | {"from task where task_id": [owned]}

    answer = stage.client.post(
        "/v1/commands/AssignShare",
        json={"aggregate_id": "10000001", "share": "Production"},
        headers=headers(tmp_path, "wlcg/production", "wlcg/operator", "wlcg/admin"),
    )

    assert answer.status_code == 400
    assert "expected a leaf of the tree: Analysis, Simulation" in answer.text
    assert stage.gateway.sent == []
