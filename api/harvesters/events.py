"""`event/*` as Harvester reads it: objects with a status code. Culm gives no ranges of events yet, so none is ever left.

To others than pilots and Harvesters the answer is that the event service is not offered.
"""

import orjson

from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.panda.surface import EVENTS, WORKER_LOGS
from identity.ruling import PILOT

UPDATES_MAX = 10_000


async def acquire_event_ranges(call: Call) -> Reply:
    """No ranges: the job has no events left."""
    return done({"StatusCode": 0, "eventRanges": []}, EVENTS)


async def get_available_event_range_count(call: Call) -> Reply:
    """None."""
    return done(0, EVENTS)


async def update_event_ranges(call: Call) -> Reply:
    """For each range, in their order, that its update was not taken."""
    if PILOT not in call.identity.roles:
        return failed(EVENTS)
    try:
        updates = orjson.loads(call["event_ranges"] or "[]")
    except orjson.JSONDecodeError:
        updates = None
    if not isinstance(updates, list):
        return failed("Argument error: 'event_ranges' is no JSON list")
    count = sum(
        len(one["eventRanges"]) if isinstance(one, dict) and isinstance(one.get("eventRanges"), list) else 1 for one in updates
    )
    return done({"StatusCode": 0, "Returns": [False] * min(count, UPDATES_MAX), "Commands": {}}, EVENTS)


async def upload_jedi_log(call: Call) -> Reply:
    """Never: what is uploaded is served without a token."""
    return failed(WORKER_LOGS)
