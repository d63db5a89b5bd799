"""Split rules of JEDI that change nothing in Culm, by their codes: they are kept as they were given, and shown. Pure.

Source: docs/reference/jedi.md, "Split-rule codes"; why each of them changes nothing stands in `streams/jedi/known_keys.py`.
"""

from collections.abc import Mapping, Sequence

from schemas.types import KeptRule

#: Code -> its key among the parameters of a task.
KEPT: Mapping[str, str] = {
    "AI": "allowIncompleteInDS", "AV": "avoidVP", "CC": "maxCoreCount", "CV": "cloudAsVO", "DI": "disableReassign",
    "IW": "allowInputWAN", "MD": "messageDriven", "NI": "noInputPooling", "NT": "nChunksToWait", "PC": "pushStatusChanges",
    "RD": "registerDatasets", "RO": "reuseSecOnDemand", "TW": "t1Weight", "UE": "useRealNumEvents", "UX": "useExhausted",
}  # fmt: skip
VALUE_MAX = 10**12


def with_rule(kept: Sequence[KeptRule], code: str, value: int) -> tuple[KeptRule, ...]:
    """The rules with this one, in the order of their codes."""
    values = {one.code: one.value for one in kept} | {code: value}
    return tuple(KeptRule(code=code, value=values[code]) for code in sorted(values))
