"""States that no test of the aggregates ends with, for `make_rows.py`."""

from schemas.harvester import AcquireHarvesterCommands, OrderHarvester, ReportHarvester
from schemas.policy import SetRetryRules, SetShares
from schemas.task import PauseTask
from schemas.types import GlobalShare, HarvesterDemand, RetryAction, RetryRule, WorkerState
from schemas.worker import ReportWorker, WantWorkers
from tests.commands.builders import QUEUE, TASK, a_running_task
from tests.commands.in_memory import a_culm


def test_workers_that_live() -> None:
    """One that runs, one that ended, two that are wanted."""
    culm = a_culm()
    culm.send(WantWorkers(wanted=2), QUEUE)
    for worker_id, state in (("w", WorkerState.FINISHED), ("v", WorkerState.SUBMITTED), ("v", WorkerState.RUNNING)):
        assert culm.send(ReportWorker(worker_id=worker_id, harvester_id="h", state=state), QUEUE).accepted


def test_policies_that_are_set() -> None:
    """Shares, and rules for what is tried again."""
    culm = a_culm()
    shares = (GlobalShare(name="a", percent=60.0), GlobalShare(name="b", percent=40.0))
    rules = (RetryRule(source="pilot", code=1, pattern="disk .*", action=RetryAction.NO_RETRY),)
    assert culm.send(SetShares(shares=shares), "shares", role="operator").accepted
    assert culm.send(SetRetryRules(rules=rules), "retry_rules", role="operator").accepted


def test_a_task_on_hold() -> None:
    """Its jobs wait, and no pilot gets one."""
    culm = a_running_task()
    assert culm.send(PauseTask(), str(TASK)).accepted


def test_a_harvester_with_orders() -> None:
    """One that waits, and workers that are on their way."""
    culm = a_culm()
    demand = HarvesterDemand(queue=QUEUE, wanted=2, live=0, resource_type="SCORE")
    said = (ReportHarvester(version="0.7.5"), AcquireHarvesterCommands(count=1, demands=(demand,)))
    for command in said:
        assert culm.send(command, "wlcg/one", actor="h", role="pilot").accepted
    assert culm.send(OrderHarvester(command="KILL_WORKERS"), "wlcg/one", actor="op", role="operator").accepted
