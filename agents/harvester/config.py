"""What the harvester must know, read once from the environment and, at a site, from a file.

`CULM_HARVESTER_CONFIG` names a TOML file with a table `queues.NAME` for each queue: `system` (an entry point), `pilots_max`,
`pilot`, a program that takes the place of Culm's own pilot, and `settings`, which the system knows; and a table `systems.NAME`
with settings of the system itself. Without it the harvester serves the queue `CULM_QUEUE` with processes on this host.
A table that cannot be meant costs its own queue, or the queues of its system; the others are served.
"""

import hashlib
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from agents.harvester.enrolment import EnrolmentFiles
from process.settings import SettingRefused, Settings

LOCAL = "local"
#: A tag is STACK-WORKER, 63 characters at most; a worker's part has at most 32.
_STACK = re.compile(r"[a-z][a-z0-9]{0,29}\Z")
QUEUES_MAX, CONFIG_BYTES_MAX = 500, 1 << 20


class Isolation(StrEnum):
    """Whether pilots are kept apart from the stack: where that can be had, always, or never."""

    ON = "on"
    REQUIRED = "required"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ServedQueue:
    """A queue that the harvester serves with workers of `system`.

    settings: of the queue, by the names of the system. pilot: the program of its workers, where that is not Culm's own pilot.
    """

    name: str
    system: str = LOCAL
    pilots_max: int = 2
    settings: Mapping[str, str] = field(default_factory=dict)
    pilot: Path | None = None

    @property
    def slug(self) -> str:
        """What worker ids of the queue begin with: lower case, and no other queue has the same."""
        letters = re.sub(r"[^a-z0-9]+", "", self.name.lower())[:12] or "q"
        return f"{letters}{hashlib.sha256(self.name.encode()).hexdigest()[:6]}"


@dataclass(frozen=True, slots=True)
class HarvesterConfig:
    """One harvester.

    api: base address of the API. home: folder of its state. token_file: with the token of the harvester, kept there when it
    enrols. queues: those it serves (CULM_HARVESTER_CONFIG, else CULM_QUEUE with CULM_MAX_PILOTS). vo: its organisation.
    node: name of the host. systems: settings of batch systems (CULM_HARVESTER_CONFIG). end_seconds: for an orderly end.
    stack: begins the tags of all its workers. patience_seconds: how long there must be too many pilots before some are asked to
    take no more jobs. poll_seconds: from one listing to the next when nothing wakes it. submit_seconds: from an intent to the
    last moment of its submission. service_seconds: for which it claims a queue. stands_by: it is one of several
    (CULM_INSTANCE) and waits while another one is at work; one that was started by hand ends then. enrolment_file: a code,
    with which it gets tokens for itself and its pilots. isolation: of pilots on this host. refused: queues that are not served,
    and why. first_queue: what its folder is named after, served or not.
    """

    api: str
    home: Path
    token_file: Path
    queues: tuple[ServedQueue, ...]
    vo: str
    node: str
    stack: str
    systems: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    patience_seconds: float = 10.0
    poll_seconds: float = 10.0
    submit_seconds: int = 20
    service_seconds: int = 300
    end_seconds: float = 17.0
    stands_by: bool = False
    enrolment_file: Path | None = None
    isolation: Isolation = Isolation.ON
    refused: Mapping[str, str] = field(default_factory=dict)
    first_queue: str = ""

    @property
    def enrolment_files(self) -> EnrolmentFiles | None:
        """Where its enrolment stands; None for a harvester with a token of someone else's."""
        if self.enrolment_file is None:
            return None
        own = self.token_file
        return EnrolmentFiles(self.enrolment_file, own, own.with_suffix(".key"), own.with_suffix(".used"))

    @property
    def harvester_id(self) -> str:
        """Its name."""
        return f"local-{self.node}"

    @property
    def folder(self) -> Path:
        """Where it keeps reports that Culm has not taken, and what it hands to batch systems."""
        return self.home / "run" / f"harvester-{self.first_queue or self.queues[0].name}"

    @property
    def work(self) -> Path:
        """Where batch systems keep folders of workers."""
        return self.home / "work"


