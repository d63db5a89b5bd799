"""Filters: exact words, expressions, and who checks them."""

import pytest

from api.panda.filters import UnknownAttribute, in_postgres, is_pattern, passes, selection


@pytest.mark.parametrize("text", ["user.jdoe.t1/", "running", "a[0-9]", "x{2}", "a-b_c"])
def test_a_text_without_special_characters_is_meant_exactly(text: str) -> None:
    assert not is_pattern(text)


@pytest.mark.parametrize("text", ["^user", "t1$", "a*", "a+", "a?", "a|b", "(a)", "a\\.b"])
def test_one_special_character_makes_an_expression(text: str) -> None:
    assert is_pattern(text)


def test_columns_are_compared_by_the_database() -> None:
    wanted = selection({"taskName": "user.jdoe.t1/", "superStatus": "running|ready"})

    assert [one.sql for one in wanted.comparisons] == ["name = %s", "coalesce(super_status::text, 'None') ~ %s"]
    assert [one.value for one in wanted.comparisons] == ["user.jdoe.t1/", "running|ready"]
    assert wanted.complete


def test_names_of_attributes_may_be_in_any_case() -> None:
    assert selection({"jeditaskid": "10000001"}) == selection({"jediTaskID": "10000001"})


def test_an_id_is_compared_as_a_number_so_that_the_index_is_used() -> None:
    (wanted,) = selection({"jediTaskID": "10000001"}).comparisons

    assert (wanted.sql, wanted.value) == ("task_id = any(%s::bigint[])", [10_000_001])


@pytest.mark.parametrize("text", ["x", "", "1.5", "9" * 30, "-1"])
def test_an_id_that_is_none_finds_nothing(text: str) -> None:
    assert [one.value for one in selection({"jediTaskID": text}).comparisons] == [[]]


def test_other_attributes_are_left_for_the_task_objects() -> None:
    wanted = selection({"processingType": "panda-client-2.2.0-jedi-run", "coreCount": "^[18]$"})

    assert wanted.comparisons == ()
    assert wanted.exact == {"processingType": "panda-client-2.2.0-jedi-run"}
    assert wanted.patterns == {"coreCount": "^[18]$"}
    assert not wanted.complete


def test_an_exact_value_is_compared_as_text() -> None:
    assert passes({"coreCount": 8}, {"coreCount": "8"})
    assert not passes({"coreCount": 8}, {"coreCount": "80"})
    assert passes({"cloud": None}, {"cloud": "None"})


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        ({"colour": "red"}, "tasks have no attribute 'colour'"),
        ({"taskName": "("}, "is not a regular expression"),
        ({"taskName": "(a)\\1"}, "has the backreference"),
        ({"taskName": "(?=.*(?=.*(?=.*b)))c"}, "has a lookahead, which cannot be matched in linear time"),
        ({"processingType": "(?=.*(?=.*(?=.*b)))c"}, "has a lookahead, which cannot be matched in linear time"),
        ({"taskName": "((a{1,100}){1,100}){1,5}y"}, "is not a regular expression .syntax: RE2.: invalid repetition size"),
        ({"taskName": "((a{1,20}){1,20}){1,2}y"}, "instructions, expected at most 500"),
        ({"taskName": "a*" * 300}, "600 characters"),
        ({"taskName": "a\0"}, "NUL"),
    ],
)
def test_what_cannot_be_asked_is_said(filters: dict[str, str], why: str) -> None:
    with pytest.raises(UnknownAttribute, match=why):
        selection(filters)


def test_word_boundaries_are_spelled_as_postgres_does() -> None:
    assert in_postgres(r"\bt1\b") == r"\yt1\y"
    assert in_postgres(r"\Bt1") == r"\Yt1"
    assert in_postgres(r"\\b") == r"\\b"
