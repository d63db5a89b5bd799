"""What stands in a URL becomes SQL with parameters, or a sentence that names what is wrong."""

import pytest

from api.http.errors import BadRequest
from api.monitor.aliases import canonical
from api.monitor.links import link
from api.monitor.pages.charts import cumulated, minutes
from api.monitor.rendering import environment, lasting
from api.monitor.session import safe_next
from api.queries.filters import Field, facets_of, facets_sql, order_of, where_of

FIELDS = {"status": Field("status", "state"), "name": Field("name"), "id": Field("task_id", "number"),
          "queue": Field("j.queue", within="exists (select 1 from job j where {})")}  # fmt: skip
NOW = 1_000_000_000_000_000


@pytest.mark.parametrize(
    ("given", "sql", "parameters"),
    [
        ({}, "vo = %(vo)s", {}),
        ({"status": "done,failed"}, "vo = %(vo)s and (status = %(p1)s or status = %(p2)s)", {"p1": "done", "p2": "failed"}),
        ({"name": "!*a_b%*"}, "vo = %(vo)s and not coalesce((name ilike %(p1)s), false)", {"p1": "%a\\_b\\%%"}),
        ({"id": "1|2"}, "vo = %(vo)s and (task_id = %(p1)s or task_id = %(p2)s)", {"p1": 1, "p2": 2}),
        ({"name": "Not specified"}, "vo = %(vo)s and (coalesce(name, '') = '')", {}),
        ({"queue": "A"}, "vo = %(vo)s and (exists (select 1 from job j where j.queue = %(p1)s))", {"p1": "A"}),
        ({"hours": "1"}, "vo = %(vo)s and at >= %(hours)s", {"hours": NOW - 3_600_000_000}),
        ({"json": "", "limit": "3"}, "vo = %(vo)s", {}),
    ],
)
def test_a_filter_becomes_sql_with_its_values_as_parameters(
    given: dict[str, str], sql: str, parameters: dict[str, object]
) -> None:
    where = where_of(given, FIELDS, "at", "wlcg", NOW)

    assert where.sql == sql
    assert where.parameters == {"vo": "wlcg", **parameters}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"colour": "red"}, "filter 'colour' is not known here; there are id, name, queue, status"),
        ({"id": "x'; drop table task"}, "filter id: found \"x'; drop table task\", expected a number"),
        ({"name": " "}, "filter name: found nothing, expected a value"),
        ({"name": "a*|" * 100}, "filter name: found 101 alternatives, expected at most 100"),
        ({"name": "*" + "a" * 2_000}, f"'*{'a' * 39}'... has 2001 characters, expected at most 2000"),
        ({"hours": "soon"}, "filter hours: found 'soon', expected a number"),
        ({"date_from": "soon"}, "filter date_from: found 'soon', expected an ISO 8601 time or seconds since 1970"),
    ],
)
def test_a_broken_filter_is_named(given: dict[str, str], told: str) -> None:
    with pytest.raises(BadRequest) as problem:
        where_of(given, FIELDS, "at", "wlcg", NOW)

    assert problem.value.detail == told


def test_a_page_begins_where_the_one_before_ended() -> None:
    columns = {"changed": "modified_at", "id": "task_id"}
    first = order_of({"sortby": "changed-ascending", "limit": "2"}, columns, "task_id", "id-descending")
    cursor = first.cursor_of({"modified_at": 7, "task_id": 3})

    following = order_of({"sortby": "changed-ascending", "cursor": cursor}, columns, "task_id", "id-descending")

    assert (first.sql, first.sql_after, first.parameters) == ("modified_at asc, task_id asc", "true", {"limit": 3})
    assert following.sql_after == "(modified_at, task_id) > (%(after_value)s, %(after_key)s)"
    assert following.parameters == {"limit": 101, "after_value": 7, "after_key": 3}


@pytest.mark.parametrize("given", [{"sortby": "colour"}, {"limit": "0"}, {"limit": "many"}, {"cursor": "!"}, {"cursor": "e30"}])
def test_a_page_that_cannot_be_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match=next(iter(given))):
        order_of(given, {"id": "task_id"}, "task_id", "id-descending")


def test_facets_are_counted_in_one_pass() -> None:
    sql = facets_sql("task", {"status": "status", "username": "user_name"}, "true")
    rows = [
        {"status": "done", "username": None, "which": 0, "count": 2},
        {"status": None, "username": "x", "which": 1, "count": 5},
        {"status": "failed", "username": None, "which": 0, "count": 3},
    ]

    assert sql.endswith("group by grouping sets ((status), (user_name))")
    assert facets_of(rows, ["status", "username"]) == {
        "status": [{"value": "failed", "count": 3}, {"value": "done", "count": 2}],
        "username": [{"value": "x", "count": 5}],
    }


@pytest.mark.parametrize(
    ("path", "given", "target"),
    [
        ("/sites/", {}, "/queues/"),
        ("/site/A B/", {"hours": "3"}, "/queue/A%20B/?hours=3"),
        ("/task/", {"jeditaskid": "12"}, "/task/12/"),
        ("/task/", {"taskname": "a*"}, "/tasks/?taskname=a%2A"),
        ("/job/", {"pandaid": "123"}, "/job/123/"),
        ("/user/Jane Doe/", {}, "/tasks/?username=Jane+Doe"),
        ("/wn/A/n1/", {}, "/jobs/?computingsite=A&modificationhost=n1"),
        ("/taskprofile/12/", {}, "/task/12/"),
        ("/search", {"q": "user:doe"}, "/search/?q=user%3Adoe"),
    ],
)
def test_a_bookmark_of_bigpanda_leads_to_our_page(path: str, given: dict[str, str], target: str) -> None:
    assert canonical(path, given) == target


@pytest.mark.parametrize("text", ["//evil.example", "/\\evil.example", "https://evil.example", "", None])
def test_no_user_is_sent_elsewhere_after_the_login(text: str | None) -> None:
    assert safe_next(text) == "/"


def test_series_have_a_point_for_every_bin() -> None:
    rows = [{"minute": NOW // 60_000_000, "status": "finished", "count": 2}, {"minute": 3, "status": "failed", "count": 9}]

    assert minutes(rows, NOW, 3)["series"] == {"finished": [0, 0, 2]}
    summed = cumulated([{"outcome": "failed", "bin": 0, "count": 1}, {"outcome": "failed", "bin": 9, "count": 2}], 0, 10, 3)
    assert summed["series"] == {"failed": [1, 1, 3]}


def test_texts_are_escaped_with_any_content() -> None:
    found = environment().from_string("{{ text }} {{ text | state }} {{ text | shown }}").render(text="<b onclick='x'>")

    assert "<b" not in found
    assert found.startswith("&lt;b onclick=&#39;x&#39;&gt;")
    assert link("/tasks/", username="a&b=c") == "/tasks/?username=a%26b%3Dc"
    assert [lasting(seconds * 1_000_000) for seconds in (0, 42, 125, 7_322)] == ["0.0 s", "42 s", "2 min 5 s", "2 h 2 min"]
