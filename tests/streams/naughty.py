"""JSON as people and programs can send it in the place of anything: as text, since some of it no object can hold."""

import json

from hypothesis import strategies as st

#: Texts that are no value anyone means; each is JSON as Python's reader takes it.
NAUGHTY = (
    "null", "true", "false", "[]", "{}", '""', "0", "-1", "-0.0", "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e308",
    "1e-320", "10000000000", "2147483648", "9223372036854775808", "-9223372036854775809", "1" + "0" * 400, "1" * 4300,
    "1" * 4301, "1.5", '"1.5"', '"NaN"', '"1e400"', '"' + "9" * 5000 + '"', '"\\u0000"', '"a\\u0000b"', '"\\ud800"',
    '"\\udfff\\ud800"', '"\\uffff"', '"\\u202e"', '"\\u0085"', '"\\n"', '"a\\nb"', '" "', '"=" ', '"\'\\"$(touch x)`y`;|&<>"',
    '"../../etc/passwd"', '"' + "x" * 5_000 + '"', '"' + "a" * 250_000 + '"', '"' + "," * 1_000 + '"', '"' + "a," * 100_000 + '"',
    '"(a+)+$"', '"(?=a)b"', '"(a)\\\\1"', '"["', '"*"', '"' + "*a" * 400 + '"', '"' + "(a{1,100}){1,100}" + '"',
    '"${IN/T}"', '"${SN"', '"' + "${OUTPUT0}" * 2_000 + '"', '"regex|.*"', '"%%DS%%"', '"' + "=a" * 20_000 + '"',
    "[" * 30 + "]" * 30, "[" * 300 + "]" * 300, "[" * 100_000 + "]" * 100_000, '{"a":' * 300 + "1" + "}" * 300,
    "[" + ",".join(["1"] * 3_000) + "]", "[" + ",".join(["{}"] * 3_000) + "]", '["\\u0000"]', '[null,{"type":[]}]',
    '{"type":"template","param_type":"output","value":"","dataset":"x"}', '{"\\ud800":"\\udfff"}', '[{"type":"constant"}]',
)  # fmt: skip

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4))


def naughty() -> st.SearchStrategy[str]:
    """Any JSON value as text, what is known to hurt more often."""
    return st.sampled_from(NAUGHTY) | values.map(json.dumps)
