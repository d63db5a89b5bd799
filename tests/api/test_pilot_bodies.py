"""What pilots send is read in any form; what users send is refused by name."""

import json
from typing import Any

import orjson
import pytest

from api.http.bodies import DEPTH_MAX, parse_object
from api.http.errors import UnreadableBody
from api.pilots.bodies import lenient_json, parse_report, shallow

LIMIT = 4_000_000
JSON = {"content-type": "application/json"}


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (b'{"a": NaN, "b": Infinity, "c": -Infinity, "d": 1e400, "e": 1}', {"a": None, "b": None, "c": None, "d": None, "e": 1}),
        (b'{"a": "Z\xfcrich"}', {"a": "Z\ufffdrich"}),
        (b'{"a": "x\\ud800y", "\\udfff": 1}', {"a": "x\ufffdy", "\ufffd": 1}),
        (b'{"a": "line\nend"}', {"a": "line\nend"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "\\ud83d\\ude00", "b": NaN}', {"a": "\U0001f600", "b": None}),
        (('{"a": "[[[", "b": ' + nested(100_000) + ', "c": 3}').encode(), None),
    ],
)
def test_odd_json_of_a_pilot_is_read(raw: bytes, read: dict[str, Any] | None) -> None:
    found = parse_report(raw, JSON, LIMIT)

    if read is None:
        assert (found["a"], found["c"]) == ("[[[", 3)
        assert orjson.dumps(found)
    else:
        assert found == read


@pytest.mark.parametrize("raw", [b"jobId=1&node=Z\xfcrich", b"jobId=1&node=Z%FCrich"])
def test_odd_bytes_in_a_pilots_form_are_replaced(raw: bytes) -> None:
    assert parse_report(raw, {}, LIMIT) == {"jobId": "1", "node": "Z\ufffdrich"}


def test_of_a_form_of_too_many_fields_a_pilots_first_ones_are_taken() -> None:
    raw = b"jobId=1&" + b"&".join([b"a=1"] * 5_000)

    assert parse_report(raw, {}, LIMIT) == {"jobId": "1", "a": "1"}


@pytest.mark.parametrize("raw", [b"[1]", b"nothing", b'{"a": ', b"1", b"\xff\xfe"])
def test_what_is_no_report_at_all_is_said_so(raw: bytes) -> None:
    with pytest.raises(UnreadableBody):
        parse_report(raw, JSON, LIMIT)


def test_what_lies_too_deep_is_null_and_the_rest_is_kept() -> None:
    assert json.loads(shallow('{"a": [[1, {"b": 2}], 3], "c": "]["}', depth_max=2)) == {"a": [None, 3], "c": "]["}


def test_wide_json_is_not_deep() -> None:
    document = {"files": [{"name": str(number)} for number in range(1_000)]}

    assert lenient_json(orjson.dumps(document)) == document
    assert parse_object(orjson.dumps(document), JSON, LIMIT) == document


@pytest.mark.parametrize("depth", [DEPTH_MAX, 300, 100_000])
def test_json_of_a_user_that_is_nested_too_deep_is_refused(depth: int) -> None:
    with pytest.raises(UnreadableBody):
        parse_object(b'{"a": %s}' % nested(depth).encode(), JSON, LIMIT)


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (rb'{"a": {"b": [1, "x\u0000"]}}', "'a.b\\[1\\]': found 'x\\\\x00'"),
        (rb'{"a\u0000": 1}', "found 'a\\\\x00'"),
        (rb'{"a": "\ud800"}', "not JSON"),
        (b'{"a": NaN}', "not JSON"),
    ],
)
def test_a_text_of_a_user_that_nothing_can_store_is_refused_by_name(raw: bytes, named: str) -> None:
    with pytest.raises(UnreadableBody, match=named):
        parse_object(raw, JSON, LIMIT)


def test_a_text_that_only_looks_like_an_escape_is_taken() -> None:
    assert parse_object(rb'{"a": "\\u0000"}', JSON, LIMIT) == {"a": "\\u0000"}


def test_bytes_of_a_users_form_that_are_no_text_are_refused() -> None:
    with pytest.raises(UnreadableBody):
        parse_object(b"a=%FF", {}, LIMIT)
