"""The dictionary of values that programs fail on, by what they pretend to be. Data only.

`RAW` are pieces of JSON that no Python value stands for (nesting, duplicate keys, numbers beyond doubles): a value holds
`raw(name)` and `json_text` puts the piece in its place.
"""

import json
from typing import Any

LONG, LONGER, LONGEST = 300, 3_000, 100_000
DEPTHS = (300, 1_100, 100_000)
MANY = 3_000
#: Stands for three lone surrogates where a text cannot hold them; `topics.py` puts the bytes in its place.
SURROGATES = "SURROGATE"

SHELL = (
    "i$(touch x)j.root",
    "`id`",
    "a;rm -rf x",
    "a|b&c",
    "a b  c",
    "-rf",
    "--help",
    "${HOME}",
    "a\nb",
    "'",
    '"',
    "\\",
    "a=b,c=d",
    "*?[a-",
    "~root",
    "%s%n{0}{x}",
)
SQL = ("'; drop table task; --", "1 or 1=1", "%", "_", "\\%", "a%%b", "$1", ":name", "%(vo)s", "E'\\000'")
PATHS = (
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "/",
    "//",
    "a/../../b",
    "..\\..\\b",
    "%2e%2e%2f",
    "a/" * 200,
    "file:///etc/passwd",
    ".index",
    "con:nul",
)
PAGES = ("<script>alert(1)</script>", "{{7*7}}", "{% raise %}", "javascript:alert(1)", '"onload=x', "]]>", "&#0;", "<!--")
UNICODE = (
    "\u202eabc",
    "\u200b",
    "\ufeff",
    "\ufffe\uffff",
    "e\u0301" * 50,
    "ﷺ" * 100,
    "İıſK",
    "💥" * 50,
    "\U0010ffff",
    "é",
    "\u2028\u2029",
    "１２３",
    "٣",
    "²",
    "½",
)
CONTROL = ("\x00", "a\x00b", "\x01\x02\x1b[31m", "\x7f", "\x80\x9f", "a\r\nSet-Cookie: x=1", "\t", "\n", " ", "\x1e\x1f")
EMPTY = ("", "NULL", "null", "None", "undefined", "NaN", "nan", "inf", "-inf", "true", "[]", "{}")
NUMBERS_AS_TEXT = (
    "0",
    "-1",
    "1e400",
    "-1e-400",
    "9" * 19,
    "9" * 25,
    "9" * 5_000,
    "0x10",
    "1_000",
    " 7 ",
    "+5",
    "1.5",
    "٣",
    "1e5",
    "-0",
    "00012",
)
TIMES = (
    "0001-01-01T00:00:00+01:00", "0001-01-01 00:00:00", "9999-12-31T23:59:59-12:00", "9999-12-31 23:59:59.999999",
    "0000-00-00 00:00:00",
    "1969-12-31T23:59:59", "2026-02-30T00:00:00", "2026-01-01T00:00:00+99:99", "99999-01-01", "1e18", "-1", "253402300800",
    "2026-W01-1", "99999999999999",
)  # fmt: skip
PATTERNS = (
    "(a+)+$",
    "(a|aa)+$",
    "(.*)*b",
    "((((a+)+)+)+)+z",
    "[",
    "(?P<x>",
    "a{1,99999}",
    "(?=a)b",
    r"(a)\1",
    "(" * 300,
    ".*" * 200 + "z",
    "a{1000}{1000}",
    "(?i)" * 200,
    "\\",
    "*" * 50,
    "[a-" * 30,
)
TEMPLATES = (
    "${SN}" * 5_000,
    "${SN/P}" * 3_000,
    "${IN/T}" * 2_000,
    "${${SN}}",
    "${",
    "$",
    "${SN:x}",
    "${IN[0]}",
    "${SN/",
    "${OUT" + "0" * 300 + "}",
    "$JEDITASKID" * 3_000,
    "${SN/P}/../x",
    "a.${SN}.root,b.${SN}.root",
    "${RNDMSEED}${SEQNUMBER}",
)
LENGTHS = (
    "x" * LONG,
    "x" * LONGER,
    "x" * LONGEST,
    "é" * LONGER,
    "a" * 40 + "!",
    "x." * 2_000,
    ",".join(f"n{n}" for n in range(MANY)),
    "%,_" * 900,
)
LONE = ("\ud800", "a\udfffb", "\udc80\udcff")
TEXTS: tuple[str, ...] = (
    *EMPTY, *CONTROL, *UNICODE, *SHELL, *SQL, *PATHS, *PAGES, *NUMBERS_AS_TEXT, *TIMES, *PATTERNS, *TEMPLATES, *LENGTHS,
    SURROGATES,
)  # fmt: skip

