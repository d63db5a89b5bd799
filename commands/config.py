"""The decider's configuration, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from process.servers import home_of, kafka_of, registry_of
from process.settings import Settings


@dataclass(frozen=True, slots=True)
class DeciderConfig:
    """Addresses, and which share of the partitions this decider owns: those with partition % slots == slot."""

    kafka: str
    registry: str
    home: Path
    slot: int = 0
    slots: int = 1
    #: commands that are taken at once; follow-ups that are decided with one of them; records and bytes after which a
    #: transaction is ended
    batch_max: int = 500
    inline_max: int = 1_000
    outputs_max: int = 2_000
    bytes_max: int = 8_000_000
    #: from one round of rows to the next: what a new owner folds at most
    snapshot_seconds: float = 30.0
    transaction_ms_max: int = 10_000

    @property
    def name(self) -> str:
        """Group and transactional id: one live writer per slot, the newest wins."""
        return f"culm-decider-{self.slot}-of-{self.slots}"

    @property
    def closed_rows_file(self) -> Path:
        """Where the slot keeps closed aggregates; a copy of what the log has."""
        return self.home / "decider" / f"{self.name}-closed.sqlite"


def read_config(environ: Mapping[str, str]) -> DeciderConfig:
    """The configuration that `environ` asks for; raises SettingRefused."""
    settings = Settings(environ)
    slots = settings.whole("CULM_SLOTS", 1, lowest=1)
    return DeciderConfig(
        kafka=kafka_of(settings),
        registry=registry_of(settings),
        home=home_of(settings),
        slot=settings.whole("CULM_SLOT", 0, highest=slots - 1),
        slots=slots,
    )
