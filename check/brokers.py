"""Where the checker finds the log: the brokers that CULM_KAFKA names, and its login there, as CULM_KAFKA_SECURITY_* say.

It reads the variables itself, because it shares with Culm only the vocabulary; what does not fit, the client refuses.
"""

from collections.abc import Mapping
from pathlib import Path

PREFIX = "CULM_KAFKA_SECURITY_"
#: What librdkafka calls it, by variable.
NAMES = {
    "PROTOCOL": "security.protocol",
    "MECHANISM": "sasl.mechanism",
    "USER": "sasl.username",
    "CA_FILE": "ssl.ca.location",
}


class Brokers(str):
    """Addresses of brokers; as text they are the addresses alone."""

    def __new__(cls, environ: Mapping[str, str]) -> "Brokers":
        """Raises KeyError without CULM_KAFKA."""
        made = super().__new__(cls, environ["CULM_KAFKA"])
        made.environ = environ
        return made

    environ: Mapping[str, str]

    def client_settings(self) -> dict[str, str]:
        """What a client of librdkafka adds to its settings; raises OSError when the password cannot be read."""
        found = {name: self.environ[PREFIX + variable] for variable, name in NAMES.items() if self.environ.get(PREFIX + variable)}
        file = self.environ.get(f"{PREFIX}PASSWORD_FILE")
        return found | ({"sasl.password": Path(file).read_text(encoding="utf-8").rstrip("\r\n")} if file else {})
