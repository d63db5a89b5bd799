"""The ranking of shares as one row."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from commands.ranking.model import Ranking
from commands.snapshot import MAIN, Row, SnapshotForm, changes_main, has_main
from schemas.ranking import RankingSnapshot


def rows(ranking: Ranking, names: Collection[str]) -> Iterator[Row]:
    """The one row."""
    yield MAIN, RankingSnapshot(standings=ranking.standings, order=ranking.order, evaluated_at=ranking.evaluated_at)


def restored(found: Mapping[str, Any]) -> Ranking:
    """The ranking of its row."""
    row = found[MAIN]
    return Ranking(row.standings, row.order, row.evaluated_at)


SNAPSHOT = SnapshotForm(rows, restored, changes_main, has_main)
