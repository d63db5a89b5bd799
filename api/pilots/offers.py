"""What a pilot that asks for a job offers.

In: the body of getJob (legacy names) or acquire_jobs (v1 names). Out: the queue it asks and a `PilotOffer`.
"""

import math
from collections.abc import Mapping
from typing import Any

from api.http.errors import BadRequest
from api.pilots.values import NOTHING, amount_of, as_sent, number_of, text_of, whole_of
from api.pilots.worker_names import worker_name
from identity.identity import Identity
from schemas.characters import NAME, WORD
from schemas.types import PilotOffer

#: A lease outlives this many heartbeats that were lost.
HEARTBEATS_OF_LEASE = 6
LEASE_SECONDS_MIN = 3
LEASE_SECONDS_MAX = 86_400
QUEUE_MAX, NODE_MAX, WORKER_ID_MAX, WORD_MAX = 128, 128, 100, 40
REQUEST_ID_MAX = 64
MEGABYTES_MAX, SECONDS_MAX, TASK_ID_MAX, CORES_MAX = 10**11, 10**9, 9 * 10**11, 100_000
#: How a Harvester names itself as scheduler.
SCHEDULER = "harvester-"
LEGACY_OF_V1 = {
    "site_name": "siteName",
    "computing_element": "computingElement",
    "prod_source_label": "prodSourceLabel",
    "disk_space": "diskSpace",
    "memory": "mem",
    "prod_user_id": "prodUserID",
    "task_id": "taskID",
    "resource_type": "resourceType",
    "scheduler_id": "schedulerID",
}


def offer_from(body: Mapping[str, Any], identity: Identity) -> tuple[str, PilotOffer]:
    """Queue and offer; `body` has legacy names. Raises BadRequest when no queue is named, or a task that cannot be."""
    queue = queue_of(body)
    if not queue:
        raise BadRequest("siteName: found nothing, expected the name of a queue")
    node = text_of(body, "node", NODE_MAX, NAME)
    scheduler = text_of(body, "schedulerID", WORKER_ID_MAX, NAME)
    harvester = text_of(body, "harvester_id", WORKER_ID_MAX, NAME) or scheduler.removeprefix(SCHEDULER)
    worker = text_of(body, "worker_id", WORKER_ID_MAX, NAME)
    # A token for one worker names it as its harvester did.
    worker = worker if identity.agent is not None else worker_name(harvester, worker)
    label = text_of(body, "prodSourceLabel", WORD_MAX, WORD) or "user"
    mine_only = label == "self" or bool(text_of(body, "prodUserID"))
    return queue, PilotOffer(
        pilot=worker or node or identity.subject,
        node=node,
        memory_mb=_memory_mb(body, identity),
        disk_mb=amount_of(body, "diskSpace", most=MEGABYTES_MAX) or 0,
        walltime_seconds=amount_of(body, "remaining_time", most=SECONDS_MAX) or 0,
        label="user" if label == "self" else label,
        owner=identity.subject if mine_only else None,
        task_id=task_of(body),
        resource_type=text_of(body, "resourceType", WORD_MAX, WORD) or None,
        lease_seconds=lease_seconds(number_of(body, "heartbeat_seconds")),
        harvester_id=harvester or None,
        worker_id=worker or None,
        cores=amount_of(body, "n_cores", "cores", most=CORES_MAX) or 0,
        request_id=_request_id(body),
    )


def _memory_mb(body: Mapping[str, Any], identity: Identity) -> int:
    """What the pilot offers, and no more than its worker's slot has: an unmodified pilot3 says what its host has."""
    offered = amount_of(body, "mem", most=MEGABYTES_MAX) or 0
    slot = identity.agent.memory_mb if identity.agent is not None else 0
    return min(offered, slot) if offered and slot else offered or slot


def _request_id(body: Mapping[str, Any]) -> str:
    """The pilot's own id of the request; empty for one that would not be kept whole, as two of those could be the same."""
    found = as_sent(body, "request_id", REQUEST_ID_MAX + 1, WORD)
    return found if len(found) <= REQUEST_ID_MAX else ""


def queue_of(body: Mapping[str, Any]) -> str:
    """The queue that `body` names: the site, as PanDA goes by; Harvester writes its own host as computing element."""
    return text_of(body, "siteName", QUEUE_MAX, WORD) or text_of(body, "computingElement", QUEUE_MAX, WORD)


def task_of(body: Mapping[str, Any]) -> int | None:
    """The task of which alone `body` asks jobs; None for nothing and 0.

    Raises BadRequest for what is no number of a task: a pilot that keeps to one user's jobs must not be given another's.
    """
    named = body.get("taskID")
    if named is None or str(named)[:WORD_MAX] in NOTHING | {"0"}:
        return None
    task_id = whole_of(body, "taskID")
    if task_id is None or not 0 < task_id <= TASK_ID_MAX:
        raise BadRequest(f"taskID: found {str(named)[:WORD_MAX]!r}, expected the number of a task, 1 to {TASK_ID_MAX:,}, or none")
    return task_id


def lease_seconds(heartbeat_seconds: float | None) -> int | None:
    """The lease for a pilot that beats every `heartbeat_seconds`; None (the queue's own) when it does not say."""
    if heartbeat_seconds is None or heartbeat_seconds <= 0:
        return None
    seconds = math.ceil(min(HEARTBEATS_OF_LEASE * heartbeat_seconds, LEASE_SECONDS_MAX))
    return max(LEASE_SECONDS_MIN, min(seconds, LEASE_SECONDS_MAX))


def legacy_names(body: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """`body` with v1 names replaced by legacy ones; names that have no other are kept."""
    return {names.get(name, name): value for name, value in body.items()}
