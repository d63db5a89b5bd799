"""My work: own tasks by what they need, each with its reason and what follows; expected ends; what shifters watch."""

from dataclasses import dataclass, field
from typing import Any, cast

from api.log.audit_service import AuditService
from api.monitor.counting import Counts
from api.monitor.page import Data, PageView
from api.monitor.pages import home, my
from api.monitor.pages.expected_end import ExpectedEnd, expected_end
from api.monitor.pages.tiles import tiles_of
from api.monitor.pages.words import TASK_STATES
from api.monitor.rendering import Renderer
from api.monitor.showing import stream_key
from api.queries.read_models import ReadModels, Row
from audit.reason import Reason
from identity.ruling import OPERATOR
from schemas.instants import DAY, HOUR, MINUTE
from tests.api.builders import ReadModelsStandIn, an_identity, run

NOW = 1_800_000_000_000_000
HOSTILE = "<script>alert(1)</script>"
NOTHING = cast(Any, None)
ABOUT = {"identity": an_identity(), "position": 1, "is_past": False, "live": "/monitor/live", "may_operate": False}
TASK = {
    "task_id": 1, "name": "user.jdoe.one", "status": "running", "message": None, "attempt": 1, "created_at": NOW - 3 * HOUR,
    "modified_at": NOW - MINUTE, "started_at": NOW - 2 * HOUR, "ended_at": None, "files_total": 100, "files_finished": 50,
    "files_failed": 0, "jobs_live": 50, "jobs_total": 100, "work_group": "running", "place": 1, "total": 1,
}  # fmt: skip


@dataclass
class Remembers(ReadModelsStandIn):
    """Read models that keep what they were asked."""

    asked: list[tuple[str, Any]] = field(default_factory=list)

    def rows_now(self, sql: str, parameters: Any = ()) -> list[Row]:
        """As the others, noted."""
        self.asked.append((sql, parameters))
        return super().rows_now(sql, parameters)


