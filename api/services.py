"""What every front of the API stands on, made once per process and handed to each router explicitly."""

from dataclasses import dataclass, field, replace

import structlog

from api.config import ApiConfig
from api.http.access import Gate
from api.log.answers import AnswerWatch
from api.log.condition import ConditionService
from api.log.gateway import CommandGateway
from api.log.issuer_policy import IssuerPolicy
from api.log.link_renewal import LinkRenewal
from api.log.live_events import LiveEvents
from api.log.positions import Positions
from api.log.refusals import RefusalLog
from api.log.share_ranks import ShareRanksFollower
from api.log.task_numbers import TaskNumbers
from api.queries.read_models import ReadModels
from api.secrets.service import SecretService
from api.secrets.store import SecretStore
from api.shared.directory import DirectoryStore
from api.shared.store import SharedKind, SharedStore
from api.shared.uploads import OpenUploads
from eventlog.sender import CommandSender
from identity.agent_issuer import AgentKeys
from identity.own_issuers import edge_issuer
from identity.secret_keys import SecretKeys
from identity.trust import development_verifier, key_cache
from identity.verify import Verifier
from schemas.ids import REQUEST_IDS
from schemas.types import ShareRanks
from schemas.wire import Codec

#: Less than a caller waits for an answer: what the log has not taken by then is given up, and not sent later.
DELIVERY_SECONDS_MAX = 9.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running API.

    gateway: commands out, answers in. read_models: SQL on the views. gate: who may what. live: events as they happen.
    issuers: whom tokens are believed of; None where that is fixed. condition: what is wrong with the stack;
    None where no one asks. refusals: writes what the gate refused; None where no one reads it.
    ranks: how the global shares stand; None where no pilot asks.
    numbers, request_numbers: ids for new tasks and workflows. secrets: those of users. uploads: those under way.
    """

    config: ApiConfig
    codec: Codec
    gateway: CommandGateway
    read_models: ReadModels
    gate: Gate
    live: LiveEvents
    issuers: IssuerPolicy | None = None
    condition: ConditionService | None = None
    refusals: RefusalLog | None = None
    ranks: ShareRanksFollower | None = None
    numbers: TaskNumbers = field(init=False)
    request_numbers: TaskNumbers = field(init=False)
    secrets: SecretService = field(init=False)
    uploads: OpenUploads = field(default_factory=OpenUploads, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", TaskNumbers(self.gateway, self.read_models))
        object.__setattr__(self, "request_numbers", TaskNumbers(self.gateway, None, REQUEST_IDS))
        # Once: the file of keys is read when it changes, not for each secret.
        store = SecretStore(self.shared.space(SharedKind.SECRETS), SecretKeys(self.config.secrets_keys_file))
        object.__setattr__(self, "secrets", SecretService(store, self.gateway))

    @property
    def share_ranks(self) -> ShareRanks | None:
        """How the global shares stand; None where they are not ranked."""
        return self.ranks.current if self.ranks is not None else None

    @property
    def shared(self) -> SharedStore:
        """What all APIs of this Culm share."""
        return DirectoryStore(self.config.shared)

    def start(self) -> None:
        """Begin to listen; call from the event loop."""
        self.gateway.start()
        self.live.start()
        if self.issuers is not None:
            self.issuers.start()
        if self.refusals is not None:
            self.refusals.start()
        if self.ranks is not None:
            self.ranks.start()

    async def ready(self, seconds: float) -> None:
        """Return when tokens can be judged, or after `seconds`: until then requests are answered 503."""
        if self.issuers is not None and not await self.issuers.known(seconds):
            log.warning("issuers_not_known", reason="the log was not read in time; no token is believed until it is")

    def close(self) -> None:
        """Deliver what waits and stop."""
        if self.refusals is not None:
            self.refusals.close()
        if self.issuers is not None:
            self.issuers.close()
        if self.ranks is not None:
            self.ranks.close()
        self.live.close()
        self.gateway.close()
        self.read_models.close()


def make_gate(config: ApiConfig) -> Gate:
    """The gate of an API with `config`, which believes the development issuer."""
    agents = AgentKeys.of(config.home, config.agent_keys)
    keys = key_cache(config.home, DirectoryStore(config.shared).space(SharedKind.ISSUER_KEYS), agents=agents)
    verifier = development_verifier(config.vos, keys, signed_here=agents.signed_here)
    return Gate(verifier, keys, config.vos, agent_keys=agents)


def make_waiting_gate(config: ApiConfig) -> Gate:
    """The gate of an API with `config`, which believes no one until `trust` says whom; raises RingUnusable."""
    agents = AgentKeys.of(config.home, config.agent_keys)
    agents.signer()  # keys that cannot be used are named now, not at the first job
    keys = key_cache(config.home, DirectoryStore(config.shared).space(SharedKind.ISSUER_KEYS), agents=agents)
    verifier = Verifier(None, keys, signed_here=agents.signed_here)
    edge = None
    if config.edge_socket is not None:
        edge = Verifier((edge_issuer(config.vos),), keys)
        # One of each for both: who is revoked, or linked, is so with a certificate, too.
        edge.revocations, edge.links = verifier.revocations, verifier.links
    return Gate(verifier, keys, config.vos, edge, agent_keys=agents)


def make_services(config: ApiConfig, codec: Codec) -> Services:
    """The parts of an API process with `config`, not yet started; connects to nothing."""
    read_models = ReadModels(config.postgres, connections=config.database_connections)
    gateway = CommandGateway(
        sender=CommandSender(config.kafka, codec, client_id="culm-api", delivery_seconds_max=DELIVERY_SECONDS_MAX),
        answers=AnswerWatch(config.kafka, codec),
        positions=Positions(config.kafka, read_models),
    )
    gate = make_waiting_gate(config)
    gate = replace(gate, seen_with_links=LinkRenewal(gateway, gate.verifier.links).consider)
    return Services(
        config=config,
        codec=codec,
        gateway=gateway,
        read_models=read_models,
        gate=gate,
        live=LiveEvents(config.kafka, codec),
        issuers=IssuerPolicy(config.kafka, codec, gate.verifier, gate.keys, tuple(config.vos), gate.enrolments),
        condition=ConditionService(config, read_models),
        refusals=RefusalLog(config.kafka, codec, gate.refusals),
        ranks=ShareRanksFollower(config.kafka, codec),
    )
