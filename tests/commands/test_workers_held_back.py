"""An order that would remove many pilots at once waits until it is confirmed."""

from commands.snapshot import MAIN
from commands.worker.snapshot import SNAPSHOT
from schemas.types import WorkerState
from schemas.worker import ClaimService, ConfirmWorkers, ReportWorker, WantWorkers, WorkersHeldBack, WorkersWanted
from tests.commands.builders import QUEUE
from tests.commands.in_memory import Culm, a_culm

SECOND = 1_000_000


def with_living(count: int) -> Culm:
    """A queue for which as many pilots are wanted as live."""
    culm = a_culm()
    want(culm, count)
    for number in range(count):
        culm.send(ReportWorker(worker_id=f"w{number}", harvester_id="h", state=WorkerState.RUNNING), QUEUE, role="pilot")
    return culm


def want(culm: Culm, number: int) -> tuple[str, ...]:
    """The events of an order."""
    command = WantWorkers(wanted=number, reason="figures", evaluated_at=culm.now)
    found: tuple[str, ...] = culm.send(command, QUEUE, role="system").event_types
    return found


def test_an_order_that_removes_more_than_a_tenth_and_more_than_5_is_held_back_and_says_why() -> None:
    culm = with_living(100)

    assert want(culm, 0) == ("WorkersHeldBack",)

    held = culm.last(WorkersHeldBack)
    assert (held.asked, held.wanted, held.live, held.removed, held.confirm_seconds) == (0, 100, 100, 100, 60)
    assert culm.state("worker", QUEUE).wanted == 100


def test_a_tenth_is_removed_at_once_and_so_are_5() -> None:
    assert want(with_living(100), 90) == ("WorkersWanted",)
    assert want(with_living(6), 1) == ("WorkersWanted",)
    assert want(with_living(6), 0) == ("WorkersHeldBack",)


def test_the_same_order_a_minute_later_is_believed() -> None:
    culm = with_living(100)
    want(culm, 0)

    culm.now += 59 * SECOND
    assert want(culm, 0) == ()
    culm.now += SECOND
    assert want(culm, 0) == ("WorkersWanted",)
    assert culm.last(WorkersWanted).wanted == 0


def test_a_count_that_flaps_removes_no_one() -> None:
    culm = with_living(100)

    told = []
    for _ in range(4):
        told += [*want(culm, 0), *want(culm, 100)]
        culm.now += 70 * SECOND

    assert told == ["WorkersHeldBack", "WorkersWanted"] * 4
    assert culm.last(WorkersWanted).wanted == 100


def test_pilots_that_left_by_themselves_are_not_removed_by_the_order() -> None:
    culm = with_living(100)
    for number in range(97):
        culm.send(
            ReportWorker(worker_id=f"w{number}", harvester_id="h", state=WorkerState.FINISHED), QUEUE, role="pilot"
        )

    assert want(culm, 0) == ("WorkersWanted",)


def test_an_operator_confirms_what_is_held_back_at_once() -> None:
    culm = with_living(100)
    want(culm, 3)

    confirmed = culm.send(ConfirmWorkers(wanted=3, why="the campaign is over"), QUEUE, role="operator", actor="ops")

    assert confirmed.event_types == ("WorkersWanted",)
    wanted = culm.last(WorkersWanted)
    assert (wanted.wanted, wanted.live, wanted.reason) == (3, 100, "confirmed by ops: the campaign is over")
    assert want(culm, 3) == ()


def test_an_operator_confirms_only_the_number_that_is_held_back() -> None:
    culm = with_living(100)
    nothing = culm.send(ConfirmWorkers(wanted=0), QUEUE, role="operator")
    want(culm, 0)
    other = culm.send(ConfirmWorkers(wanted=10), QUEUE, role="operator")

    assert (nothing.reason, nothing.message) == ("NOTHING_HELD_BACK", "no order is held back; 100 pilots are wanted")
    assert (other.reason, other.message) == ("OTHER_NUMBER", "wanted is 10, expected 0, the number that is held back")
    assert culm.state("worker", QUEUE).wanted == 100


def test_a_decider_that_restarts_knows_what_is_held_back() -> None:
    culm = with_living(100)
    want(culm, 0)
    state = culm.state("worker", QUEUE)

    restored = SNAPSHOT.restored(dict(SNAPSHOT.rows(state, {MAIN, *SNAPSHOT.names(state)})))

    assert restored.held == state.held


def test_an_operator_of_another_organisation_confirms_nothing() -> None:
    culm = with_living(100)
    culm.send(ClaimService(harvester_id="h", instance="i", epoch=1, seconds=60), QUEUE, role="pilot", vo="wlcg")
    want(culm, 0)

    refused = culm.send(ConfirmWorkers(wanted=0), QUEUE, role="operator", vo="other")

    assert refused.reason == "NOT_PERMITTED"
