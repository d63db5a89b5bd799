"""The text of the job parameters and the output templates, from the items of a task's parameters.

In: items in the order submitted. Out: one text in which outputs are named by stream (`${OUTPUT0}`, `${LOG0}`), and one
`OutputTemplate` for each output dataset. Source: docs/reference/client.md, "From parameters to jobs".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.scopes import dataset_name, scope_of
from schemas.types import DatasetRole, OutputTemplate
from streams.jedi.shown import shown
from streams.jedi.task_parameters import NAME_CHARACTERS_MAX, PAYLOAD_CHARACTERS_MAX, Item

STREAM = re.compile(r"\$\{([A-Z][A-Z0-9_]*)")


@dataclass(frozen=True, slots=True)
class JobText:
    """Job parameters with placeholders, and the outputs that they name; a sentence for each thing that is wrong with them."""

    text: str
    outputs: tuple[OutputTemplate, ...]
    problems: list[str] = field(default_factory=list)


def job_text(items: Sequence[Item], logs: Sequence[Item], merged_logs: Sequence[Item]) -> JobText:
    """Join the visible values of `items`, each followed by a blank unless padding is off, without the last blank.

    Outputs are numbered by their place: OUTPUT0, OUTPUT1, ... and LOG0, LOG_MERGE0 for logs; logs add no text of their
    own when they come from the `log` and `log_merge` keys. Work and result are bounded by PAYLOAD_CHARACTERS_MAX.
    """
    problems = [_nameless(item) for item in _makers(items, logs, merged_logs) if not _file_template(item.value)]
    if sum(len(item.value) for item in items) > PAYLOAD_CHARACTERS_MAX:
        problems.append(f"jobParameters: the values have more than {PAYLOAD_CHARACTERS_MAX} characters, expected at most that")
    problems += [_endless(item) for item in _makers(items, logs, merged_logs) if _too_long(item)]
    if problems:
        return JobText("", (), problems)
    outputs: list[OutputTemplate] = []
    pieces: list[str] = []
    counts = {"OUTPUT": 0, "LOG": 0}
    for item in items:
        value = item.value
        if item.makes_dataset and item.param_type in ("output", "log"):
            family = item.param_type.upper()
            name = _file_template(value)
            stream = f"{family}{counts[family]}"
            counts[family] += 1
            outputs.append(_output(item, stream, DatasetRole(family), name))
            value = value.replace(name, f"${{{stream}}}")
        if not item.hidden:
            pieces.append(value + (" " if item.padding else ""))
    for item in logs:
        outputs.append(_output(item, f"LOG{counts['LOG']}", DatasetRole.LOG, _file_template(item.value)))
        counts["LOG"] += 1
    for place, item in enumerate(merged_logs):
        outputs.append(_output(item, f"LOG_MERGE{place}", DatasetRole.LOG, _file_template(item.value), merge_only=True))
    text = "".join(pieces)
    if len(text) > PAYLOAD_CHARACTERS_MAX:
        problems.append(f"jobParameters become {len(text)} characters, expected at most {PAYLOAD_CHARACTERS_MAX}")
    return JobText(text.removesuffix(" "), tuple(outputs), problems)


def stream_of(item: Item) -> str:
    """Name of the stream an input item feeds: IN of `-i "${IN/T}"`; empty when its value names none."""
    found = STREAM.search(item.value)
    return found.group(1) if found else ""


def _makers(items: Sequence[Item], logs: Sequence[Item], merged_logs: Sequence[Item]) -> list[Item]:
    """Items that stand for an output file."""
    named = [item for item in items if item.makes_dataset and item.param_type in ("output", "log")]
    return [*named, *logs, *merged_logs]


def _nameless(item: Item) -> str:
    return f"{item.where}.value is {shown(item.value)}, expected a file name behind its last = or blank"


def _endless(item: Item) -> str:
    return f"{item.where} names a file or dataset of more than {NAME_CHARACTERS_MAX} characters, expected at most that"


def _too_long(item: Item) -> bool:
    return max(len(_file_template(item.value)), len(item.dataset)) > NAME_CHARACTERS_MAX


def _file_template(value: str) -> str:
    """The file name inside an output item's value: what follows the last `=` or blank, without quotes."""
    return re.split(r"[=\s]", value.strip())[-1].strip("'\"")


def _output(item: Item, stream: str, role: DatasetRole, name: str, *, merge_only: bool = False) -> OutputTemplate:
    dataset = dataset_name(item.dataset)
    return OutputTemplate(
        stream=stream,
        role=role,
        dataset=dataset,
        scope=scope_of(dataset),
        name_template=name,
        serial_offset=item.offset,
        allow_no_output=item.allow_no_output,
        merge_only=merge_only or item.merge_only,
    )
