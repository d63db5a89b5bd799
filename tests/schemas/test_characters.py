"""Sets of characters: what they take, what they hold of each other, and what comes near."""

import re
from itertools import product

import pytest

from schemas.characters import FILE_NAME, LINE, NAME, SETS, TEMPLATE, TEXT, URL, UUID, WORD, CharacterSet, holds_all_of

ODD = [
    "\u2028",
    "\ud800",
    "\ufffe",
    "\ufdd0",
    "\U0001fffe",
    "😀",
    "..",
    "./",
    "/.",
    "${SN}",
]
PIECES = [*map(chr, range(256)), *ODD]
TEXTS = ["", *PIECES, *(f"{first}{then}" for first, then in product(PIECES, "a./-")), *(f"a{one}b" for one in PIECES)]
TEXTS.append("7f9c2ba4-e88f-527d-a8b1-5c6a3d2e1f00")


@pytest.mark.parametrize("one", SETS.values(), ids=SETS)
def test_a_set_says_truly_which_sets_hold_it(one: CharacterSet) -> None:
    taken = [text for text in TEXTS if one.takes(text)]
    wider = [other for other in SETS.values() if holds_all_of(other.name, one.name)]

    assert taken
    assert [(other.name, text) for other in wider for text in taken if not other.takes(text)] == []


@pytest.mark.parametrize("one", [one for one in SETS.values() if one not in (UUID, TEMPLATE)], ids=lambda one: one.name)
def test_what_comes_near_is_in_the_set_and_no_longer_than_asked(one: CharacterSet) -> None:
    texts = [*TEXTS, "x" * 50, "a/../b", "-rf", "/./.", "a\nb"]

    near = [(text, one.replaced(text, 20)) for text in texts]

    assert [text for text, found in near if not one.takes(found) or len(found) != min(20, len(text))] == []
    assert [text for text, found in near if one.takes(text[:20]) and found != text[:20]] == []


def test_odd_characters_are_replaced_and_the_rest_is_kept() -> None:
    assert TEXT.replaced("up\ud800 to\x00 here\n", 100) == "up\ufffd to\ufffd here\n"
    assert LINE.replaced("two\nlines", 100) == "two\ufffdlines"
    assert NAME.replaced("slot 1@host,x", 100) == "slot_1@host_x"
    assert FILE_NAME.replaced("../a b", 100) == "_._a_b"
    assert UUID.replaced("nope", 36) == ""


@pytest.mark.parametrize("one", SETS.values(), ids=SETS)
def test_the_pattern_for_json_schema_takes_every_text_of_the_set(one: CharacterSet) -> None:
    pattern = re.compile(one.json_pattern)

    assert [text for text in TEXTS if one.takes(text) and not pattern.search(text)] == []
    assert pattern.search("a\x00b") is None


@pytest.mark.parametrize("one", SETS.values(), ids=SETS)
def test_no_pattern_backtracks_over_a_long_text(one: CharacterSet) -> None:
    # Each of these is a second or more for a pattern that is not linear.
    for text in ("/." * 300_000, "a" * 600_000 + "\x00", "${MIDDLENAME}" * 50_000 + "!", "a/" * 300_000 + ".."):
        one.takes(text)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (NAME, "PandaJob_#{pandaid}"),
        (NAME, "pseudo_input_collection#1.0"),
        (NAME, "slot1_2@b7g17p1234.cern.ch"),
        (NAME, "data15_13TeV:data15_13TeV.00266904/"),
        (URL, "000012:pure_pseudoinput+qgraphNodeId:+qgraphId:"),
        (URL, "000001:isr_7f9c2ba4^12"),
        (URL, "davs://host:443/a/b.root?x=1&y=%20#frag"),
        (URL, "docker://atlas/analysisbase@sha256:12ab"),
        (WORD, "panda-client-2.2.0-jedi-run"),
        (WORD, "CERN-PROD_UCORE"),
        (FILE_NAME, "user.jdoe.10000001._000001.out+x.root"),
    ],
)
def test_what_real_clients_send_is_taken(one: CharacterSet, text: str) -> None:
    assert one.takes(text)
