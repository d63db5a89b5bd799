"""Paths, queries and hosts that are no text never reach a route; whole numbers have a range."""

from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.http.errors import BadRequest
from api.http.forms import instant_of, iso
from api.http.plain_requests import whole_from
from api.panda.envelope import moment
from tests.api.test_routes import Client, headers, services_at


@pytest.fixture(scope="module")
def client(api_home: Path) -> Client:
    """A client of an app that reaches nothing."""
    return Client(create_app(services_at(api_home)))


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("text=%00", "text"),
        ("queue=a%ED%A0%80", "queue"),
        ("owner=%FF", "owner"),
        ("a%00b=1", "a%00b"),
        ("after=1&text=x%00", "text"),
    ],
)
def test_a_query_that_is_no_text_is_refused_naming_the_parameter(client: Client, tmp_path: Path, query: str, named: str) -> None:
    answer = client.get(f"/v1/tasks?{query}", headers=headers(tmp_path))

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"{named}: found ")
    assert "expected UTF-8 text without NUL" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/queues/a%00b", "/v1/datasets/%C3%28", "/task/%00/", "/cache/schedconfig/%00.all.json"])
def test_a_path_that_is_no_text_leads_nowhere(client: Client, tmp_path: Path, path: str) -> None:
    assert client.get(path, headers=headers(tmp_path)).status_code == 404


def test_panda_paths_are_refused_in_their_own_form(client: Client, tmp_path: Path) -> None:
    answer = client.get("/api/v1/task/get_status?task_id=%00", headers=headers(tmp_path))

    assert (answer.status_code, answer.text[:24]) == (400, "ERROR : task_id: found '")


def test_a_host_that_is_no_address_is_refused(client: Client, tmp_path: Path) -> None:
    assert client.get("/v1/tasks", headers=headers(tmp_path) | {"Host": "["}).status_code == 400


@pytest.mark.parametrize(
    "query",
    ["after=99999999999999999999", "after=-99999999999999999999", "limit=0", "limit=-1", "limit=1e9", "after=" + "9" * 5_000,
     "since=99999999999999", "since=0000-01-01", "since=" + "9" * 400],
)  # fmt: skip
def test_a_value_out_of_range_is_refused_naming_the_parameter(client: Client, tmp_path: Path, query: str) -> None:
    answer = client.get(f"/v1/jobs?{query}", headers=headers(tmp_path))

    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["detail"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("007", 7), ("9223372036854775807", (1 << 63) - 1), ("9223372036854775808", None), ("-1", None), ("", None),
     ("1.0", None), ("\u0663", None), ("9" * 5_000, None), ("--1", None), ("1_0", None)],
)  # fmt: skip
def test_a_whole_number_is_read_within_its_range(text: str, number: int | None) -> None:
    assert whole_from(text) == number


def test_a_time_beyond_the_calendar_breaks_no_answer() -> None:
    assert iso(-62_135_600_400_000_000) == "-62135600400000000 microseconds since 1970"
    assert iso(1 << 62) == "4611686018427387904 microseconds since 1970"
    assert moment(-(1 << 62)) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9" * 400, "253402300800"])
def test_a_time_that_no_one_can_mean_is_refused(text: Any) -> None:
    with pytest.raises(BadRequest, match="since: found"):
        instant_of(text)
