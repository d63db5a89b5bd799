"""Names reach the payload as they are, also characters that a shell expands; a real shell says what it makes of each line."""

import ast
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.task.text import UnresolvedPlaceholder, expand, expand_merge_pairs, file_name, replaced_names
from tests.doses import dose

BASH = shutil.which("bash") or "bash"
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\0\n,"), min_size=1, max_size=20)


def arguments_of(line: str) -> list[str]:
    """The arguments that a program gets when a shell reads `line`."""
    done = subprocess.run([BASH, "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, timeout=20)
    return done.stdout.decode().split("\0")[:-1]


NAMES = ["i$(touch pwned)j.root", "a'b", 'a"b', "a`b`", "a b", "a\\b", "a;b", "x?a=1&b=2", "[a-z]*", "~", "!x"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_argument_in_any_quotes(name: str) -> None:
    streams = {"IN": [name]}

    assert arguments_of(expand('-i "${IN}"', streams, {})) == ["-i", name]
    assert arguments_of(expand("-i '${IN}'", streams, {})) == ["-i", name]
    assert arguments_of(expand("-i ${IN}", streams, {})) == ["-i", name]
    assert ast.literal_eval(arguments_of(expand('-i "${IN/T}"', streams, {}))[1]) == [name]


@given(st.lists(PLAIN, min_size=1, max_size=4))
@settings(max_examples=dose(40, fast=10), deadline=None)
def test_the_list_that_a_wrapper_reads_is_the_list_of_names(names: list[str]) -> None:
    line = expand('-i "${IN/T}" -o "{\'out.txt\': \'${OUTPUT0}\'}" ${IN/S}', {"IN": names, "OUTPUT0": ["o.1"]}, {})

    found = arguments_of(line)

    assert ast.literal_eval(found[1]) == sorted(names)
    assert found[2:4] == ["-o", "{'out.txt': 'o.1'}"]
    assert found[4:] == names


def test_a_physical_name_with_a_query_reaches_the_payload() -> None:
    pfn = "root://eos.example.org:1094//data/f.root?authz=a%20b&xrd.wantprot=ztn"

    found = arguments_of(expand('--givenPFN -i "${IN/T}"', {"IN": [pfn]}, {}))

    assert ast.literal_eval(found[2]) == [pfn]


def test_the_groups_of_a_merge_are_one_argument_each() -> None:
    line = expand_merge_pairs("-r . ${TRN_OUTPUT:OUTPUT}", {"OUTPUT": [(["a 1", "b"], "m;x"), (["c"], "n")]})

    assert arguments_of(line) == ["-r", ".", "a 1,b:m;x", "c:n"]


def test_plain_names_stand_without_quotes() -> None:
    assert expand("${IN} ${IN/L}", {"IN": ["a.1", "a.2"]}, {}) == "'a.[1,2]' a.1,a.2"
    assert expand("${IN}", {"IN": ["a.1"]}, {}) == "a.1"


@pytest.mark.parametrize("template", ['"$(cat ${IN})"', "`cat ${IN}`", "cat <<X\n${IN}\nX", "eval cat ${IN}", "\\${IN}"])
def test_a_name_that_cannot_be_quoted_where_it_would_stand_is_refused(template: str) -> None:
    with pytest.raises(UnresolvedPlaceholder, match="quote"):
        expand(template, {"IN": ["a b;c"]}, {})


def test_a_comma_in_a_name_shifts_no_list() -> None:
    with pytest.raises(UnresolvedPlaceholder, match="has a comma"):
        expand("${IN/L}", {"IN": ["a,b", "c"]}, {})


def test_a_template_without_a_serial_number_gets_one() -> None:
    assert file_name("log.tgz", 7, 1) == "7._000001.log.tgz"
    assert file_name("u.$JEDITASKID._${SN/P}.out", 7, 1) == "u.7._000001.out"
    assert len({file_name("out.txt", 7, serial) for serial in range(1, 100)}) == 99


def test_names_are_replaced_once_and_not_within_each_other() -> None:
    names = {"a.txt": "panda.um.a.txt", "b.a.txt": "panda.um.b.a.txt"}

    assert replaced_names("a.txt b.a.txt panda.um.a.txt", names) == "panda.um.a.txt panda.um.b.a.txt panda.um.a.txt"


def test_a_name_is_replaced_where_it_stands_as_a_word() -> None:
    names = {"u.1.out": "panda.um.u.1.out"}

    assert replaced_names("-o u.1.out,x --out=u.1.out echo%20u.1.out%3B 'u.1.out:/d/u.1.out' -ou.1.out", names) == (
        "-o panda.um.u.1.out,x --out=panda.um.u.1.out echo%20panda.um.u.1.out%3B 'panda.um.u.1.out:/d/panda.um.u.1.out' "
        "-opanda.um.u.1.out"
    )
    assert replaced_names("xu.1.out u.1.outx u.1.out.u.1.out", names) == "xu.1.out u.1.outx u.1.out.u.1.out"
