"""The notary's configuration, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NotaryConfig:
    """folder: where ledgers, checkpoints and the key lie. A checkpoint comes after so many records or seconds with news."""

    kafka: str
    folder: Path
    checkpoint_records: int = 10_000
    checkpoint_seconds: float = 10.0


def read_config(environment: Mapping[str, str]) -> NotaryConfig:
    """The configuration; raises KeyError naming a variable that is missing."""
    home = Path(environment["CULM_HOME"])
    return NotaryConfig(environment["CULM_KAFKA"], Path(environment.get("CULM_NOTARY") or home / "notary"))
