"""The driver: the whole story with the real prun and the real wrappers on a stand-in, and its parts on their own."""

import base64
import io
import json
import os
import time
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from demo.__main__ import reasons, run
from demo.account import Account
from demo.config import CHECKOUT, DemoConfig, read_config
from demo.errors import DemoFailed
from demo.products import fetch_products, storage_path
from demo.submission import TASK_ID as TASK_ID_PATTERN
from demo.submission import prun_arguments, shell_text
from demo.task_view import Api, JobView, StoredFile, TaskView
from demo.watching import STAGE_OF, line_of, picture_of
from tests.demo.stand_in import sandbox_names, stand_in

CLIENT = Path(os.environ.get("CULM_CLIENT") or CHECKOUT / ".venv-client")
needs_prun = pytest.mark.skipif(not (CLIENT / "bin" / "prun").exists(), reason="panda-client is not installed")


def a_token() -> str:
    """A token that panda-client can read; its signature is not checked here."""
    claims = {"preferred_username": "jdoe", "name": "Jane Doe", "sub": "jdoe", "exp": int(time.time()) + 3600}
    parts = (json.dumps({"alg": "none"}), json.dumps(claims), "")
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts)


def a_job(serial: int = 1, kind: str = "NORMAL", status: str = "finished", errors: str = "") -> JobView:
    return JobView(job_id=serial, kind=kind, serial=serial, status=status, errors=errors)


def a_task(*jobs: JobView, status: str = "running", message: str = "") -> TaskView:
    return TaskView(10000001, "user.jdoe.hdf/", status, message, jobs)


def a_config(folder: Path, culm: Path) -> DemoConfig:
    return DemoConfig(run="r1", home=folder, culm=culm, products=folder / "out", end_seconds_max=240)


@needs_prun
@pytest.mark.stack  # prun, and jobs as processes
def test_the_demo_ends_with_a_catalogue_and_two_pictures(tmp_path: Path) -> None:
    said = io.StringIO()
    with stand_in(tmp_path / "home", CLIENT, a_token()) as stack:
        config = a_config(tmp_path / "home", stack.culm)

        run(config, Console(file=said, width=200))

    text = said.getvalue()
    assert len(stack.jobs) == 25
    assert "--nFilesPerJob 1" in text
    assert "INFO : succeeded. new jediTaskID=10000001" in text
    assert "tiles: 24 found | merge: 1 found" in text
    assert "sources found   1,276" in text
    assert "events written  75" in text
    assert sorted(path.name for path in config.products.iterdir() if path.is_file()) == [
        "catalogue.csv",
        "number_counts.png",
        "sources.png",
    ]
    assert stack.parameters["taskName"] == "user.jdoe.hdf.r1/"
    assert "survey/find_sources.py" in sandbox_names(tmp_path / "home")


@needs_prun
@pytest.mark.stack  # prun, and jobs as processes
def test_the_demo_says_which_job_failed(tmp_path: Path) -> None:
    with stand_in(tmp_path / "home", CLIENT, a_token()) as stack:
        stack.broken_tile = 3

        with pytest.raises(DemoFailed, match=r"ended failed, expected done[^$]*job 3 \(normal\) failed: exit code 1"):
            run(a_config(tmp_path / "home", stack.culm), Console(file=io.StringIO()))


def test_two_runs_have_different_names_unless_told(tmp_path: Path) -> None:
    config = read_config({"CULM_HOME": str(tmp_path)}, ["--run", "second", "--timeout", "5"])

    assert (config.run, config.home, config.end_seconds_max) == ("second", tmp_path, 5)
    assert read_config({}, []).run.isdigit()


def test_without_a_stack_the_demo_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(DemoFailed, match="make setup"):
        run(a_config(tmp_path, tmp_path / "culm"), Console(file=io.StringIO()))


