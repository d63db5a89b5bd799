"""Workers, names, datasets and policies: what each refuses."""

from typing import Any

import pytest

from commands.snapshot import MAIN
from commands.worker.snapshot import restored, rows
from schemas.dataset import CloseDataset, RegisterFiles
from schemas.policy import ConfigureQueue, SetIssuers, SetRetryRules, SetShares
from schemas.records import replace
from schemas.task_name import ClaimTaskName
from schemas.types import (
    DatasetFile,
    GlobalShare,
    IssuerProfile,
    QueueSettings,
    RetryAction,
    RetryRule,
    TrustedIssuer,
    WorkerMode,
    WorkerState,
)
from schemas.worker import ReportWorker, WantWorkers, WorkerEnded, WorkerEndReported
from tests.commands.builders import QUEUE, a_queue
from tests.commands.in_memory import Culm, a_culm
from tests.identity.builders import an_issuer

A_FILE = DatasetFile(lfn="f", scope="user.jdoe", size_bytes=1, checksum="ad:1", endpoint="E")


def test_a_task_name_belongs_to_the_first_who_claims_it() -> None:
    culm = a_culm()

    first = culm.send(ClaimTaskName(name="t/", task_id=1), "wlcg/user/jdoe/t/")
    second = culm.send(ClaimTaskName(name="t/", task_id=2), "wlcg/user/jdoe/t/")
    again = culm.send(ClaimTaskName(name="t/", task_id=1), "wlcg/user/jdoe/t/")

    assert (first.accepted, second.reason, second.message, again.accepted) == (True, "NAME_IN_USE", "1", True)


@pytest.mark.parametrize(
    ("replaces", "actor", "vo", "accepted"),
    [(1, "jdoe", "wlcg", True), (3, "jdoe", "wlcg", False), (1, "mallory", "wlcg", False), (1, "jdoe", "other", False)],
)
def test_a_name_is_taken_from_the_task_that_its_owner_names_only(replaces: int, actor: str, vo: str, accepted: bool) -> None:
    culm = a_culm()
    key = "wlcg/user/jdoe/t/"
    culm.send(ClaimTaskName(name="t/", task_id=1), key)

    answer = culm.send(ClaimTaskName(name="t/", task_id=2, replaces_task_id=replaces), key, actor=actor, vo=vo)

    assert (answer.accepted, culm.state("task_name", key).task_id) == (accepted, 2 if accepted else 1)


@pytest.mark.parametrize("key", ["", "x", "a/b", "///"])
def test_a_name_under_an_odd_key_is_no_ones_own(key: str) -> None:
    culm = a_culm()
    culm.send(ClaimTaskName(name="t/", task_id=1), key or "-")

    answer = culm.send(ClaimTaskName(name="t/", task_id=2, replaces_task_id=1), key or "-")

    assert answer.reason in ("NOT_PERMITTED", "NAME_IN_USE")


def test_a_file_name_means_one_content_for_ever() -> None:
    culm = a_culm()
    culm.send(RegisterFiles(files=(A_FILE,)), "d")

    answer = culm.send(RegisterFiles(files=(replace(A_FILE, checksum="ad:2"),)), "d")

    assert answer.reason == "CHECKSUM_DIFFERS"
    assert answer.message == "f has checksum ad:1, cannot be registered again with ad:2"


def test_registering_a_file_again_changes_nothing() -> None:
    culm = a_culm()
    culm.send(RegisterFiles(files=(A_FILE,)), "d")

    assert culm.send(RegisterFiles(files=(A_FILE,)), "d").event_types == ()


def test_a_closed_dataset_takes_no_file() -> None:
    culm = a_culm()
    culm.send(RegisterFiles(files=(A_FILE,)), "d")
    culm.send(CloseDataset(), "d")

    assert culm.send(RegisterFiles(files=(replace(A_FILE, lfn="g"),)), "d").reason == "DATASET_CLOSED"


def test_a_stranger_cannot_add_to_a_dataset() -> None:
    culm = a_culm()
    culm.send(RegisterFiles(files=(A_FILE,)), "d")

    assert culm.send(RegisterFiles(files=(A_FILE,)), "d", actor="mallory").reason == "NOT_PERMITTED"


def test_wanting_the_same_number_of_workers_again_is_no_news() -> None:
    culm = a_culm()

    assert culm.send(WantWorkers(wanted=2), QUEUE, role="system").event_types == ("WorkersWanted",)
    assert culm.send(WantWorkers(wanted=2), QUEUE, role="system").event_types == ()


