"""A run as a table and sentences: Markdown for people, JSON for `python -m tests.proof`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.config import CHECKOUT
from tests.hostile import verdict
from tests.hostile.verdict import Seen

FOLDER = CHECKOUT / "out" / "hostile"


def document_of(seen: Seen, faults: Sequence[str], setup: str) -> dict[str, Any]:
    """Everything that is reported of a run."""
    after = seen.after
    return {
        "setup": setup,
        "messages": len(seen.outcomes),
        "lives": len(seen.lives_before),
        "p50_seconds": [round(verdict.middle(lives), 3) for lives in (seen.lives_before, seen.lives_control, seen.lives_during)],
        "p99_seconds": [round(verdict.slow(lives), 3) for lives in (seen.lives_before, seen.lives_control, seen.lives_during)],
        "own_mb": {name: [size, after.look.own_mb.get(name, 0)] for name, size in seen.before.own_mb.items()},
        "growth_max": f"{verdict.GROWTH_SHARE_MAX:.0%}, at least {verdict.GROWTH_MB_MAX} MB",
        "restarts": sum(after.look.restarts.values()) - sum(seen.before.restarts.values()),
        "lag": dict(after.lag),
        "checked": after.checked,
        "senders_own": after.senders_own,
        "rows": verdict.table(seen),
        "faults": list(faults),
    }


def markdown(found: Mapping[str, Any]) -> list[str]:
    """Lines of a page about a run."""
    middle, slow = (
        f"{before} s alone, {control} s beside as many well-formed messages, {during} s beside hostile ones"
        for before, control, during in (found["p50_seconds"], found["p99_seconds"])
    )
    memory = ", ".join(f"{name} {was} -> {now}" for name, (was, now) in found["own_mb"].items())
    most = f"at most {verdict.TIMES_MAX:g} times alone, or {verdict.CONTROL_TIMES_MAX:g} times beside well-formed ones"
    checked = f"The checker looked at {found['checked']:,} things"
    lines = [
        f"{found['setup']}. {found['messages']:,} messages; {found['lives']} lives of the bystander each time, in turn.",
        "",
        f"The bystander's time from submission to done: p50 {middle}; p99 {slow} ({most}).",
        f"Restarts: {found['restarts']}. Lag afterwards: {_named(found['lag'])}.",
        f"{checked} ({found['senders_own']} violations among what senders forged on topics).",
        f"MB that each process has for itself, before and after (may grow by {found['growth_max']}): {memory}.",
        "",
        *(f"- FAULT: {fault}" for fault in found["faults"]),
        *([] if found["faults"] else ["No one but the senders was hurt."]),
        "",
        "| kind of message | sent | accepted | refused | 5xx | timeouts |",
        "|---|---:|---:|---|---:|---:|",
    ]  # fmt: skip
    for row in found["rows"]:
        kind, refused = row["kind"].replace("|", "\\|"), row["refused"].replace("|", "\\|")
        lines.append(f"| {kind} | {row['sent']} | {row['accepted']} | {refused} | {row['errors']} | {row['timeouts']} |")
    return lines


def write(found: Mapping[str, Any], folder: Path = FOLDER) -> None:
    """Leave the run as `latest.md` and `latest.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "latest.md").write_text("\n".join(markdown(found)) + "\n", encoding="utf-8")
    (folder / "latest.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _named(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