def test_every_option_of_prun_is_on_a_line_of_its_own() -> None:
    text = shell_text(prun_arguments("wlcg", "a.tiles", "a"))

    assert text.splitlines()[:2] == ["prun \\", "      --vo wlcg \\"]
    assert "      --exec 'python3 -m survey.find_sources --tiles %IN --output survey.tgz' \\" in text.splitlines()


def test_the_task_id_is_found_in_what_prun_prints() -> None:
    found = TASK_ID_PATTERN.search("INFO : succeeded. new jediTaskID=10000042")

    assert found is not None
    assert found.group(1) == "10000042"


def test_files_lie_in_the_storage_where_their_name_says() -> None:
    path = storage_path(Path("/home"), "user.jdoe", "f.txt")

    assert path == Path("/home/storage/user/jdoe/fe/1e/f.txt")


def test_a_file_that_is_not_what_was_registered_is_refused(tmp_path: Path) -> None:
    path = storage_path(tmp_path, "user.jdoe", "m.tgz")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"four")

    with pytest.raises(DemoFailed, match="has 4 bytes, 5 were registered"):
        fetch_products(tmp_path, [StoredFile("user.jdoe", "m.tgz", 5, "")], tmp_path)
    with pytest.raises(DemoFailed, match="checksum"):
        fetch_products(tmp_path, [StoredFile("user.jdoe", "m.tgz", 4, "ad:00000001")], tmp_path)
    with pytest.raises(DemoFailed, match="expected one merged file, found 0: none"):
        fetch_products(tmp_path, [], tmp_path)


def test_the_line_about_a_task_counts_jobs_by_stage() -> None:
    task = a_task(a_job(1, status="merging"), a_job(2, status="running"), a_job(3, "MERGE", "activated"))

    assert line_of(task) == "task running | tiles: 1 running, 1 found | merge: 1 activated"


def test_the_picture_of_a_task_can_be_drawn_for_every_status() -> None:
    console = Console(file=io.StringIO(), width=80)
    jobs = [a_job(serial, status=status) for serial, status in enumerate([*STAGE_OF, "a word of next year"])]

    console.print(picture_of(a_task(*jobs, a_job(99, "MERGE", "finished")), 1.0))


def test_a_task_that_failed_is_reported_in_its_jobs_words() -> None:
    task = a_task(a_job(7, status="failed", errors="no disk"), a_job(8), status="failed", message="too many failures")

    assert reasons(task) == ("task 10000001 ended failed, expected done. too many failures\n  job 7 (normal) failed: no disk")


def test_all_pages_of_an_answer_are_read() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        after = request.url.params.get("after")
        return httpx.Response(200, json={"events": [{}, {}], "next": None if after else "2"})

    api = Api(Account("http://culm", "token", "wlcg", {}), httpx.MockTransport(answer))

    assert api.events_written(1) == 4


def test_an_api_that_refuses_is_quoted() -> None:
    api = Api(
        Account("http://culm", "token", "wlcg", {}),
        httpx.MockTransport(lambda _: httpx.Response(403, text="not in wlcg")),
    )

    with pytest.raises(DemoFailed, match="answered 403: not in wlcg"):
        api.nickname()


def test_the_merged_file_is_awaited_when_its_row_comes_after_the_end_of_the_task() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path == "/v1/datasets":
            rows = [{"name": "user.jdoe.survey/"}] if asked.count("/v1/datasets") > 2 else []
            return httpx.Response(200, json={"datasets": rows, "next": None})
        file = {"scope": "user.jdoe", "lfn": "m.tgz", "size_bytes": 5, "checksum": "ad:00000001"}
        return httpx.Response(200, json={"files": [file], "next": None})

    api = Api(Account("http://127.0.0.1:1", "wlcg", "token", {}), transport=httpx.MockTransport(answer))

    assert api.merged_files(7) == [StoredFile("user.jdoe", "m.tgz", 5, "ad:00000001")]
    assert asked.count("/v1/datasets") == 3
