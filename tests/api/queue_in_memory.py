"""Pilots' requests against real deciders in memory, with the log's way to the API in the test's hands."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from api.config import ApiConfig
from api.pilots.dispatch import PilotDispatch, PilotReply
from api.pilots.empty_queues import QUEUE_EVENTS
from api.pilots.offers import offer_from
from identity.identity import Identity
from process.addresses import ApiAddresses
from schemas.answer import CommandAnswered
from schemas.queue import EnqueueJob, LeaseJob
from schemas.records import replace as changed
from schemas.wire import entry_of
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, an_identity, run, services_of
from tests.commands.builders import QUEUE, a_queue
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_queue_lines import a_spec

CONFIG = ApiConfig(Path("/nowhere"), ApiAddresses.at("http://127.0.0.1:1"), "", "", "")


@dataclass(slots=True)
class GatewayInMemory(GatewayStandIn):
    """Sends commands to deciders. delivered: events that the API has seen; during: called while an answer is on its way."""

    culm: Culm = field(default_factory=a_culm)
    delivered: int = 0
    lags: bool = False
    during: list[Any] = field(default_factory=list)

    async def submit(
        self, command: Any, aggregate_id: str, identity: Identity, *, role: str | None = None, **how: Any
    ) -> CommandAnswered | None:
        """The decider's answer."""
        self.sent.append((command, aggregate_id))
        answer = self.culm.send(command, aggregate_id, actor=identity.subject, role=role or "user", vo=identity.vo)
        while self.during:
            self.during.pop()()
        return answer

    def take_news(self) -> None:
        """Give the API the events that it has not seen, unless they lag."""
        if not self.lags:
            self.deliver()

    def deliver(self) -> None:
        """Give the API the events that it has not seen."""
        for message, envelope in self.culm.events[self.delivered :]:
            take = self.taken.get(entry_of(message).topic)
            if take is not None:
                assert entry_of(message).topic == QUEUE_EVENTS
                take(envelope.aggregate_id.encode(), self.culm.codec.encode(message, envelope))
        self.delivered = len(self.culm.events)


class PilotsInMemory:
    """A queue, and pilots that ask an API for its jobs. seconds: the API's clock."""

    def __init__(self, **settings: Any) -> None:
        self.gateway = GatewayInMemory()
        self.culm = self.gateway.culm
        a_queue(self.culm, **settings)
        self.gateway.delivered = len(self.culm.events)
        self.seconds = 0.0
        services = services_of(self.gateway, ReadModelsStandIn({}), CONFIG)
        self.dispatch = PilotDispatch(replace(services, codec=self.culm.codec))
        self.dispatch.empty_queues.clock = lambda: self.seconds
        self._jobs = 0

    def enqueue(self, **changes: Any) -> int:
        """A job waits; its number."""
        self._jobs += 1
        spec = changed(a_spec(self._jobs), **({"queue": QUEUE} | changes))
        vo = changes.get("vo", "wlcg")
        assert self.culm.send(EnqueueJob(spec=spec), QUEUE, role="system", vo=vo).accepted
        return spec.job_id

    def ask(self, *, vo: str = "wlcg", subject: str = "pilot", **body: Any) -> dict[str, Any] | PilotReply:
        """What a pilot is answered."""
        who = an_identity(subject=subject, vo=vo, roles=frozenset({"pilot"}))
        found: dict[str, Any] | PilotReply = run(
            self.dispatch.lease({"siteName": QUEUE, "prodSourceLabel": "unified", **body}, who)
        )
        return found

    def would_be_answered(self, *, vo: str, subject: str, **body: Any) -> CommandAnswered:
        """What the decider says to that request now; nothing is carried out."""
        who = an_identity(subject=subject, vo=vo, roles=frozenset({"pilot"}))
        queue, offer = offer_from({"siteName": QUEUE, **body}, who)
        return self.culm.send(LeaseJob(offer=offer), queue, actor=subject, role="pilot", vo=vo, dry_run=True)

    @property
    def asked(self) -> int:
        """Requests that the log has."""
        return len(self.gateway.sent)
