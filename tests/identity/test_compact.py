"""Claims are read as JSON; a key that stands twice, however it is spelled, is refused, as is what is no number."""

import json
from base64 import urlsafe_b64encode

import pytest

from identity.compact import take_apart
from identity.errors import TokenRefused

SAME = [
    '{"sub":"jane","exp":1800000000,"groups":["wlcg","wlcg/pilot"],"nested":{"a":null,"b":true}}',
    '{ "sub" : "jane" }',
    '{"sub":"j\\u0061ne"}',
    '{"name":"Jürgen","sign":"\\ud83d\\ude00","half":"\\ud800"}',
    '{"exp":1.8e9,"small":-0,"long":18446744073709551616,"longer":1e400,"exact":0.1}',
    '{"tab":"\\t","line":"\\u2028","slash":"\\/"}',
    "{}",
]
REFUSED = [
    '{"sub":"jane","sub":"joe"}',
    '{"sub":"jane","s\\u0075b":"joe"}',
    '{"act":{"sub":"jane","sub":"jane"}}',
    '{"list":[{"a":1,"a":1}]}',
    '{"exp":NaN}',
    '{"exp":Infinity}',
    '{"sub":"jane"} {}',
    '{"sub":"jane",}',
    '{"sub":' + "[" * 5_000 + "]" * 5_000 + "}",
    "[]",
    '"sub"',
    "",
]


def token_of(document: bytes) -> str:
    head, body = (urlsafe_b64encode(part).rstrip(b"=").decode() for part in (b'{"alg":"ES256"}', document))
    return f"{head}.{body}.AAAA"


@pytest.mark.parametrize("document", SAME)
def test_claims_are_what_the_standard_library_reads(document: str) -> None:
    found = take_apart(token_of(document.encode())).claims

    assert repr(found) == repr(json.loads(document))


@pytest.mark.parametrize("document", [*map(str.encode, REFUSED), b'{"sub":"\xff"}', b'\xef\xbb\xbf{"sub":"a"}'])
def test_what_is_no_object_with_each_key_once_is_refused(document: bytes) -> None:
    with pytest.raises(TokenRefused) as refused:
        take_apart(token_of(document or b" "))

    assert refused.value.rule == "form"
