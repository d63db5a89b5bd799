"""The notary's configuration, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from process.servers import home_of, kafka_of
from process.settings import Settings


@dataclass(frozen=True, slots=True)
class NotaryConfig:
    """One notary.

    folder: where ledgers, checkpoints and the key lie. checkpoint_records: after so many a checkpoint comes.
    checkpoint_seconds: after so long with news it comes, too.
    """

    kafka: str
    folder: Path
    checkpoint_records: int = 10_000
    checkpoint_seconds: float = 10.0


def read_config(environ: Mapping[str, str]) -> NotaryConfig:
    """The configuration that `environ` asks for; raises SettingRefused."""
    settings = Settings(environ)
    return NotaryConfig(kafka_of(settings), settings.path("CULM_NOTARY", home_of(settings) / "notary"))
