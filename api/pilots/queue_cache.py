"""Queue settings for the hot paths, and as documents for pilots (docs/reference/pilot.md, "Queue data").

In: settings of queues from the read models. Out: settings by queue, and JSON documents for pilots. Guards: the database is
read once in a few seconds, however many pilots ask.
"""

import contextlib
import time
from pathlib import Path
from typing import Any

from starlette.requests import Request

from api.http.access import Gate
from api.http.errors import AccessDenied, NotAuthenticated, ReadModelsUnavailable, Unavailable
from api.pilots.resource_types import resource_type_documents
from api.queries import queues
from api.queries.read_models import ReadModels
from schemas.resource_types import BUILT_IN
from schemas.types import ResourceType

KEPT_SECONDS = 5.0
LOCAL_STORAGE = "LOCAL_DISK"
#: Minutes during which a pilot asks for another job after one has ended.
TIMEFLOOR_MINUTES = 60
DEFAULT_MAXTIME_SECONDS = 86_400
#: MB a core: a class of more is one of high memory.
HIGH_MEMORY_MB = 2_000
STATUS = {"ONLINE": "online", "BROKEROFF": "brokeroff", "OFFLINE": "offline", "TEST": "test"}
ACTIVITIES = ("read_lan", "write_lan", "pr", "pw", "pl", "default")
Settings = dict[str, Any]


class QueueCache:
    """Settings of all queues, asked for again after some seconds."""

    def __init__(self, read_models: ReadModels) -> None:
        self._read_models = read_models
        self._settings: dict[str, Settings] = {}
        self._until = 0.0
        self._types: list[dict[str, Any]] = resource_type_documents(BUILT_IN)
        self._types_until = 0.0

    async def settings(self) -> dict[str, Settings]:
        """Settings by queue; raises ReadModelsUnavailable."""
        if time.monotonic() >= self._until:
            self._settings = await queues.settings_of_all(self._read_models)
            self._until = time.monotonic() + KEPT_SECONDS
        return self._settings

    async def storage_of(self, queue: str) -> str:
        """The storage element of `queue`."""
        return str((await self.settings()).get(queue, {}).get("storage") or LOCAL_STORAGE)

    async def resource_types(self) -> list[dict[str, Any]]:
        """The resource types in force, in PanDA's words; those known last while the read models are away."""
        if time.monotonic() >= self._types_until:
            with contextlib.suppress(ReadModelsUnavailable):
                rows = await queues.resource_types(self._read_models)
                self._types = resource_type_documents([ResourceType.from_avro(row) for row in rows] or BUILT_IN)
                self._types_until = time.monotonic() + KEPT_SECONDS
        return self._types


async def listed_for(cache: QueueCache, gate: Gate, request: Request) -> dict[str, Settings]:
    """The queues that a list shows to the caller: those that serve all and, with a token that is believed, those of its VO.

    A token that is not believed is none: these lists are public.
    """
    vo = None
    if request.headers.get("authorization"):
        with contextlib.suppress(AccessDenied, NotAuthenticated, Unavailable):
            vo = (await gate.identity_of(request)).vo
    found = await cache.settings()
    return {name: found[name] for name in sorted(found) if not found[name].get("vos") or vo in found[name]["vos"]}


def queue_document(settings: Settings) -> dict[str, Any]:
    """A queue as pilots read it."""
    storage = settings.get("storage") or LOCAL_STORAGE
    return {
        "nickname": settings["name"],
        "name": settings["name"],
        "panda_resource": settings["name"],
        "siteid": settings["name"],
        "atlas_site": settings["site"],
        "gstat": settings["site"],
        "cloud": settings.get("cloud") or "",
        "state": "ACTIVE",
        "status": STATUS.get(settings.get("status", "ONLINE"), "offline"),
        "type": "unified",
        "resource_type": "grid",
        "copytools": {"mv": {"setup": ""}},
        "acopytools": {activity: ["mv"] for activity in ("pr", "pw", "pl", "default")},
        "astorages": {activity: [storage] for activity in ACTIVITIES},
        "container_type": settings.get("container_type") or "",
        "container_options": "",
        "catchall": "mv_final_destination",
        "maxrss": settings.get("rss_mb_max") or 0,
        "minrss": settings.get("rss_mb_min") or 0,
        "maxwdir": max(1, settings.get("workdir_mb_max") or 0),
        "maxtime": settings.get("walltime_seconds_max") or DEFAULT_MAXTIME_SECONDS,
        "mintime": settings.get("walltime_seconds_min") or 0,
        "corecount": settings.get("core_count") or 1,
        "corepower": settings.get("corepower") or 10.0,
        "timefloor": TIMEFLOOR_MINUTES,
        "maxinputsize": -1,
        "is_cvmfs": False,
        "allow_lan": True,
        "allow_wan": False,
        "direct_access_lan": False,
        "direct_access_wan": False,
        # What a Harvester that serves all queues of its name (queueList DYNAMIC) goes by.
        "pilot_manager": "Harvester" if settings.get("harvester") else "",
        "harvester": settings.get("harvester") or "",
        "harvester_template": settings.get("harvester_template") or "",
        "capability": "ucore",
        "workflow": settings.get("harvester_workflow") or "pull_ups",
        "pilot_version": "",
        "python_version": "3",
        "queues": [],
        "params": {},
        "uconfig": {},
    }


def resource_type_of(settings: Settings) -> str:
    """The class, by cores and memory, of a worker that has all that a slot of the queue has."""
    cores = settings.get("core_count") or 1
    word = "SCORE" if cores == 1 else "MCORE"
    return f"{word}_HIMEM" if (settings.get("rss_mb_max") or 0) > HIGH_MEMORY_MB * cores else word


def storage_documents(settings: dict[str, Settings], home: Path) -> dict[str, Any]:
    """Every storage element that a queue names, and the local one, as pilots read them."""
    names = {LOCAL_STORAGE: ""}
    for queue in settings.values():
        names.setdefault(queue.get("storage") or LOCAL_STORAGE, queue.get("site") or "")
    return {name: _storage_document(name, number, site, home) for number, (name, site) in enumerate(names.items(), start=1)}


def _storage_document(name: str, number: int, site: str, home: Path) -> dict[str, Any]:
    folder = home / "storage" if name == LOCAL_STORAGE else home / "storages" / name
    protocol = {"endpoint": "file://localhost", "path": f"{folder}/", "flavour": "FILE", "id": number}
    return {
        "name": name,
        "id": number,
        "type": "DATADISK",
        "state": "ACTIVE",
        "site": site,
        "token": name,
        "is_deterministic": True,
        "arprotocols": {"write_lan": [protocol], "write_wan": [protocol], "read_lan": [protocol]},
        "rprotocols": {},
    }
