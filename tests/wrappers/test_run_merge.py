"""`runMerge`: many files in, one out, called as prun's merge step calls it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wrappers.worker_node import Ended, WorkerNode, members, packed, worker_node

RUN_MERGE = "runMerge-00-00-02"
IN1, IN2 = "panda.um.user.x.7._000001", "panda.um.user.x.7._000002"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[WorkerNode]:
    with worker_node(tmp_path) as node:
        node.upload("jobO.1.tar.gz", {"join.sh": '#!/bin/sh\nexec > "$2"; shift 2; echo joined; cat "$@"\n'})
        yield node


def run_merge(node: WorkerNode, *arguments: str, script: str = "", path: str | None = None) -> Ended:
    """Merge as a task with `--noBuild` does."""
    given = ("-j", script) if script else ()
    sandbox = ("-a", "jobO.1.tar.gz", "--sourceURL", node.url)
    return node.run(RUN_MERGE, "-r", ".", *given, *sandbox, *arguments, path=path)


def test_a_merge_command_gets_inputs_and_output_in_its_placeholders(node: WorkerNode) -> None:
    node.put(f"{IN1}.json", "1")
    node.put(f"{IN2}.json", "2")
    script = "echo %IN > %OUT; cat join.sh | head -1 >> %OUT"

    ended = run_merge(node, f"{IN1}.json,{IN2}.json:user.x.7._000001.json", script=script)

    assert ended.code == 0
    assert (node.job / "user.x.7._000001.json").read_text() == f"{IN1}.json,{IN2}.json\n#!/bin/sh\n"


def test_a_script_named_alone_gets_output_and_inputs_as_arguments(node: WorkerNode) -> None:
    node.put(f"{IN1}.json", "1\n")
    node.put(f"{IN2}.json", "2\n")

    ended = run_merge(node, f"{IN1}.json,{IN2}.json:m.json", script="join.sh")

    assert ended.code == 0
    assert (node.job / "m.json").read_text() == "joined\n1\n2\n"


def test_a_library_of_a_build_job_serves_as_sandbox(node: WorkerNode) -> None:
    node.put("x.lib.tgz", packed({"word": "built"}))
    node.put("a", "")
    node.put("b", "")

    ended = node.run(RUN_MERGE, "-r", ".", "-j", "cp word %OUT", "-l", "x.lib.tgz", "a,b:m")

    assert ended.code == 0
    assert (node.job / "m").read_text() == "built"


def test_each_group_is_merged_on_its_own(node: WorkerNode) -> None:
    for name in ("a1.txt", "a2.txt", "b1.csv", "b2.csv"):
        node.put(name, f"{name}\n")

    ended = run_merge(node, "a1.txt,a2.txt:a.txt", "b1.csv,b2.csv:b.csv")

    assert ended.code == 0
    assert (node.job / "a.txt").read_text() == "a1.txt\na2.txt\n"
    assert (node.job / "b.csv").read_text() == "b1.csv\nb2.csv\n"


def test_tar_files_become_one_tar_file_and_no_member_is_lost(node: WorkerNode) -> None:
    node.put(f"{IN1}.out.tgz", packed({"hist.dat": "1", "d/same": "x"}))
    node.put(f"{IN2}.out.tgz", packed({"hist.dat": "2", "d/same": "y", "d/only": "z"}))

    ended = run_merge(node, f"{IN1}.out.tgz,{IN2}.out.tgz:m.out.tgz")

    assert ended.code == 0
    assert members(node.job / "m.out.tgz") == {
        "hist.7._000001.dat": "1",
        "d/same": "x",
        "hist.7._000002.dat": "2",
        "d/same.7._000002": "y",
        "d/only": "z",
    }


def test_logs_are_packed_together_even_beside_a_merge_script(node: WorkerNode) -> None:
    node.put("l1.log.tgz", packed({"tarball_1/payload.stdout": "one"}))
    node.put("l2.log.tgz", packed({"tarball_2/payload.stdout": "two"}))

    ended = run_merge(node, "l1.log.tgz,l2.log.tgz:m.log.tgz", script="exit 1 %IN %OUT")

    assert ended.code == 0
    assert members(node.job / "m.log.tgz") == {"tarball_1/payload.stdout": "one", "tarball_2/payload.stdout": "two"}


def test_files_of_no_known_kind_are_packed(node: WorkerNode) -> None:
    node.put("a.json", "{}")
    node.put("b.json", "[]")

    ended = run_merge(node, "a.json,b.json:m.json")

    assert ended.code == 0
    assert members(node.job / "m.json") == {"a.json": "{}", "b.json": "[]"}


def test_root_files_are_added_by_hadd(node: WorkerNode) -> None:
    tools = node.job.parent / "tools"
    tools.mkdir()
    (tools / "hadd").write_text('#!/bin/sh\necho "$@" > "$2"\n')
    (tools / "hadd").chmod(0o755)
    node.put("a.root", "")
    node.put("b.root", "")

    ended = run_merge(node, "a.root,b.root:m.root", path=f"{tools}:{os.environ['PATH']}")

    assert ended.code == 0
    assert (node.job / "m.root").read_text() == "-f m.root a.root b.root\n"


def test_root_files_without_hadd_fail_with_a_reason(node: WorkerNode) -> None:
    node.put("a.root", "")
    node.put("b.root", "")

    ended = run_merge(node, "a.root,b.root:m.root")

    assert ended.code == 127
    assert "needs hadd" in node.diagnosis()[1]


def test_a_single_file_is_renamed_and_the_script_left_out(node: WorkerNode) -> None:
    node.put("a.json", "{}")

    ended = run_merge(node, "a.json:m.json", script="exit 1 %IN")

    assert ended.code == 0
    assert (node.job / "m.json").read_text() == "{}"


def test_a_single_file_goes_through_the_script_on_request(node: WorkerNode) -> None:
    node.put("a.json", "{}")

    ended = run_merge(node, "--mergeSingleFile", "a.json:m.json", script="cat %IN %IN > %OUT")

    assert ended.code == 0
    assert (node.job / "m.json").read_text() == "{}{}"


def test_a_placeholder_that_the_server_left_means_nothing_to_merge(node: WorkerNode) -> None:
    node.put("a.txt", "1")
    node.put("b.txt", "2")

    ended = run_merge(node, "a.txt,b.txt:m.txt", "${TRN_LOG:LOG}")

    assert ended.code == 0
    assert "${TRN_LOG:LOG} stands for nothing" in ended.stdout


def test_the_scripts_exit_code_is_the_jobs(node: WorkerNode) -> None:
    node.put("a", "")
    node.put("b", "")

    ended = run_merge(node, "a,b:m", script="echo %IN; exit 5")

    assert ended.code == 5
    assert "m" not in node.files()


def test_a_script_that_writes_nothing_fails_the_job(node: WorkerNode) -> None:
    node.put("a", "")
    node.put("b", "")

    ended = run_merge(node, "a,b:m", script="true %IN")

    assert ended.code == os.EX_CANTCREAT
    assert node.diagnosis() == (ended.code, "merging ended well but did not write m")


@pytest.mark.parametrize("group", ["a,b", "a:", ":m", "a:../m"])
def test_a_malformed_group_is_named(node: WorkerNode, group: str) -> None:
    ended = run_merge(node, group)

    assert ended.code == os.EX_USAGE
    assert repr(group) in ended.stderr


def test_a_missing_input_is_named(node: WorkerNode) -> None:
    node.put("a", "")

    ended = run_merge(node, "a,b:m")

    assert ended.code == os.EX_NOINPUT
    assert "input file b is not" in node.diagnosis()[1]
