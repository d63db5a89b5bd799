"""`culm get`: the lists of the pages, in the form that is asked for."""

import csv
import io
import json

import pytest

from cli.lists import watch_with
from deploy.errors import StepFailed
from tests.cli.conftest import CulmAtHand
from tests.cli.rows import ESC, a_row_of_jobs, a_task, counted


def test_tasks_are_listed_under_the_words_of_the_pages(culm: CulmAtHand) -> None:
    culm.tables |= {"grouping sets": counted("status", running=1), "from task": [a_task()]}

    told = culm("get", "tasks")

    assert told.code == 0, told.err
    heading, row = told.out.splitlines()
    assert heading.split() == ["jeditaskid", "status", "pctfinished", "nfiles", "nfilesfailed", "username", "taskname"]
    assert row.split() == ["10000001", "running", "25", "4", "0", "Jane", "Doe", "user.jdoe.t1"]


def test_filters_go_to_the_api_as_they_stand(culm: CulmAtHand) -> None:
    culm.tables |= {"grouping sets": [], "from job": []}

    told = culm("get", "job", "jobstatus=failed|lost", "hours=12", "--sort", "pandaid-ascending", "--limit", "5")

    assert told.code == 0, told.err
    asked = dict(culm.requests[-1].url.params)
    assert asked == {"jobstatus": "failed|lost", "hours": "12", "sortby": "pandaid-ascending", "limit": "5", "json": "1"}


def test_a_filter_that_there_is_not_is_named_with_those_that_there_are(culm: CulmAtHand) -> None:
    told = culm("get", "tasks", "colour=red")

    assert told.code == 1
    assert "filter 'colour' is not known here; there are computingsite" in told.err


@pytest.mark.parametrize("word", ["running", "=running", "status="])
def test_a_word_that_is_no_filter_says_what_was_expected(culm: CulmAtHand, word: str) -> None:
    told = culm("get", "tasks", word)

    assert told.code == 2
    assert "expected FIELD=VALUE" in told.err


def test_what_is_not_shown_is_counted_beside_the_output(culm: CulmAtHand) -> None:
    culm.tables |= {"grouping sets": counted("status", running=2_345), "from task": [a_task(3), a_task(2), a_task(1)]}

    told = culm("get", "tasks", "--limit", "2")

    assert len(told.out.splitlines()) == 3
    assert told.err == "2 of 2,345 shown; --limit shows more\n"


def test_a_list_longer_than_a_page_is_read_page_by_page(culm: CulmAtHand) -> None:
    rows = [a_row_of_jobs(number) for number in range(1_001, 0, -1)]
    culm.tables |= {"grouping sets": counted("jobstatus", running=1_001), "after_key": rows[-1:]}
    culm.tables |= {"as example": [], "from job": rows}

    told = culm("get", "jobs", "--limit", "1500", "-o", "jsonl")

    assert [json.loads(line)["pandaid"] for line in told.out.splitlines()] == list(range(1_001, 0, -1))
    assert "cursor" not in culm.requests[0].url.params
    assert "cursor" in culm.requests[1].url.params


def test_what_a_terminal_would_obey_is_shown_as_an_escape(culm: CulmAtHand) -> None:
    culm.tables |= {"grouping sets": [], "from task": [a_task(name=ESC)]}

    for form in ("table", "wide", "csv", "json", "jsonl"):
        told = culm("get", "tasks", "-o", form)

        assert not {"\x1b", "\u202e"} & set(told.out), form
        assert "evil" in told.out
    assert "\\x1b[2J\\u202eevil" in culm("get", "tasks").out
    assert json.loads(culm("get", "tasks", "--json").out)[0]["taskname"] == ESC


def test_csv_has_the_columns_of_the_wide_table(culm: CulmAtHand) -> None:
    culm.tables |= {"grouping sets": [], "from task": [a_task(name='a "b", c')]}

    (row,) = csv.DictReader(io.StringIO(culm("get", "tasks", "-o", "csv").out))

    assert (row["taskname"], row["currentpriority"], row["workinggroup"]) == ('a "b", c', "900", "")


def test_files_are_of_a_task_a_job_or_a_dataset(culm: CulmAtHand) -> None:
    culm.tables |= {
        "from dataset where name": [{"name": "user.jdoe:in", "vo": "wlcg"}],
        "from dataset_file": [{"lfn": "a.root", "size_bytes": 3, "endpoint": "LOCAL_DISK"}],
    }

    told = culm("get", "files", "dataset=user.jdoe:in", "-o", "csv")
    nothing = culm("get", "files")

    assert told.out.splitlines()[1].split(",")[0] == "a.root"
    assert (nothing.code, "name one of task=..., job=..., dataset=..." in nothing.err) == (2, True)


def test_my_tasks_are_those_under_my_name(culm: CulmAtHand) -> None:
    culm.tables |= {"grouping sets": [], "from task": []}

    told = culm("get", "tasks", "--mine")

    assert told.code == 0, told.err
    assert culm.requests[-1].url.params["username"] == "Jane Doe"


def test_a_watched_list_is_shown_again_after_an_event_and_ends_with_the_stream() -> None:
    shown: list[int] = []

    class Broken:
        def lines(self, path: str, **parameters: str) -> object:
            assert (path, parameters) == ("/v1/tail", {"filter": "aggregate=task"})
            raise StepFailed("the stream broke")

    with pytest.raises(StepFailed, match="the stream broke"):
        watch_with(Broken(), "task", lambda: shown.append(1))  # type: ignore[arg-type]

    assert shown == [1]
