"""Commands on jobs through PanDA's calls: which jobs, with which code and options, and how the answer counts them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.log.later import micros_of
from api.panda import job_commands, task_changes, task_commands
from api.panda.arguments import BadArgument
from api.panda.envelope import Reply
from api.panda.sending import CommandOptions, DecidedOnly, OrderedForLater
from identity.identity import Identity
from schemas.job import KillJob
from schemas.task import ChangeSplitRule, KillTask, ReassignTask, WakeTask
from tests.api.builders import GatewayStandIn, an_answer, an_identity, run
from tests.api.panda.builders import RecordingReadModels, a_call, a_job_row, a_task_row

JOBS = [100_000_100_000_001, 100_000_100_000_002]
ROWS = {
    "select job_id from job where task_id": [{"job_id": number} for number in JOBS],
    "from job": [a_job_row(job_id=number, status="activated") for number in JOBS],
    "from task where": [a_task_row()],
}
DONE = an_answer(event_types=("JobCancelled",), jobs_hit=1)


class Asked:
    """One call of Jane's, or of another, and what was sent."""

    def __init__(self, home: Path, identity: Identity | None = None) -> None:
        self.gateway = GatewayStandIn(lambda *_: DONE)
        self._home, self._identity = home, identity

    def reply(self, function: Any, options: CommandOptions | None = None, **arguments: Any) -> Reply:
        """The reply to the call."""
        call = a_call(
            self._home, arguments, gateway=self.gateway, read_models=RecordingReadModels(dict(ROWS)), identity=self._identity
        )
        found: Reply = run(function(replace(call, options=options or CommandOptions())))
        return found


def test_options_of_a_kill_reach_the_decider(tmp_path: Path) -> None:
    asked = Asked(tmp_path)

    reply = asked.reply(job_commands.kill, job_ids=JOBS[:1], code=9, kill_options=["keepUnmerged", "jobSubStatus=es_noevent"])

    assert reply.data == [True]
    ((command, key),) = asked.gateway.sent
    assert key == str(JOBS[0])
    assert command == KillJob(
        code=9, reason="killed through the PanDA API", keep_unmerged=True, sub_status="es_noevent"
    )


@pytest.mark.parametrize("option", ["keep", "jobSubStatus=", "jobSubStatus=a b", "jobSubStatus=" + "x" * 65, 7, None])
def test_an_unknown_option_of_a_kill_is_refused_by_name(tmp_path: Path, option: Any) -> None:
    with pytest.raises(BadArgument, match=r"kill_options holds .*, expected keepUnmerged or jobSubStatus="):
        Asked(tmp_path).reply(job_commands.kill, job_ids=JOBS[:1], code=3, kill_options=[option])


@pytest.mark.parametrize("code", [1, 5, 6, 11, 49, 53, 90, 98, 100, -3])
def test_a_code_that_is_not_in_the_table_is_refused(tmp_path: Path, code: int) -> None:
    with pytest.raises(BadArgument, match=f"code is {code}, expected one of 2, 3, 4, 7"):
        Asked(tmp_path).reply(job_commands.kill, job_ids=JOBS[:1], code=code)


def test_all_unfinished_jobs_of_a_task_are_killed(tmp_path: Path) -> None:
    asked = Asked(tmp_path)

    reply = asked.reply(job_commands.kill_unfinished_jobs, task_id=10_000_001, code=None)

    assert reply.data == [True, True]
    assert [(command.code, key) for command, key in asked.gateway.sent] == [(3, str(number)) for number in JOBS]


def test_reassigned_jobs_get_the_code_that_takes_waiting_jobs_only(tmp_path: Path) -> None:
    asked = Asked(tmp_path)

    asked.reply(job_commands.reassign, job_ids=JOBS)

    assert [command.code for command, _ in asked.gateway.sent] == [51, 51]


