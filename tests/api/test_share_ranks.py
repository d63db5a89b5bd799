"""Rankings of shares as the API knows them, and that no caller brings his own."""

from pathlib import Path
from typing import Any

import pytest

from api.log.share_ranks import ShareRanksFollower
from api.native import commands
from schemas.queue import BindJob, LeaseJob
from schemas.ranking import SharesRanked
from schemas.share_tree import standings_of
from schemas.types import GlobalShare, ShareRanks
from tests.api.harvester_stage import Stage
from tests.commands.in_memory import a_codec
from tests.streams.builders import an_envelope

STANDINGS = standings_of((GlobalShare(name="a", percent=100),), {"a": 5})
CODEC = a_codec()


def taken(*sequences: int, standings: Any = STANDINGS) -> ShareRanks | None:
    ranks = ShareRanksFollower("nowhere", CODEC)
    for sequence in sequences:
        ranks.take(CODEC.encode(SharesRanked(standings=standings, order=("a",)), an_envelope("shares", sequence)))
    return ranks.current


def test_the_newest_ranking_is_known_with_its_sequence() -> None:
    assert taken(3, 5, 4) == ShareRanks(sequence=5, standings=STANDINGS)


def test_no_ranking_and_one_of_an_empty_tree_are_none() -> None:
    assert (taken(), taken(1, standings=())) == (None, None)


def test_a_record_that_cannot_be_read_leaves_the_ranking_before() -> None:
    ranks = ShareRanksFollower("nowhere", CODEC)
    ranks.take(CODEC.encode(SharesRanked(standings=STANDINGS, order=("a",)), an_envelope("shares", 2)))
    ranks.take(b"\x00odd")
    ranks.take(None)

    assert ranks.current == ShareRanks(sequence=2, standings=STANDINGS)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("LeaseJob", {"offer": {"pilot": "p", "label": "unified"}}),
        ("BindJob", {"worker_id": "w", "tag": "culm-w", "harvester_id": "h", "epoch": 1, "submit_seconds": 60}),
    ],
)
def test_a_ranking_that_a_caller_names_is_replaced_by_that_of_the_log(tmp_path: Path, name: str, fields: dict[str, Any]) -> None:
    stage = Stage(tmp_path, only=[commands.build_router])
    own = {"sequence": 99, "standings": [{"name": "mine", "percent": 100.0, "used": 0.0}]}

    stage.ask(f"/v1/commands/{name}", {"aggregate_id": "HARV_PUSH", "ranks": own, **fields})

    (command,) = [one for one, _ in stage.gateway.sent if isinstance(one, LeaseJob | BindJob)]
    assert command.ranks is None


def test_a_pilot_s_request_brings_the_ranking_of_the_log(tmp_path: Path) -> None:
    stage = Stage(tmp_path, only=[commands.build_router])
    ranks = ShareRanksFollower("nowhere", CODEC)
    ranks.take(CODEC.encode(SharesRanked(standings=STANDINGS, order=("a",)), an_envelope("shares", 2)))
    object.__setattr__(stage.services, "ranks", ranks)

    stage.ask("/v1/commands/LeaseJob", {"aggregate_id": "HARV_PUSH", "offer": {"pilot": "p", "label": "unified"}})
    stage.client.post("/server/panda/getJob", data={"siteName": "HARV_PULL"})
    stage.call("pilot/acquire_jobs", {"site_name": "HARV_PULL"})

    got = [one.ranks for one, _ in stage.gateway.sent if isinstance(one, LeaseJob)]
    assert got == [ShareRanks(sequence=2, standings=STANDINGS)] * 2
