"""Settings of the ARC plugin: the CE and the credentials for it, and what a queue asks of it.

In: texts by name, of the harvester and of queues. Out: frozen values, or SettingRefused with name, value and expectation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from agents.harvester.systems.bounded_http import HttpService
from agents.harvester.systems.http_settings import path_or_none, safe_address
from process.settings import SettingRefused, Settings

#: Of the harvester alone.
CE_NAMES = frozenset(
    {
        "api", "rest_version", "ca_file", "certificate_file", "key_file", "token_file", "call_seconds", "submit_seconds",
        "listing_seconds", "uploads_at_once", "sweep_seconds",
    }
)  # fmt: skip
#: Of a queue: a queue of the CE's batch system; runtime environments, with commas between them.
QUEUE_NAMES = frozenset({"queue", "runtime_environments"})
#: What values of a queue's settings are like; nothing that XML or a shell reads as something else.
VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.,/+-]{0,199}")
VALUE_WORDS = "letters, digits and '_.,/+-'"
REST_VERSIONS = ("1.1", "1.0")


@dataclass(frozen=True, slots=True)
class ArcSettings:
    """Where the CE is and how it is asked.

    call_seconds: of one request. submit_seconds, listing_seconds: of all requests for one submission, or one listing; a
    submission ends before the deadline of its intent (20 s), or another harvester could take its workers for missed.
    sweep_seconds: how long a job that ended stays at least, for another harvester of the stack that has not seen the end yet.
    """

    service: HttpService
    rest_version: str = "1.1"
    call_seconds: float = 10.0
    submit_seconds: float = 10.0
    listing_seconds: float = 60.0
    uploads_at_once: int = 8
    sweep_seconds: float = 600.0

    @property
    def host(self) -> str:
        """Name and port of the CE, as a submit host."""
        return urlsplit(self.service.address).netloc


UNUSABLE = ArcSettings(HttpService(""))


def read_ce(settings: Mapping[str, str]) -> ArcSettings:
    """The CE that `settings` name; raises SettingRefused."""
    for name in settings:
        if name not in CE_NAMES:
            raise SettingRefused(f"{name[:80]!r} is no setting of an ARC CE, expected one of {', '.join(sorted(CE_NAMES))}")
    read = Settings(settings)
    version = read.text("rest_version", REST_VERSIONS[0])
    if version not in REST_VERSIONS:
        raise SettingRefused(f"rest_version is {version[:40]!r}, expected one of {', '.join(REST_VERSIONS)}")
    uploads = read.whole("uploads_at_once", 8, lowest=1, highest=64)
    service = HttpService(
        address=safe_address(read, "api", "https://arc.example.org:443/arex"),
        ca_file=path_or_none(read, "ca_file"),
        certificate_file=path_or_none(read, "certificate_file"),
        key_file=path_or_none(read, "key_file"),
        token_file=path_or_none(read, "token_file"),
        connections=uploads + 4,
    )
    if (service.certificate_file is None) != (service.key_file is None):
        raise SettingRefused("certificate_file and key_file belong together, and only one of them is set")
    if service.token_file is None and service.certificate_file is None:
        raise SettingRefused("token_file is not set, expected a file with a token that the CE takes")
    return ArcSettings(
        service=service,
        rest_version=version,
        call_seconds=read.number("call_seconds", 10.0, lowest=0.1, highest=300.0),
        submit_seconds=read.number("submit_seconds", 10.0, lowest=0.1, highest=600.0),
        listing_seconds=read.number("listing_seconds", 60.0, lowest=0.1, highest=600.0),
        uploads_at_once=uploads,
        sweep_seconds=read.number("sweep_seconds", 600.0),
    )