def test_a_worker_that_ended_cannot_run_again() -> None:
    culm = a_culm()
    for state in (WorkerState.SUBMITTED, WorkerState.RUNNING, WorkerState.FINISHED):
        culm.send(ReportWorker(worker_id="w", harvester_id="h", state=state), QUEUE, role="pilot")

    answer = culm.send(ReportWorker(worker_id="w", harvester_id="h", state=WorkerState.RUNNING), QUEUE, role="pilot")

    assert answer.message == "worker w ended already and cannot be running"


def test_a_workers_end_said_twice_is_harmless() -> None:
    culm = a_culm()
    ended = ReportWorker(worker_id="w", harvester_id="h", state=WorkerState.FAILED)

    assert culm.send(ended, QUEUE, role="pilot").event_types == ("WorkerEnded",)
    assert culm.send(ended, QUEUE, role="pilot").event_types == ()


def ended_by_the_word_of(culm: Culm, **told: Any) -> tuple[str, ...]:
    """The events of the batch system's word about the worker, after its pilot has said that it finished."""
    command = ReportWorker(worker_id="w", harvester_id="h", state=WorkerState.OUT_OF_MEMORY, **told)
    found: tuple[str, ...] = culm.send(command, QUEUE, role="pilot").event_types
    return found


def test_what_the_batch_system_says_after_the_pilot_is_kept_once_and_the_end_stays() -> None:
    culm = a_culm()
    for state in (WorkerState.RUNNING, WorkerState.FINISHED):
        culm.send(ReportWorker(worker_id="w", harvester_id="h", state=state), QUEUE, role="pilot")

    first = ended_by_the_word_of(culm, native_state="OUT_OF_MEMORY", reason="OutOfMemory", signal=9)
    again = ended_by_the_word_of(culm, native_state="OUT_OF_MEMORY", reason="OutOfMemory", signal=9)

    assert (first, again) == (("WorkerEndReported",), ())
    kept = culm.last(WorkerEndReported)
    assert (kept.state, kept.native_state, kept.reason, kept.signal) == ("OUT_OF_MEMORY", "OUT_OF_MEMORY", "OutOfMemory", 9)
    assert culm.last(WorkerEnded).state is WorkerState.FINISHED
    assert "w" not in culm.state("worker", QUEUE).live


def test_no_evidence_is_kept_of_an_end_that_the_batch_system_told_itself_nor_of_another_organisations_worker() -> None:
    own, other = a_culm(), a_culm()
    for culm, native_state in ((own, "OOM"), (other, "")):
        for state in (WorkerState.RUNNING, WorkerState.FAILED):
            report = ReportWorker(worker_id="w", harvester_id="h", state=state, native_state=native_state)
            culm.send(report, QUEUE, role="pilot")
    word = ReportWorker(worker_id="w", harvester_id="h", state=WorkerState.OUT_OF_MEMORY, native_state="OOM")

    assert own.send(word, QUEUE, role="pilot").event_types == ()
    assert other.send(word, QUEUE, role="pilot", vo="atlas").event_types == ()
    assert other.send(word, QUEUE, role="pilot").event_types == ("WorkerEndReported",)


def test_which_ends_the_batch_system_has_told_stands_in_the_rows() -> None:
    culm = a_culm()
    for name, native_state in (("w", ""), ("v", "COMPLETED"), ("u", "")):
        end = ReportWorker(worker_id=name, harvester_id="h", state=WorkerState.FINISHED, native_state=native_state)
        culm.send(end, QUEUE, role="pilot")
    ended_by_the_word_of(culm, native_state="OOM")
    workers = culm.state("worker", QUEUE)

    (row,) = (row for name, row in rows(workers, {MAIN}) if name == MAIN)

    assert (list(workers.ended), dict(workers.open_ends)) == (["w", "v", "u"], {"u": "wlcg"})
    again = restored({MAIN: row})
    assert (again.ended, again.open_ends) == (workers.ended, workers.open_ends)


