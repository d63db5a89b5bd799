"""The decider's configuration, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from process.instances import INSTANCE_VARIABLE
from process.servers import home_of, kafka_of, registry_of
from process.settings import Settings

#: The group of all deciders: it shares the shards among them and keeps their positions.
GROUP = "culm-deciders"


@dataclass(frozen=True, slots=True)
class DeciderConfig:
    """Addresses, and the name of this decider, which no other one that runs has and which it keeps over restarts.

    instance: that name, a number from 1. group: the consumer group of all deciders.
    """

    kafka: str
    registry: str
    home: Path
    instance: str = "1"
    group: str = GROUP
    #: commands that are taken at once; follow-ups that are decided with one of them; records and bytes after which a
    #: transaction is ended
    batch_max: int = 500
    inline_max: int = 1_000
    outputs_max: int = 2_000
    bytes_max: int = 8_000_000
    #: from one round of rows to the next: what a new owner folds at most
    snapshot_seconds: float = 30.0
    #: records of closed rows that a new owner fetches before it decides; more are fetched behind the start, in
    #: portions of some 20 ms of CPU, for which commands wait
    closed_rows_at_once_max: int = 20_000
    closed_rows_portion: int = 2_000
    #: a transaction that is open for longer is aborted by Kafka
    transaction_ms_max: int = 10_000
    #: after so long without a sign of life the shards of a decider are given to others
    session_seconds: float = 10.0
    #: the same when it lives but does not come back to the group: longer than any batch takes
    standstill_seconds: float = 60.0

    @property
    def name(self) -> str:
        """Transactional id and name in the group: a decider that starts under it shuts out the one before."""
        return f"{self.group}-{self.instance}"

    @property
    def closed_rows_folder(self) -> Path:
        """Where closed aggregates are kept, a file a shard; a copy of what the log has."""
        return self.home / "decider"


def read_config(environ: Mapping[str, str]) -> DeciderConfig:
    """The configuration; raises SettingRefused."""
    settings = Settings(environ)
    return DeciderConfig(
        kafka=kafka_of(settings),
        registry=registry_of(settings),
        home=home_of(settings),
        instance=settings.text(INSTANCE_VARIABLE, "1"),
    )