INTS: tuple[int, ...] = (
    0,
    -1,
    1,
    2**31 - 1,
    2**31,
    -(2**31),
    -(2**31) - 1,
    2**53 + 1,
    2**62,
    2**63 - 1,
    -(2**63),
    10**9,
    10**10,
    10**12,
)
HUGE_INTS: tuple[int, ...] = (*INTS, 2**63, -(2**63) - 1, 2**64, 10**20, 10**400, -(10**400))
#: Microseconds since 1970: the ends of the calendar, of 64 bits, and what lies between.
MICROS: tuple[int, ...] = (
    0, -1, 1, -62_135_596_800_000_000, -62_135_600_400_000_000, 253_402_300_799_999_999, 253_402_300_800_000_000,
    253_402_339_200_000_000, 2**63 - 1, -(2**63), 10**18, -(10**18), 99_999_999_999_999,
)  # fmt: skip
FLOATS: tuple[float, ...] = (float("nan"), float("inf"), float("-inf"), -0.0, 1e308, -1e308, 5e-324, 1e18, 0.1, -1.0)
BYTES: tuple[bytes, ...] = (b"", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", bytes(range(256)), b"{" * 1_000, b"x" * LONGEST)

RAW: dict[str, str] = {
    **{f"lists {depth}": "[" * depth + "]" * depth for depth in DEPTHS},
    **{f"objects {depth}": '{"a":' * depth + "1" + "}" * depth for depth in DEPTHS},
    "twice": '{"a":1,"a":[2],"a":{"b":3}}',
    "1e400": "1e400",
    "-1e-400": "-1e-400",
    "many digits": "1" * 5_000,
    "fraction": "0." + "3" * 5_000,
    "many keys": "{" + ",".join(f'"k{n}":{n}' for n in range(MANY)) + "}",
    "many texts": "[" + ",".join(f'"name{n}"' for n in range(MANY)) + "]",
    "many twins": "[" + ",".join(['"twin"'] * MANY) + "]",
    "lone": '"\\ud800"',
    "long key": '{"' + "k" * LONGEST + '":1}',
    "nul key": '{"\\u0000":"\\u0000"}',
}


def raw(name: str) -> str:
    """What stands for the piece of JSON `name` inside a value."""
    return f"\x00{name}\x00"


def json_text(value: Any) -> str:
    """`value` as JSON as careless clients write it (NaN and Infinity, escapes of lone surrogates), with its raw pieces."""
    text = json.dumps(value)
    if "\\u0000" in text:
        for name, piece in RAW.items():
            text = text.replace(json.dumps(raw(name)), piece)
    return text


#: Of any JSON type, for where another one belongs.
JSON_VALUES: tuple[Any, ...] = (
    None, True, False, [], {}, [None], [[]], {"": None}, ["a", 1, None], {"a": {"b": [1]}}, *FLOATS, *HUGE_INTS, *TEXTS, *LONE,
    *(raw(name) for name in RAW),
)  # fmt: skip
#: Whole bodies, as bytes.
BODIES: tuple[bytes, ...] = (
    b"", b" ", b"null", b"[]", b"0", b'"text"', b"{", b"}", b"{}{}", b'{"a":}', b"\xff\xfe", b"\x1f\x8b",
    b"\x1f\x8b\x08\x00garbage",
    b"a=1&a=2&&=&%", b"a=%ff&b=%00", b"&".join(b"k%d=v" % n for n in range(MANY)), b"=" * 2_000, b"\x00" * 1_000,
    b'{"a":"\xed\xa0\x80"}', b'{"a":"\xe9"}', b"\xef\xbb\xbf{}", b"jobId=1&state=%E9%FF&node=\xe9", b"{" + b" " * LONGEST + b"}",
    *(piece.encode() for piece in RAW.values()),
)  # fmt: skip
HEADERS: tuple[tuple[str, str], ...] = (
    ("Prefer", "wait=99999999999999999999"), ("Prefer", "wait=0.00001"), ("Prefer", "wait=" + "9" * 400), ("Prefer", "wait=-1"),
    ("Prefer", "wait=٣"),
    ("Idempotency-Key", "x"), ("Idempotency-Key", "x" * 5_000), ("Idempotency-Key", "' or 1=1"), ("Idempotency-Key", "\x80\xff"),
    ("Last-Event-ID", "9" * 40), ("Last-Event-ID", "1.task.1."), ("Last-Event-ID", "x" * 3_000), ("Last-Event-ID",
    "9" * 25 + ".task.1.5"),
    ("Culm-Min-Position", "x"), ("Culm-Min-Position", ",,,,"), ("Culm-Min-Position", "a,b,c,d,e"), ("Culm-Wait", "nan"),
    ("Culm-Wait", "-inf"),
    ("traceparent", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"), ("traceparent", "x" * 500), ("traceparent",
    "ff-" + "a" * 32 + "-" + "b" * 16 + "-zz"),
    ("Origin", "nowhere"), ("Origin", "wlcg:nonsense"), ("Origin", "é" * 40), ("Accept", "text/event-stream"), ("Accept",
    "x" * 4_000), ("Cookie", "culm=" + "x" * 3_000),
    ("Authorization", "Bearer x"), ("Authorization", "Bearer a.b.c"), ("Authorization", "Basic é"), ("Authorization",
    "Bearer " + "e" * 5_000),
    ("Content-Type", "application/json; charset=utf-16"), ("Content-Type", "multipart/form-data"), ("Content-Type",
    "x" * 1_000), ("Content-Encoding", "gzip"), ("Content-Encoding", "br"),
    ("X-Forwarded-For", "' or 1=1"), ("Range", "bytes=0-99999999999999999999"), ("If-Modified-Since", "0001-01-01"), ("Host",
    "evil.example.org"),
)  # fmt: skip
