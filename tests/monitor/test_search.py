"""One search: what was typed, what is found of each kind, where it leads, and where it looked in vain."""

from typing import Any, cast

import pytest

from api.http.errors import BadRequest
from api.monitor.counting import Counts
from api.monitor.page import Data, PageView
from api.monitor.pages import search
from api.monitor.pages.search import CHARACTERS_MAX, asked_for, leads_to
from api.monitor.pages.signposts import SIGNPOSTS, signposts_to
from api.monitor.rendering import Renderer
from api.monitor.router import PATHS
from api.queries.read_models import ReadModels
from tests.api.builders import ReadModelsStandIn, an_identity, run

NOW = 1_800_000_000_000_000
HOSTILE = "<script>alert(1)</script>"
NOTHING = cast(Any, None)
ABOUT = {"identity": an_identity(), "position": 1, "is_past": False, "live": "/monitor/live", "may_operate": False}
TABLES: dict[str, list[dict[str, Any]]] = {
    "join task_file": [{"lfn": HOSTILE, "dataset": "user.jdoe.in", "task_id": 5, "role": "input"}],
    "join task_dataset": [{"dataset": HOSTILE, "count": 3, "task_id": 5}],
    "group by 1, 2, 3": [{"error_source": "pilot", "error_code": 1305, "error_cluster": HOSTILE, "count": 1200,
                          "example": 50_000_001, "last_at": NOW}],
    "as failed, max": [{"node": "node/1", "count": 7, "failed": 2, "last_at": NOW}],
    "select user_name, count": [{"user_name": "Jane Doe", "count": 4, "last_at": NOW}],
    "from workflow": [{"request_id": 77, "name": HOSTILE, "status": "failed", "user_name": "Jane Doe", "modified_at": NOW}],
    "from queue": [{"name": "A/B", "settings": {"status": "OFFLINE"}, "waiting": 3, "leased": 0, "held_tasks": []},
                   {"name": "OTHERS", "settings": {"vos": ["dune"]}, "waiting": 3, "leased": 0, "held_tasks": []}],
    "job_id = %(number)s": [{"job_id": 50_000_001, "task_id": 5, "name": "user.jdoe.j", "status": "failed", "queue": "A/B",
                       "node": "node/1", "batch_id": None, "modified_at": NOW}],
    "name = %(whole)s or": [{"task_id": 5, "name": HOSTILE, "status": "finished", "user_name": "Jane Doe", "modified_at": NOW}],
}  # fmt: skip


def searched(q: str, tables: dict[str, list[dict[str, Any]]]) -> tuple[Data, str]:
    """Data and HTML for Jane."""
    read_models = cast(ReadModels, ReadModelsStandIn(cast(Any, tables)))
    view = PageView(an_identity(), "/search/", {}, {"q": q}, read_models, NOTHING, NOTHING, Counts(), NOTHING, NOW)
    data = run(search.load(view))
    html = Renderer().page(search.PAGE, view, data, ABOUT)
    assert HOSTILE not in html
    return data, html


def test_everything_that_has_the_text_is_found_by_kind_with_the_place_it_leads_to() -> None:
    data, html = searched("failed", TABLES)

    assert {group["kind"]: [hit["path"] for hit in group["found"]] for group in data["groups"]} == {
        "task": ["/task/5/"], "job": ["/job/50000001/"], "queue": ["/queue/A%2FB/"], "user": ["/tasks/?username=Jane+Doe"],
        "node": ["/jobs/?modificationhost=node%2F1"], "file": ["/task/5/"], "dataset": ["/task/5/"],
        "workflow": ["/workflow/77/"],
        "error": [f"/jobs/?errorsource=pilot&errorcode=1305&errormessage={'%3Cscript%3Ealert%281%29%3C%2Fscript%3E'}"],
        "page": ["/", "/jobs/?jobstatus=failed&hours=24"],
    }  # fmt: skip
    assert data["nothing"] == []
    assert "1,200 jobs, as job 50000001" in html
    assert "of task 5 and 2 more" in html
    assert "OTHERS" not in html


def test_what_is_not_found_says_where_it_looked() -> None:
    data, html = searched("zanzibar", {})

    assert data["groups"] == []
    assert [one["kind"] for one in data["nothing"]] == [
        "task", "job", "queue", "user", "node", "file", "dataset", "workflow", "error", "page",
    ]  # fmt: skip
    assert "Nothing in wlcg has <strong class=\"text\">zanzibar</strong> in its name." in html
    assert "names of all queues that serve the organisation" in html
    assert "the newest 20,000" in html


def test_more_than_is_shown_leads_to_the_list_of_all() -> None:
    tasks = [{**TABLES["name = %(whole)s or"][0], "task_id": number} for number in range(20, 11, -1)]

    data, html = searched("task:sur_vey", {"name = %(whole)s or": tasks})

    assert [(len(group["found"]), group["more"]) for group in data["groups"]] == [(8, True)]
    assert 'href="/tasks/?taskname=%2Asur_vey%2A"' in html
    assert searched("task:a|b", {"name = %(whole)s or": tasks})[0]["groups"][0]["list"] is None


def test_a_number_that_one_thing_has_leads_there_at_once() -> None:
    found, _ = searched("5", {"name = %(whole)s or": TABLES["name = %(whole)s or"]})

    assert leads_to(found) == "/task/5/"
    assert leads_to(searched("Jane", TABLES)[0]) is None
    assert leads_to(searched("4", {"name = %(whole)s or": TABLES["name = %(whole)s or"]})[0]) is None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("survey", ("", "survey")), (" user:Doe ", ("user", "Doe")), ("SITE: CERN", ("queue", "CERN")),
        ("host:n1", ("node", "n1")),
        ("user.jdoe:AOD.1", ("", "user.jdoe:AOD.1")), ("user:", ("", "user:")), ("", ("", "")), ("page:kill", ("page", "kill")),
    ],
)  # fmt: skip
def test_a_kind_before_a_colon_narrows_the_search(typed: str, expected: tuple[str, str]) -> None:
    assert asked_for(typed) == expected


def test_one_character_is_not_looked_for_but_one_digit_is() -> None:
    assert searched("a", TABLES)[0] | {"q": ""} == {"q": "", "text": "a", "groups": [], "nothing": [], "too_short": True}
    assert [group["kind"] for group in searched("task:5", TABLES)[0]["groups"]] == ["task"]


@pytest.mark.parametrize("typed", ["x" * (CHARACTERS_MAX + 1), "a\0b"])
def test_a_text_that_no_name_can_have_is_refused(typed: str) -> None:
    with pytest.raises(BadRequest, match="q: found"):
        asked_for(typed)


def test_every_page_without_a_name_in_its_path_is_found_by_its_title() -> None:
    paths = {one.path.partition("?")[0] for one in SIGNPOSTS}

    assert {path for path in PATHS if "{" not in path} - {"/search/"} <= paths
    assert [one.title for one in signposts_to("pilots", 5)] == ["Workers"]
    assert [one.path for one in signposts_to("KILL man", 5)] == ["/tasks/", "/jobs/"]
    assert signposts_to("  ", 5) == []
