"""The one who runs the simulated Culm: settings of queues, the tree of shares, tasks put into other shares."""

import random

from schemas.policy import ConfigureQueue, SetShares, SetThrottles
from schemas.share_tree import SHARES_KEY
from schemas.task import AssignShare
from schemas.throttles import THROTTLES_KEY
from schemas.types import AccountCap, GlobalShare, QueueSettings, ThrottleLimits
from tests.sim.actors import LEASE_SECONDS, Calls

#: By the campaigns of the users' tasks.
SHARES = (
    GlobalShare(name="Survey", percent=75),
    GlobalShare(name="First", parent="Survey", percent=40, campaign_pattern="DP1"),
    GlobalShare(name="Second", parent="Survey", percent=60, campaign_pattern="DP2"),
    GlobalShare(name="Others", percent=25, campaign_pattern="other"),
)


class Operator:
    """Configures the queues, sometimes late, sometimes again."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def set_shares(self) -> None:
        """The tree of global shares."""
        self._calls.make(SetShares(shares=SHARES), SHARES_KEY, "ops", "operator")

    def set_throttles(self) -> None:
        """Limits so low that orders often wait."""
        limits = (ThrottleLimits(threshold=1.0, queue_limit=3),)
        command = SetThrottles(limits=limits, caps=(AccountCap(jobs_max=6),))
        self._calls.make(command, THROTTLES_KEY, "root", "administrator")

    def assign_share(self, task: int, chance: random.Random) -> None:
        """A task into another share, with the jobs that pilots hold or without."""
        command = AssignShare(share=chance.choice(SHARES[1:]).name, running=chance.random() < 0.5)
        self._calls.make(command, str(task), "ops", "operator")

    def configure(self, queue: str, pilots_max: int = 4) -> None:
        """The queue's settings."""
        settings = QueueSettings(name=queue, site=queue, lease_seconds=LEASE_SECONDS, pilots_max=pilots_max)
        self._calls.make(ConfigureQueue(settings=settings), f"queue.{queue}", "ops", "operator")
