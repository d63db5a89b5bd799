"""W3C traceparent becomes the correlation id of what follows."""

import pytest

from api.http.tracing import correlation_from
from tests.monitor.manual_actors import ManualActors, until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_trace_id_is_read_as_a_uuid() -> None:
    assert correlation_from(f"00-{TRACE}-00f067aa0ba902b7-01".encode()) == "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"


@pytest.mark.parametrize("header", [b"", b"00-xyz", f"00-{'0' * 32}-00f067aa0ba902b7-01".encode(), TRACE.encode()])
def test_a_header_that_is_not_valid_is_ignored(header: bytes) -> None:
    assert correlation_from(header) is None


@pytest.mark.stack
def test_everything_that_follows_from_a_request_carries_its_trace(actors: ManualActors) -> None:
    task = actors.submit(traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    until(lambda: actors.user.get(f"/v1/tasks/{task}").json()["jobs"])

    found = until(lambda: _tree(actors, "JobDefined"))

    assert found["correlation_id"] == "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"
    roots = [command["command_type"] for command in found["commands"]]
    assert roots == ["ClaimTaskName", "SubmitTask"]
    # The trace grows while the task does: both questions have one answer when nothing comes any more.
    assert until(lambda: actors.user.get(f"/v1/trace/{task}").json()["commands"] == _tree(actors, "JobDefined")["commands"])


def _tree(actors: ManualActors, until_event: str) -> dict[str, object]:
    answer = actors.user.get(f"/v1/trace/{TRACE}")
    return dict(answer.json()) if until_event in answer.text else {}