class Explains:
    """An audit service that has a reason for every task, and remembers of which it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def why(self, _: Any, subject: Any) -> list[Reason]:
        """Two reasons; the second is not the strongest."""
        self.asked.append(subject.name)
        return [Reason(f"because of {HOSTILE}", "Ask for less memory.", "the owner"), Reason("not this one")]


def looked(rows: list[dict[str, Any]], *roles: str, **tables: Any) -> tuple[Data, str, Explains, Remembers]:
    """Data and HTML of the page for Jane with `rows` as her tasks."""
    read_models, audit = Remembers({"work_group": rows, **tables}), Explains()
    identity = an_identity(roles=frozenset(roles), linked=("jane-elsewhere",))
    view = PageView(
        identity, "/", {}, {}, cast(ReadModels, read_models), cast(AuditService, audit), NOTHING, Counts(), NOTHING, NOW
    )
    data = run(my.load(view))
    html = Renderer().page(my.PAGE, view, data, ABOUT)
    regions = Renderer().regions(my.PAGE, view, data)
    assert [name for name, text in regions.items() if text.strip() not in html] == []
    assert HOSTILE not in html
    return data, html, audit, read_models


def test_own_tasks_stand_by_what_they_need_with_why_and_what_follows() -> None:
    rows = [
        TASK | {"task_id": 7, "name": HOSTILE, "status": "finished", "work_group": "needs you", "files_failed": 3},
        TASK | {"task_id": 8, "status": "pending", "work_group": "waiting"},
        TASK | {"task_id": 9, "status": "paused", "work_group": "waiting"},
        TASK,
        TASK | {"task_id": 2, "status": "done", "work_group": "done", "total": 30},
    ]

    data, html, audit, _ = looked(rows)

    assert {group["name"]: [task["task_id"] for task in group["tasks"]] for group in data["groups"]} == {
        "needs you": [7], "waiting": [8, 9], "running": [1], "done": [2],
    }  # fmt: skip
    assert sorted(audit.asked) == ["7", "8", "9"]
    assert [group["tasks"][0]["next"] for group in data["groups"]] == [("retry_task", "Retry the rest"), None, None, None]
    assert "because of &lt;script&gt;" in html
    assert "Ask for less memory. (the owner)" in html
    assert "not this one" not in html
    assert 'aria-label="Resume task 9"' in html
    assert 'href="/jobs/?jeditaskid=7&amp;jobstatus=failed"' in html
    assert 'href="/tasks/?owner=subject-jane&amp;status=done%2Caborted"' in html
    assert "29 more" in html
    assert "Expected end" in html


def test_the_tasks_of_all_ids_of_a_person_are_asked_for_and_of_no_one_else() -> None:
    _, html, _, read_models = looked([])

    asked = [parameters for sql, parameters in read_models.asked if "work_group" in sql]
    assert [one["owners"] for one in asked] == [["subject-jane", "jane-elsewhere"]]
    assert [one["vo"] for one in asked] == ["wlcg"]
    assert [one["since"] for one in asked] == [NOW - 7 * DAY]
    assert "You have no task at work" in html


def test_every_state_of_a_task_has_a_group() -> None:
    assert sorted(state for states in my.GROUPS.values() for state in states) == sorted(TASK_STATES)


def test_an_open_page_of_own_work_is_shared_with_no_one_and_others_are() -> None:
    jane, bob = an_identity(), an_identity(subject="subject-bob")
    shifter = an_identity(roles=frozenset((OPERATOR,)))

    assert len({stream_key(my.PAGE, one, "/", {}) for one in (jane, bob, shifter)}) == 3
    assert len({stream_key(home.PAGE, one, "/now/", {}) for one in (jane, bob, shifter)}) == 1


def test_only_shifters_see_what_shifters_watch() -> None:
    tables = {"group by 1, 2": [{"queue": "Q", "status": "failed", "count": 40}], "from queue q": [], "group by status": []}

    shifter, html, _, _ = looked([], OPERATOR, **tables)
    member, plain, _, _ = looked([], **tables)

    assert [tile.level for tile in shifter["tiles"]][:2] == ["act", "look"]
    assert "What shifters watch" in html
    assert member["tiles"] == []
    assert "What shifters watch" not in plain


def test_a_number_asks_for_attention_from_its_threshold_on() -> None:
    ends = [{"queue": "A", "status": "failed", "count": 12}, {"queue": "A", "status": "finished", "count": 88},
            {"queue": "B", "status": "failed", "count": 19}]  # fmt: skip
    queues = [
        {"name": "A", "status": "ONLINE", "waiting": 5, "live": 0}, {"name": "B", "status": "OFFLINE", "waiting": 5, "live": 0},
        {"name": "C", "status": "ONLINE", "waiting": 0, "live": 0}, {"name": "D", "status": "ONLINE", "waiting": 5, "live": 1},
    ]  # fmt: skip

    tiles = tiles_of(ends, queues, [{"status": "pending", "count": 20}])

    assert [(tile.value, tile.level) for tile in tiles] == [
        ("26 %", "look"), ("0", "in order"), ("1", "look"), ("1", "look"), ("20", "act"), ("0", "in order"),
    ]  # fmt: skip


def test_a_share_of_few_ends_says_nothing() -> None:
    tiles = tiles_of([{"queue": "A", "status": "failed", "count": 19}], [], [])

    assert (tiles[0].value, tiles[0].level) == ("of 19", "in order")


def test_an_end_is_expected_at_the_pace_so_far_with_its_spread() -> None:
    # 16 of 32 ended in two hours: the rest takes two more; 16 +- 8 makes that 1 h 20 min to 4 h.
    task = TASK | {"files_total": 32, "files_finished": 15, "files_failed": 1, "jobs_total": 32, "jobs_live": 16}

    found = expected_end(task, NOW)

    assert found == ExpectedEnd(NOW + 2 * HOUR, NOW + 80 * MINUTE, NOW + 4 * HOUR)


def test_the_end_of_many_files_by_one_job_is_one_observation() -> None:
    assert expected_end(TASK | {"jobs_total": 100, "jobs_live": 96}, NOW) is None


def test_no_end_is_expected_of_what_has_not_begun_has_ended_or_hardly_moves() -> None:
    assert expected_end(TASK | {"started_at": None}, NOW) is None
    assert expected_end(TASK | {"ended_at": NOW}, NOW) is None
    assert expected_end(TASK | {"files_total": 50}, NOW) is None
    assert expected_end(TASK | {"files_total": 10**9}, NOW) is None