def test_configuring_a_queue_reaches_the_queue_itself() -> None:
    culm = a_culm()

    a_queue(culm, core_count=8)

    assert culm.state("queue", QUEUE).settings.core_count == 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workdir_mb_max": 0}, "settings.workdir_mb_max: found 0, expected 1 to 100,000,000,000"),
        ({"lease_seconds": -1}, "settings.lease_seconds: found -1, expected 1 to 10,000,000"),
        ({"pilots_max": -2}, "settings.pilots_max: found -2, expected 0 to 1,000,000"),
        ({"rss_mb_min": 3, "rss_mb_max": 2}, f"queue {QUEUE}: rss_mb_min is 3, expected at most rss_mb_max 2"),
        ({"harvester_workflow": "x"}, f"queue {QUEUE}: harvester_workflow is 'x', expected one of pull_ups, pull, push"),
        ({"harvester": "h"}, f"queue {QUEUE}: rss_mb_max is 0, expected the memory of workers that Harvester h asks for"),
        ({"mode": WorkerMode.UNKNOWN}, f"queue {QUEUE}: mode is UNKNOWN, expected PULL or PUSH"),
        (
            {"mode": WorkerMode.PUSH, "standby_min": 1},
            f"queue {QUEUE}: standby_min is 1, expected 0 in mode PUSH, where a worker is started for a job",
        ),
        (
            {"mode": WorkerMode.PUSH, "harvester": "h", "rss_mb_max": 4_000},
            f"queue {QUEUE}: mode is PUSH, expected PULL, as Harvester h serves the queue (harvester_workflow is its own)",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(changes: dict[str, int | str], message: str) -> None:
    culm = a_culm()
    settings = replace(QueueSettings(name=QUEUE, site="S"), **changes)

    answer = culm.send(ConfigureQueue(settings=settings), f"queue.{QUEUE}", role="operator")

    assert answer.message == message


def test_a_user_cannot_configure_a_queue() -> None:
    culm = a_culm()

    answer = culm.send(ConfigureQueue(settings=QueueSettings(name=QUEUE, site="S")), f"queue.{QUEUE}")

    assert answer.reason == "NOT_PERMITTED"


def test_shares_that_do_not_add_up_are_refused() -> None:
    culm = a_culm()
    shares = (GlobalShare(name="a", percent=60.0), GlobalShare(name="b", percent=30.0))

    answer = culm.send(SetShares(shares=shares), "shares", role="operator")

    assert answer.message == "shares below the top add up to 90 percent, expected 100"


def test_a_retry_rule_with_a_broken_pattern_is_refused() -> None:
    culm = a_culm()
    rule = RetryRule(source="pilot", code=1, pattern="(", action=RetryAction.NO_RETRY)

    answer = culm.send(SetRetryRules(rules=(rule,)), "retry_rules", role="operator")

    assert answer.message is not None
    assert answer.message.startswith("rule 0: pattern '(' is not a regular expression")


def test_only_an_administrator_sets_issuers() -> None:
    culm = a_culm()

    by_operator = culm.send(SetIssuers(issuers=(an_issuer(),)), "issuers", role="operator")
    by_administrator = culm.send(SetIssuers(issuers=(an_issuer(),)), "issuers", role="administrator")

    assert (by_operator.reason, by_administrator.event_types) == ("NOT_PERMITTED", ("IssuersSet",))


def test_two_who_change_the_issuers_do_not_undo_each_other() -> None:
    culm = a_culm()
    other = an_issuer(issuer="https://other.example")
    culm.send(SetIssuers(issuers=(an_issuer(),), revision=0), "issuers", role="administrator")

    late = culm.send(SetIssuers(issuers=(other,), revision=0), "issuers", role="administrator")
    again = culm.send(SetIssuers(issuers=(an_issuer(), other), revision=1), "issuers", role="administrator")

    assert (late.reason, again.accepted) == ("STALE", True)


@pytest.mark.parametrize(
    ("issuers", "why"),
    [
        ((an_issuer(), an_issuer(issuer="https://iam.example.org")), "issuer https://iam.example.org/ is named twice"),
        ((an_issuer(vos=()),), "needs at least one organisation"),
        ((an_issuer(audiences=()),), "needs at least one organisation, one audience"),
        ((an_issuer(algorithms=()),), "needs at least one organisation, one audience and one algorithm"),
        ((an_issuer(profile=IssuerProfile.UNKNOWN),), "a profile or an algorithm that is not known"),
    ],
)
def test_issuers_that_cannot_be_used_are_refused(issuers: tuple[TrustedIssuer, ...], why: str) -> None:
    answer = a_culm().send(SetIssuers(issuers=issuers), "issuers", role="administrator")

    assert answer.reason == "BAD_ISSUERS"
    assert why in str(answer.message)