def test_a_dry_run_counts_jobs_and_a_reason_is_kept(tmp_path: Path) -> None:
    asked = Asked(tmp_path)

    reply = asked.reply(job_commands.kill, CommandOptions("ticket 7", dry_run=True), job_ids=JOBS, code=3)

    assert reply == Reply(True, "dry run: 2 jobs", {"jobs": 2, "input_units": 0})
    assert {command.reason for command, _ in asked.gateway.sent} == {"ticket 7"}


def test_a_dry_run_of_a_task_ends_the_call_with_its_counts(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    asked.gateway.answer = lambda *_: an_answer(jobs_hit=12, units_hit=30, dry_run=True)

    with pytest.raises(DecidedOnly) as found:
        asked.reply(task_commands.kill, CommandOptions("x", dry_run=True), task_id=10_000_001)

    assert (found.value.jobs, found.value.units) == (12, 30)
    assert asked.gateway.sent == [(KillTask(reason="x"), "10000001")]


def test_a_command_with_a_time_is_ordered_for_later_with_its_fields_and_reason(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    at = micros_of("2026-12-24 18:00:00")

    with pytest.raises(OrderedForLater, match=r"FinishTask is ordered for 2026-12-24T18:00:00\.000Z"):
        asked.reply(task_commands.finish, CommandOptions("feast", at=at), task_id=10_000_001, soft=True)

    ((order, key),) = asked.gateway.sent
    assert (order.at, order.command, order.reason, key) == (at, "FinishTask", "feast", "10000001")
    assert json.loads(order.fields_json) == {"soft": True, "reason": "feast"}
    with pytest.raises(BadArgument, match="'at' is for commands on tasks"):
        asked.reply(job_commands.kill, CommandOptions(at=at), job_ids=JOBS, code=3)


def test_an_order_for_a_pilot_is_of_production_and_is_tobekilled(tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"job_id": JOBS[0], "command": "tobekilled"}
    by_user, by_production = Asked(tmp_path), Asked(tmp_path, an_identity(role="production", roles=frozenset({"production"})))

    refused, done = (asked.reply(job_commands.set_command, **arguments) for asked in (by_user, by_production))

    assert (refused.success, by_user.gateway.sent) == (False, [])
    assert (done.success, [command.code for command, _ in by_production.gateway.sent]) == (True, [3])
    with pytest.raises(BadArgument, match="command is 'debug', expected tobekilled"):
        by_production.reply(job_commands.set_command, job_id=JOBS[0], command="debug")


def test_a_split_rule_is_changed_by_its_code(tmp_path: Path) -> None:
    asked = Asked(tmp_path)

    reply = asked.reply(task_changes.change_split_rule, task_id=10_000_001, attribute_name="NF", value=4)

    assert reply == Reply(True, "NF of task 10000001 is 4", 0)
    assert asked.gateway.sent == [(ChangeSplitRule(code="NF", value=4), "10000001")]


def test_an_earlier_modification_time_wakes_the_task_and_a_later_one_means_nothing(tmp_path: Path) -> None:
    asked = Asked(tmp_path)

    reply = asked.reply(task_changes.change_modification_time, task_id=10_000_001, hour_offset=-6)

    assert (reply.data, asked.gateway.sent) == (0, [(WakeTask(cause="OPERATOR"), "10000001")])
    with pytest.raises(BadArgument, match="hour_offset is 1, expected 0 or less"):
        asked.reply(task_changes.change_modification_time, task_id=10_000_001, hour_offset=1)


def test_a_nucleus_is_given_to_the_task_which_goes_back_to_its_status(tmp_path: Path) -> None:
    asked = Asked(tmp_path)

    reply = asked.reply(task_commands.reassign, task_id=10_000_001, site=None, cloud=None, nucleus="CERN", mode=None)

    assert (reply.success, reply.data) == (True, 0)
    assert asked.gateway.sent == [(ReassignTask(nucleus="CERN", mode="kill"), "10000001")]