def read_config(environ: Mapping[str, str]) -> HarvesterConfig:
    """The configuration that `environ` asks for; raises SettingRefused, also when no queue can be served."""
    settings = Settings(environ)
    home = settings.path("CULM_HOME")
    document = _document(settings)
    systems, refused_systems = _systems(document)
    queues, refused = _queues(document, settings, refused_systems)
    first = next(iter(_table(document, "queues")), queues[0].name)
    enrols = bool(settings.text("CULM_ENROLMENT_FILE", ""))
    stack = settings.text("CULM_STACK_ID", f"culm{hashlib.sha256(str(home.absolute()).encode()).hexdigest()[:8]}")
    if not _STACK.match(stack):
        raise SettingRefused(f"CULM_STACK_ID is {stack[:60]!r}, expected a letter a-z and up to 29 of a-z and 0-9")
    return HarvesterConfig(
        api=settings.address("CULM_API"),
        home=home,
        token_file=settings.path("CULM_TOKEN_FILE", home / "tokens" / (f"harvester-{first}" if enrols else "pilot")),
        queues=queues,
        vo=settings.text("CULM_VO", "wlcg"),
        node=settings.text("PANDA_HOSTNAME", socket.gethostname()),
        stack=stack,
        systems=systems,
        patience_seconds=settings.number("CULM_PILOT_IDLE_SECONDS", 10.0),
        poll_seconds=settings.number("CULM_HARVESTER_POLL_SECONDS", 10.0, lowest=0.05),
        submit_seconds=settings.whole("CULM_HARVESTER_SUBMIT_SECONDS", 20),
        service_seconds=settings.whole("CULM_HARVESTER_SERVICE_SECONDS", 300),
        stands_by=bool(settings.text("CULM_INSTANCE", "")),
        enrolment_file=settings.path("CULM_ENROLMENT_FILE") if enrols else None,
        isolation=_isolation(settings.text("CULM_PILOT_ISOLATION", "on")),
        refused=refused,
        first_queue=first,
    )


def _document(settings: Settings) -> dict[str, Any]:
    """What the file says; empty where there is none."""
    if not settings.text("CULM_HARVESTER_CONFIG", ""):
        return {}
    path = settings.path("CULM_HARVESTER_CONFIG")
    try:
        with path.open("rb") as file:
            return tomllib.loads(file.read(CONFIG_BYTES_MAX).decode("utf-8"))
    except (OSError, ValueError) as problem:
        raise SettingRefused(f"CULM_HARVESTER_CONFIG {path}: {str(problem)[:200]}, expected a file of TOML") from problem


def _systems(document: dict[str, Any]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Settings of systems by name; and of those whose table cannot be meant, why."""
    found: dict[str, dict[str, str]] = {}
    refused: dict[str, str] = {}
    for name, table in _table(document, "systems").items():
        try:
            found[name] = _texts(f"systems.{name}", table)
        except SettingRefused as problem:
            refused[name] = str(problem)
    return found, refused


def _queues(
    document: dict[str, Any], settings: Settings, refused_systems: Mapping[str, str]
) -> tuple[tuple[ServedQueue, ...], dict[str, str]]:
    """The queues that can be served, at least one; and of the others by name why not."""
    most = settings.whole("CULM_MAX_PILOTS", 2 * (os.cpu_count() or 1))
    tables = _table(document, "queues")
    if not document:
        return (ServedQueue(settings.text("CULM_QUEUE", expected="the name of a computing queue"), LOCAL, most),), {}
    if not 0 < len(tables) <= QUEUES_MAX:
        raise SettingRefused(f"CULM_HARVESTER_CONFIG has {len(tables)} queues, expected 1 to {QUEUES_MAX}")
    found: list[ServedQueue] = []
    refused: dict[str, str] = {}
    for name, table in tables.items():
        try:
            queue = _queue(name, table, most)
            if queue.system in refused_systems:
                raise SettingRefused(refused_systems[queue.system])
            found.append(queue)
        except SettingRefused as problem:
            refused[name] = str(problem)
    if not found:
        raise SettingRefused("; ".join(refused.values()))
    return tuple(found), refused


def _queue(name: str, table: Any, most: int) -> ServedQueue:
    if not isinstance(table, dict) or (odd := sorted(table.keys() - {"system", "pilots_max", "pilot", "settings"})):
        found = odd[0] if isinstance(table, dict) else type(table).__name__
        raise SettingRefused(f"queues.{name}: found {found!r}, expected system, pilots_max, pilot and settings")
    system, pilots_max = table.get("system", LOCAL), table.get("pilots_max", most)
    if not isinstance(system, str) or not system:
        raise SettingRefused(f"queues.{name}.system is {system!r}, expected the name of a batch system")
    if not isinstance(pilots_max, int) or isinstance(pilots_max, bool) or pilots_max < 0:
        raise SettingRefused(f"queues.{name}.pilots_max is {pilots_max!r}, expected a whole number from 0")
    settings = _texts(f"queues.{name}.settings", table.get("settings", {}))
    return ServedQueue(name, system, pilots_max, settings, _pilot(name, table.get("pilot")))


def _pilot(queue: str, found: Any) -> Path | None:
    if found is None:
        return None
    if not isinstance(found, str) or not os.access(found, os.X_OK) or not Path(found).is_file():
        raise SettingRefused(f"queues.{queue}.pilot is {str(found)[:100]!r}, expected the path of a program that may be run")
    return Path(found)


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise SettingRefused(f"CULM_HARVESTER_CONFIG: {name} is a {type(found).__name__}, expected a table")
    return found


def _texts(name: str, table: Any) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise SettingRefused(f"{name}: expected a table of texts")
    return dict(table)


def _isolation(word: str) -> Isolation:
    try:
        return Isolation(word)
    except ValueError:
        raise SettingRefused(f"CULM_PILOT_ISOLATION is {word!r}, expected one of {', '.join(Isolation)}") from None
