"""`runGen` with the arguments of a job in a file, which it fetches by the digest of their text."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.wrappers.worker_node import WorkerNode, worker_node

RUN_GEN = "runGen-00-00-02"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[WorkerNode]:
    with worker_node(tmp_path) as node:
        yield node


def arguments_in_cache(node: WorkerNode, text: str) -> str:
    """The URL of a file with the arguments `text`, named by its digest."""
    name = f"jobPars.{hashlib.sha256(text.encode()).hexdigest()}"
    (node.cache / name).write_text(text)
    return f"{node.url}/cache/{name}"


def test_a_command_beyond_what_one_argument_holds_is_run(node: WorkerNode) -> None:
    text = "x" * 200_000
    command = quote(f"echo -n {text} > out.txt; echo $0 >> out.txt")
    url = arguments_in_cache(node, f"""-o "{{'out.txt': 'o.1.txt'}}" -p "{command}" -r .""")

    ended = node.run(RUN_GEN, "-j", "", "--argumentsFrom", url)

    assert (ended.code, ended.stderr) == (0, "")
    assert (node.job / "o.1.txt").read_text().startswith(text)
    assert len(ended.stdout) < 20_000
    assert node.files() == ["o.1.txt"]


def test_arguments_from_a_file_are_read_as_a_shell_reads_them(node: WorkerNode) -> None:
    url = arguments_in_cache(node, r"""-p echo%20"$((1 + 1))"'%20a  b'%20\"c\" -r .""")

    ended = node.run(RUN_GEN, "--argumentsFrom", url)

    assert ended.code == 0
    assert "2 a b c\n" in ended.stdout


def test_arguments_that_are_not_what_their_name_says_stop_the_job(node: WorkerNode) -> None:
    (node.cache / f"jobPars.{'0' * 64}").write_text("-p true")

    ended = node.run(RUN_GEN, "--argumentsFrom", f"{node.url}/cache/jobPars.{'0' * 64}")

    assert ended.code == 69
    assert node.diagnosis() == (69, f"{node.url}/cache/jobPars.{'0' * 64} is not what its name says")


def test_arguments_that_are_not_there_stop_the_job(node: WorkerNode) -> None:
    ended = node.run(RUN_GEN, "--argumentsFrom", f"{node.url}/cache/jobPars.1")

    assert ended.code == 69
    assert node.diagnosis()[1].endswith("cannot be fetched: 404 File not found")
