"""The order in which global shares are served, as it was ranked last. The key is `shares`."""

from dataclasses import dataclass

from identity.ruling import Thing
from schemas.ranking import RankingCommand, RankingEvent, SharesRanked
from schemas.types import CommandEnvelope, EventEnvelope, ShareStanding


@dataclass(slots=True)
class Ranking:
    """standings: usage and pledge in tree order. order: leaves, the first to be served at the front.

    evaluated_at: when the usage was looked at (microseconds UTC); 0 before the first ranking.
    """

    standings: tuple[ShareStanding, ...] = ()
    order: tuple[str, ...] = ()
    evaluated_at: int = 0


def initial() -> Ranking:
    """Nothing was ranked."""
    return Ranking()


def evolve(ranking: Ranking, event: RankingEvent, envelope: EventEnvelope) -> Ranking:
    """`ranking` after `event`."""
    match event:
        case SharesRanked():
            ranking.standings, ranking.order, ranking.evaluated_at = event.standings, event.order, event.evaluated_at
    return ranking


def is_closed(ranking: Ranking) -> bool:
    """True when the state may leave memory: never, there is one and it is small."""
    return False


def belongs(ranking: Ranking, command: RankingCommand, by: CommandEnvelope) -> Thing:
    """The ranking is no one's."""
    return Thing(f"ranking of {by.aggregate_id}")
