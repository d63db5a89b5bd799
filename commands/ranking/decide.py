"""What the ranking of shares says to a command.

Guards: usage that was looked at earlier does not replace later usage; the order is the one that the usage gives.
"""

from commands.decision import Decision, accept, refuse
from commands.ranking.model import Ranking
from schemas.ranking import RankShares, SharesRanked
from schemas.share_tree import SHARES_KEY, order_of
from schemas.types import CommandEnvelope


def decide(ranking: Ranking, command: RankShares, by: CommandEnvelope) -> Decision:
    """Answer `command` against `ranking`."""
    if by.aggregate_id != SHARES_KEY:
        return refuse("BAD_KEY", f"the ranking was sent to {by.aggregate_id!r}, expected {SHARES_KEY!r}")
    if command.evaluated_at < ranking.evaluated_at:
        looked = f"usage was looked at {ranking.evaluated_at - command.evaluated_at} us before that of the last ranking"
        return refuse("STALE_USAGE", f"{looked}, expected later usage")
    if command.standings == ranking.standings:
        return accept()
    order = order_of(command.standings)
    return accept(SharesRanked(standings=command.standings, order=order, evaluated_at=command.evaluated_at))
