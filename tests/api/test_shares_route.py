"""`GET /v1/shares`: what members of one organisation, and of one among several, see."""

from pathlib import Path
from typing import Any

from api.log.share_ranks import ShareRanksFollower
from api.native import shares
from api.native.shares import shares_document
from schemas.ranking import SharesRanked
from schemas.share_tree import standings_of
from schemas.types import GlobalShare, ShareRanks
from tests.api.harvester_stage import Stage
from tests.api.test_share_ranks import CODEC
from tests.streams.builders import an_envelope

TREE = (
    GlobalShare(name="Production", percent=70),
    GlobalShare(name="Theirs", percent=30, vo_pattern="juno"),
    GlobalShare(name="Simulation", parent="Production", percent=100),
)
ROWS = [one.to_avro() for one in TREE]
STANDINGS = standings_of(TREE, {"Simulation": 90, "Theirs": 10})


def test_usage_pledge_and_rank_stand_beside_each_share() -> None:
    found = shares_document(ROWS, ShareRanks(sequence=7, standings=STANDINGS))

    assert found["sequence"] == 7
    assert [tuple(row.values()) for row in found["shares"]] == [
        ("Production", None, 70.0, 90.0, 70.0, None),
        ("Theirs", None, 30.0, 10.0, 30.0, 1),
        ("Simulation", "Production", 100.0, 90.0, 70.0, 2),
    ]


def test_before_the_first_ranking_usage_is_not_known() -> None:
    found = shares_document(ROWS[:1], None)

    assert found == {
        "sequence": None,
        "shares": [
            {"name": "Production", "parent": None, "percent": 70.0, "used_hs23": None, "pledged_hs23": None, "rank": None}
        ],
    }


def test_where_there_are_several_organisations_a_member_sees_neither_usage_nor_shares_of_another(tmp_path: Path) -> None:
    stage = Stage(tmp_path, only=[shares.build_router])
    ranks = ShareRanksFollower("nowhere", CODEC)
    ranks.take(CODEC.encode(SharesRanked(standings=STANDINGS, order=("Theirs", "Simulation")), an_envelope("shares", 2)))
    object.__setattr__(stage.services, "ranks", ranks)
    stage.rows.tables |= {"from policy where name = 'shares'": [{"document": {"shares": ROWS}}]}

    found: Any = stage.ask("/v1/shares", None, "wlcg")

    assert found["sequence"] is None
    assert [(row["name"], row["used_hs23"]) for row in found["shares"]] == [("Production", None), ("Simulation", None)]
