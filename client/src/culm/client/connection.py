"""What both clients have in common: how requests are repeated, how answers are read, when a task has ended."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import httpx
from httpx_retries import Retry

from culm.client.calls import Call
from culm.client.credentials import Access, TokenAuth
from culm.client.problems import ClientError, NoAnswer, UnexpectedAnswer, problem_of
from culm.client.records import Event, Task
from culm.client.rows import R, row_of

#: Tries after the first, and how long they may wait together; `Retry-After` of the API goes before the growing pauses.
TRIES, PAUSE_SECONDS, PAUSES_SECONDS_MAX = 5, 0.25, 120.0
#: How long an answer may take beside what the call itself waits for.
ANSWER_SECONDS_MAX = 60.0
#: The API waits for the answer to a command for a minute at most.
WAIT_SECONDS_MAX = 60.0
#: A stream has a line at least every 15 s; one that is silent for longer is broken.
SILENCE_SECONDS_MAX = 45.0
ENDED = "TaskFinalized"


def retry_of(call: Call) -> Retry:
    """How a call is repeated after 429, 502, 503, 504 and broken connections: not at all where a second sending has an effect."""
    if not call.is_repeatable:
        return Retry(total=0)
    return Retry(
        total=TRIES,
        allowed_methods=[call.method],
        backoff_factor=PAUSE_SECONDS,
        max_backoff_wait=60.0,
        total_timeout=PAUSES_SECONDS_MAX,
    )


def settings_of(access: Access) -> dict[str, Any]:
    """Arguments for httpx's clients. Redirects are not followed: a token is for one address."""
    return {
        "base_url": access.api,
        "auth": TokenAuth(access.token),
        "headers": {"Origin": access.vo, "User-Agent": "culm-client"},
        "follow_redirects": False,
    }


def arguments_of(call: Call, wait_seconds: float) -> dict[str, Any]:
    """Arguments of one request for httpx; a long poll has time beside what it waits for."""
    asked = call.query.get("wait") or 0.0
    return {
        "method": call.method,
        "url": call.url(),
        **call.arguments(wait_seconds),
        "timeout": httpx.Timeout(ANSWER_SECONDS_MAX + max(wait_seconds, float(asked)), connect=10.0),
        "extensions": {"retry": retry_of(call)},
    }


def document_of(response: httpx.Response) -> Any:
    """The JSON of a read response; raises Problem, UnexpectedAnswer."""
    check(response)
    try:
        return response.json()
    except ValueError as problem:
        raise UnexpectedAnswer(f"{response.request.url.path}: the answer is not JSON") from problem


def answer_row(kind: type[R], response: httpx.Response) -> R:
    """The row of an answer; after a write with `culm_position` in `extra`, for the `culm_min_position` of a read."""
    found = row_of(kind, document_of(response))
    if position := response.headers.get("Culm-Position"):
        found.extra["culm_position"] = position
    return found


def check(response: httpx.Response) -> None:
    """Raise Problem unless a read response is a success."""
    if not response.is_success:
        raise problem_of(response)


def event_of(line: str) -> Event | None:
    """The event of a line of a stream; None for an empty one, which only says that the connection is alive."""
    if not line.strip():
        return None
    try:
        return row_of(Event, json.loads(line))
    except ValueError as problem:
        raise UnexpectedAnswer("a line of the stream is not JSON") from problem


def ends_of(task_id: int) -> Call:
    """The stream of the ends of a task."""
    return Call("GET", "/v1/tail", query={"filter": [f"task={task_id}", f"type={ENDED}"]})


def has_ended(task: Task) -> bool:
    """True for a task that goes on only if a person retries it."""
    return task.ended_at is not None or "ended_at" in task.extra or task.status == "exhausted"


def position_behind(event: Event | None) -> str | None:
    """`Culm-Min-Position` that covers an event of `/v1/tail`; None where the event does not say its place.

    It is what the API sends as `Culm-Position`: topic, partition and the offset behind the event, in base64 for a URL.
    """
    place = "" if event is None else str(event.extra.get("place", ""))
    topic, _, rest = place.partition("/")
    partition, _, offset = rest.partition("/")
    if not (topic and partition.isdecimal() and offset.isdecimal()):
        return None
    text = f"{topic}/{partition}/{int(offset) + 1}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def not_answered(problem: httpx.HTTPError, access: Access) -> ClientError:
    """The failure of a connection as an error of this client."""
    return NoAnswer(f"{access.api} does not answer: {type(problem).__name__}: {problem}")


def waits(seconds: float) -> float:
    """How long commands wait for their answers; raises ValueError for what the API does not do."""
    if not 0 <= seconds <= WAIT_SECONDS_MAX:
        raise ValueError(f"wait_seconds: found {seconds}, expected 0 to {WAIT_SECONDS_MAX:g}")
    return seconds


def stream_arguments(call: Call, silence_seconds_max: float) -> Mapping[str, Any]:
    """Arguments of a request for httpx whose answer has no end."""
    timeout = httpx.Timeout(10.0, read=max(0.1, min(silence_seconds_max, SILENCE_SECONDS_MAX)))
    return {**arguments_of(call, 0.0), "timeout": timeout}
