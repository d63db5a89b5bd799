"""The way between a harvester and Culm: calls that are lost on their way, answers that are lost on theirs, and times without any.

Stands in for `AgentSession`: the same calls, the same errors.
"""

from collections.abc import Mapping
from typing import Any

from agents.errors import Unreachable
from tests.sim.sites.clock import SECOND
from tests.sim.sites.culm_side import CulmSide


class MemorySession:
    """The calls of one harvester. requests_lost, answers_lost: so many of the next ones are. away_until: microseconds UTC."""

    def __init__(self, culm: CulmSide) -> None:
        self._culm = culm
        self.requests_lost = self.answers_lost = self.away_until = 0

    def post(
        self, path: str, body: Mapping[str, Any], seconds: float = 0.0, token: str = "", wait_seconds: int = 0
    ) -> dict[str, Any]:
        """The answer to `body`; raises Unreachable, Rejected."""
        self._go()
        return self._come(self._culm.answer_post(path, body))

    def get(self, path: str, query: Mapping[str, Any], seconds: float = 0.0) -> dict[str, Any]:
        """The document at `path`; raises Unreachable."""
        self._go()
        return self._come(self._culm.answer_get(path))

    def go_away(self, seconds: float) -> None:
        """Nothing gets through for so long."""
        self.away_until = self._culm.time.now + round(seconds * SECOND)

    def heal(self) -> None:
        """Everything gets through from now on."""
        self.requests_lost = self.answers_lost = self.away_until = 0

    def _go(self) -> None:
        if self._culm.time.now < self.away_until:
            raise Unreachable("no answer: the network is away")
        if self.requests_lost:
            self.requests_lost -= 1
            raise Unreachable("no answer: the request is lost")

    def _come(self, answer: dict[str, Any]) -> dict[str, Any]:
        if self.answers_lost:
            self.answers_lost -= 1
            raise Unreachable("no answer: it is lost")
        return answer
