"""`bash-c` and `bash-c-enc-new`: command lines of works of iDDS, plain and as one base64 text, as the pilot starts them."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wrappers.worker_node import Ended, WorkerNode, worker_node

LINE = 'export N=3;echo "a;b ${N}" > out.txt; x=$(cat out.txt); printf "%s\\n" "$x"; exit 7'


@pytest.fixture
def node(tmp_path: Path) -> Iterator[WorkerNode]:
    with worker_node(tmp_path) as node:
        yield node


def run_encoded(node: WorkerNode, line: str) -> Ended:
    return node.run("bash-c-enc-new", b64encode(line.encode()).decode())


def test_an_encoded_command_line_is_run_as_it_was_written(node: WorkerNode) -> None:
    ended = run_encoded(node, LINE)

    assert (ended.code, ended.stdout.splitlines()[-1]) == (7, "a;b 3")
    assert (node.job / "out.txt").read_text() == "a;b 3\n"


def test_a_plain_command_line_keeps_its_variables_from_command_to_command(node: WorkerNode) -> None:
    ended = node.run("bash-c", "export N=3; cd /;", "echo", "$N in $PWD")

    assert (ended.code, ended.stdout.splitlines()[-1]) == (0, "3 in /")


def test_a_command_line_may_be_longer_than_a_screen_and_have_any_letters(node: WorkerNode) -> None:
    ended = run_encoded(node, f": {'x' * 60_000}; echo 'Müller'")

    assert (ended.code, ended.stdout.splitlines()[-1]) == (0, "Müller")


@pytest.mark.parametrize(
    ("wrapper", "arguments", "sentence"),
    [
        ("bash-c-enc-new", ("echo hello",), "is not base64 of a command line"),
        ("bash-c-enc-new", ("/w==",), "is not base64 of a command line"),
        ("bash-c-enc-new", ("ZWNobw==", "x"), "found 2 arguments, expected one base64 text"),
        ("bash-c", ("", " "), "found no command line"),
    ],
)
def test_what_is_no_command_line_is_a_wrong_call(
    node: WorkerNode, wrapper: str, arguments: tuple[str, ...], sentence: str
) -> None:
    ended = node.run(wrapper, *arguments)

    assert ended.code == 64
    assert sentence in ended.stderr
