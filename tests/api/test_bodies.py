"""Bodies as pilots and clients really send them."""

import gzip
import json

import pytest

from api.http.bodies import body_of_reading, parse_object
from api.http.errors import BodyTooLarge, UnreadableBody

LIMIT = 10_000


def test_gzip_is_known_by_its_magic_bytes_without_a_header() -> None:
    raw = gzip.compress(json.dumps({"siteName": "Q", "allowOtherCountry": False}).encode())

    assert parse_object(raw, {"content-type": "application/json"}, LIMIT) == {"siteName": "Q", "allowOtherCountry": False}


def test_a_form_without_a_content_type_is_a_form() -> None:
    assert parse_object(b"siteName=Q&node=a%20b&xml=", {}, LIMIT) == {"siteName": "Q", "node": "a b", "xml": ""}


@pytest.mark.parametrize("raw", [b"a=1&b=2", b"a=&b=x=y", b"=1&a=2", b"a=1&a=2", "node=Z\u00fcrich&a=1".encode()])
def test_a_form_without_escapes_is_read_as_one_with_escapes(raw: bytes) -> None:
    escaped = raw + b"&last=%31"

    assert parse_object(raw, {}, LIMIT) | {"last": "1"} == parse_object(escaped, {}, LIMIT)


def test_a_form_of_too_many_fields_is_refused() -> None:
    with pytest.raises(UnreadableBody):
        parse_object(b"&".join([b"a=1"] * 1_001), {}, LIMIT)


def test_a_form_of_curl_is_a_form() -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}

    assert parse_object(b"jobId=1&state=running", kind, LIMIT) == {"jobId": "1", "state": "running"}


def test_json_without_a_content_type_is_json() -> None:
    assert parse_object(b' {"a": 1}', {}, LIMIT) == {"a": 1}


def test_nothing_is_an_empty_object() -> None:
    assert parse_object(b"", {"content-type": "application/json"}, LIMIT) == {}


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"[1]", "application/json"),
        (b"{", "application/json"),
        (b"siteName=Q", "application/json"),
        (b"no pairs here", ""),
        (b"\xff\xfe", ""),
        (gzip.compress(b"{}", mtime=0)[:-4], "application/json"),
        (b"\x1f\x8bxxxx", "application/json"),
    ],
)
def test_what_cannot_be_read_is_said_so(raw: bytes, kind: str) -> None:
    with pytest.raises(UnreadableBody):
        parse_object(raw, {"content-type": kind}, LIMIT)


def test_a_body_may_not_grow_over_the_limit() -> None:
    with pytest.raises(BodyTooLarge):
        parse_object(gzip.compress(b" " * (LIMIT + 1)), {}, LIMIT)


@pytest.mark.parametrize(("method", "header", "found"), [
    ("GET", (b"content-length", b"5"), "a GET with a body, content-length: '5'; expected none"),
    ("HEAD", (b"content-length", b"1000000000000"), "a HEAD with a body, content-length: '1000000000000'; expected none"),
    ("GET", (b"transfer-encoding", b"chunked"), "a GET with a body, transfer-encoding: 'chunked'; expected none"),
])  # fmt: skip
def test_a_request_that_reads_has_no_body(method: str, header: tuple[bytes, bytes], found: str) -> None:
    problem = body_of_reading({"type": "http", "method": method, "headers": [header]})

    assert problem is not None
    assert (problem.status, problem.detail) == (413, found)


def test_a_request_that_reads_may_say_that_it_has_no_body() -> None:
    assert body_of_reading({"type": "http", "method": "GET", "headers": [(b"content-length", b"0")]}) is None
