"""The law about shares on a good history, and on the same with one thing broken: each break is found."""

from collections.abc import Callable
from typing import Any

import pytest

from check.laws import Seen
from check.report import judge_log
from check.shares import SharesInOrder
from schemas.queue import AssignJobShares, ConfigureDispatch, EndLease, EnqueueJob, LeaseJob
from schemas.ranking import RankShares
from schemas.records import replace
from schemas.share_tree import standings_of
from schemas.types import GlobalShare, LeaseEnding, PilotOffer, QueueSettings, ShareRanks
from tests.check.test_workers_law import seen_of
from tests.commands.in_memory import a_culm
from tests.commands.test_queue_lines import a_spec

TREE = (
    GlobalShare(name="Production", percent=70),
    GlobalShare(name="Analysis", percent=30),
    GlobalShare(name="Simulation", parent="Production", percent=60),
    GlobalShare(name="Derivation", parent="Production", percent=40),
)


def a_history() -> list[Seen]:
    """Twelve jobs of three shares and one of none, leased by two rankings; one lease ends, one job has two cores."""
    culm = a_culm()
    culm.send(ConfigureDispatch(settings=QueueSettings(name="Q", site="S")), "Q", role="system")
    for number in range(1, 14):
        share = ("Simulation", "Derivation", "Analysis", "Undefined")[min(number % 3, 2) if number < 13 else 3]
        spec = replace(a_spec(number), share=share, core_count=2 if number == 1 else 1)
        culm.send(EnqueueJob(spec=spec), "Q", role="system")
    for sequence, used in ((1, {"Analysis": 10.0}), (2, {"Derivation": 90.0, "Simulation": 20.0})):
        standings = standings_of(TREE, used)
        culm.send(RankShares(standings=standings, evaluated_at=sequence), "shares", role="system")
        for _ in range(4):
            ranks = ShareRanks(sequence=sequence, standings=standings)
            culm.send(LeaseJob(offer=PilotOffer(pilot="p", label=""), ranks=ranks), "Q", actor="p", role="pilot")
    culm.send(AssignJobShares(task_id=1, share="Derivation", running=True), "Q", role="system")
    first = next(event.job_id for event, _ in culm.events if type(event).__name__ == "JobLeased")
    culm.send(EndLease(job_id=first, ending=LeaseEnding.JOB_ENDED), "Q", role="system")
    return seen_of(culm, "queue", "ranking")


def found_in(records: list[Seen]) -> str:
    (result,) = judge_log(records, [SharesInOrder()])
    return result.first.found if result.first else ""


def broken(name: str, change: Callable[[Any], Any]) -> str:
    """What is found when the last event of this name says something else."""
    records = a_history()
    place = max(number for number, one in enumerate(records) if one.name == name)
    one = records[place]
    records[place] = Seen(one.place, one.role, one.aggregate, one.name, one.envelope, change(one.message))
    return found_in(records)


def test_a_good_history_breaks_no_law() -> None:
    assert found_in(a_history()) == ""


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("SharesRanked", lambda one: replace(one, order=one.order[::-1]), "shares are ranked"),
        (
            "SharesRanked",
            lambda one: replace(one, standings=(replace(one.standings[0], used=1.0), *one.standings[1:])),
            "share Production uses 1, the shares below it 110",
        ),
        (
            "SharesRanked",
            lambda one: replace(one, standings=(*one.standings[:3], replace(one.standings[3], pledged=1.0))),
            "share Derivation is pledged 1, expected 30.8",
        ),
        ("JobLeased", lambda one: replace(one, share_rank=one.share_rank + 1), "was served at rank"),
        ("JobLeased", lambda one: replace(one, ranks_sequence=9), "a job was chosen by ranking 9, which there is not"),
        ("JobLeased", lambda one: replace(one, shares=()), "JobLeased says {} (waiting, leased, cores) of shares in queue Q"),
        ("JobSharesAssigned", lambda one: replace(one, job_ids=one.job_ids[1:]), "JobSharesAssigned says"),
        ("LeaseEnded", lambda one: replace(one, shares=(replace(one.shares[0], cores=7),)), "LeaseEnded says"),
    ],
)
def test_what_is_broken_is_found(name: str, change: Callable[[Any], Any], found: str) -> None:
    assert found in broken(name, change)
