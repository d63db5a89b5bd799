"""Arguments: what is cast, what is refused, and in which words."""

from typing import Any

import pytest

from api.panda.arguments import ArgumentKind, BadArgument, Parameter, bind, whole_numbers

TASK = Parameter("task_id", ArgumentKind.WHOLE)


def from_query(kind: ArgumentKind, value: Any, default: Any = None) -> Any:
    """What `value` of a query string becomes."""
    return bind([Parameter("x", kind, default)], {"x": value}, from_query=True)["x"]


def from_body(kind: ArgumentKind, value: Any, default: Any = None) -> Any:
    """What `value` of a JSON body becomes."""
    return bind([Parameter("x", kind, default)], {"x": value}, from_query=False)["x"]


@pytest.mark.parametrize(
    ("kind", "word", "value"),
    [
        (ArgumentKind.WHOLE, "3", 3),
        (ArgumentKind.WHOLE, "3.0", 3),
        (ArgumentKind.WHOLE, "100000010000001", 100_000_010_000_001),
        (ArgumentKind.FLAG, "True", True),
        (ArgumentKind.FLAG, "False", False),
        (ArgumentKind.TEXT, "None", None),
        (ArgumentKind.TEXT, "3", "3"),
        (ArgumentKind.LIST, "input", ["input"]),
        (ArgumentKind.LIST, ["input", "pseudo_input"], ["input", "pseudo_input"]),
        (ArgumentKind.OBJECT, '{"a": 1}', {"a": 1}),
    ],
)
def test_words_of_a_query_string_are_cast(kind: ArgumentKind, word: Any, value: Any) -> None:
    assert from_query(kind, word) == value


@pytest.mark.parametrize("word", ["x", "", "3.5", "inf", "nan", "1e400", "--5", "²", "9" * 30])
def test_what_is_no_whole_number_is_a_type_error(word: str) -> None:
    with pytest.raises(BadArgument, match=r"^Type error: 'x' with .*, expected int$"):
        from_query(ArgumentKind.WHOLE, word)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ArgumentKind.WHOLE, True),
        (ArgumentKind.WHOLE, 1.5),
        (ArgumentKind.WHOLE, 2**63),
        (ArgumentKind.FLAG, 1),
        (ArgumentKind.TEXT, 1),
        (ArgumentKind.TEXT, "a\0b"),
        (ArgumentKind.LIST, "a"),
        (ArgumentKind.OBJECT, []),
    ],
)
def test_a_body_must_have_the_types_themselves(kind: ArgumentKind, value: Any) -> None:
    with pytest.raises(BadArgument, match=f"^Type error: 'x' with .*, expected {kind}$"):
        from_body(kind, value)


def test_ids_and_flags_may_be_spelled_out_in_a_body() -> None:
    assert from_body(ArgumentKind.WHOLE, "10000001") == 10_000_001
    assert from_body(ArgumentKind.FLAG, "True") is True


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(BadArgument, match=r"^Argument error: missing a required argument: 'task_id'$"):
        bind([TASK], {}, from_query=False)


def test_an_unknown_argument_is_named() -> None:
    with pytest.raises(BadArgument, match=r"^Argument error: got an unexpected argument 'jediTaskID'$"):
        bind([TASK], {"task_id": 1, "jediTaskID": 1}, from_query=False)


def test_null_stands_for_the_default() -> None:
    assert from_body(ArgumentKind.FLAG, None, default=False) is False
    assert from_query(ArgumentKind.WHOLE, "None", default=500) == 500


def test_a_required_argument_cannot_be_null() -> None:
    with pytest.raises(BadArgument, match=r"Type error: 'task_id' with NoneType 'None', expected int"):
        bind([TASK], {"task_id": None}, from_query=False)


def test_ids_in_a_list_may_be_texts() -> None:
    assert whole_numbers([1, "2"]) == [1, 2]
    with pytest.raises(BadArgument, match=r"Type error: ids are"):
        whole_numbers([1, None])
