"""What every front of the API stands on, made once per process and handed to each router explicitly."""

from dataclasses import dataclass

from api.config import ApiConfig
from api.http.access import Gate
from api.log.answers import AnswerWatch
from api.log.condition import ConditionDesk
from api.log.gateway import CommandGateway
from api.log.live_events import LiveEvents
from api.log.positions import Positions
from api.queries.read_models import ReadModels
from api.shared.directory import DirectoryStore
from api.shared.store import SharedKind, SharedStore
from eventlog.sender import CommandSender
from identity.trust import development_verifier, key_cache
from schemas.wire import Codec


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running API.

    gateway: commands out, answers in. read_models: SQL on the views. gate: who may what. live: events as they happen.
    condition: what is wrong with the stack; None where no one asks.
    """

    config: ApiConfig
    codec: Codec
    gateway: CommandGateway
    read_models: ReadModels
    gate: Gate
    live: LiveEvents
    condition: ConditionDesk | None = None

    @property
    def shared(self) -> SharedStore:
        """What all APIs of this Culm share."""
        return DirectoryStore(self.config.shared)

    def start(self) -> None:
        """Begin to listen; call from the event loop."""
        self.gateway.start()
        self.live.start()

    def close(self) -> None:
        """Deliver what waits and stop."""
        self.live.close()
        self.gateway.close()
        self.read_models.close()


def make_gate(config: ApiConfig) -> Gate:
    """The gate of an API with `config`, which believes the development issuer."""
    keys = key_cache(config.home, DirectoryStore(config.shared).space(SharedKind.ISSUER_KEYS))
    return Gate(development_verifier(config.vos, keys), keys, config.vos)


def make_services(config: ApiConfig, codec: Codec) -> Services:
    """The parts of an API process with `config`, not yet started; connects to nothing."""
    read_models = ReadModels(config.postgres, connections=config.database_connections)
    gateway = CommandGateway(
        sender=CommandSender(config.kafka, codec, client_id="culm-api"),
        answers=AnswerWatch(config.kafka, codec),
        positions=Positions(config.kafka, read_models),
    )
    return Services(
        config=config,
        codec=codec,
        gateway=gateway,
        read_models=read_models,
        gate=make_gate(config),
        live=LiveEvents(config.kafka, codec),
        condition=ConditionDesk(config, read_models),
    )
