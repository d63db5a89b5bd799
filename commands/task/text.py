"""Job parameters and file names: a template with placeholders becomes text.

Pure text work. Source of the forms: docs/reference/client.md, "From parameters to jobs"; what is left unresolved is an error.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

PLACEHOLDER = re.compile(r"\$\{([A-Z0-9_,]+)(?:\[(\d*):(\d*)\])?(?:/([A-Z]+)(?:\[([^\]]*)\])?)?\}")
MERGE_PAIRS = re.compile(r"\$\{TRN_([A-Z_]+):([A-Z_]+)\}")
DIGITS = re.compile(r"\d+")
UNRESOLVED = re.compile(r"\$\{(?:IN\d*|SEQNUMBER|LIB|OUTPUT\d+|LOG\d+)[^}]*\}")


class UnresolvedPlaceholder(ValueError):
    """A template names input or a number that the job does not have."""


def expand(template: str, streams: Mapping[str, Sequence[str]], scalars: Mapping[str, str]) -> str:
    """`template` with streams (lists of names) and scalars filled in; raises UnresolvedPlaceholder."""
    text = PLACEHOLDER.sub(lambda match: _replacement(match, streams, scalars), template)
    left = UNRESOLVED.search(text)
    if left:
        raise UnresolvedPlaceholder(f"{left.group()} is not known for this job")
    return text


def expand_merge_pairs(template: str, pairs: Mapping[str, Sequence[tuple[Sequence[str], str]]]) -> str:
    """`${TRN_X:X}` becomes `in1,in2:merged`, blank separated, for each stream family X (OUTPUT, LOG, LOG_MERGE)."""

    def text_of(match: re.Match[str]) -> str:
        return " ".join(f"{','.join(names)}:{merged}" for names, merged in pairs.get(match.group(2), ()))

    return MERGE_PAIRS.sub(text_of, template)


def file_name(template: str, task_id: int, serial: int) -> str:
    """A file name from its template; serial numbers have six digits."""
    number = f"{serial:06d}"
    text = template.replace("${SN/P}", number).replace("${SN}", number).replace("${MIDDLENAME}", "")
    return text.replace("$JEDITASKID", str(task_id))


def _replacement(match: re.Match[str], streams: Mapping[str, Sequence[str]], scalars: Mapping[str, str]) -> str:
    names, first, last, form, expression = match.groups()
    if names in scalars and form in (None, "P"):
        return f"{int(scalars[names]):06d}" if form == "P" else scalars[names]
    wanted = names.split(",")
    if not all(name in streams for name in wanted):
        return match.group()
    files = [file for name in wanted for file in streams[name]]
    if first is not None or last is not None:
        files = files[int(first or 0) : int(last) if last else None]
    return _listed(files, form or "", expression)


def _listed(files: Sequence[str], form: str, expression: str | None) -> str:
    match form:
        case "T":
            return str(sorted(files))
        case "E":
            return ",".join(unquote(file) for file in files)
        case "M" if expression is not None and len(files) == 1 and DIGITS.fullmatch(files[0]):
            return _arithmetic(expression, int(files[0]))
        case "":
            return _compact(files)
    if "A" in form:
        files = [f"'{file}'" for file in files]
    return (" " if "S" in form else ",").join(files)


def _compact(files: Sequence[str]) -> str:
    """One name as it is; several as head[1,2]tail when they differ in one number only, else a comma list."""
    if len(files) <= 1:
        return "".join(files)
    shapes = {DIGITS.sub("#", file) for file in files}
    numbers = [DIGITS.findall(file) for file in files]
    if len(shapes) == 1:
        moving = [place for place in range(len(numbers[0])) if len({row[place] for row in numbers}) > 1]
        if len(moving) == 1:
            place = [found.span() for found in DIGITS.finditer(files[0])][moving[0]]
            listed = ",".join(row[moving[0]] for row in numbers)
            return f"{files[0][: place[0]]}[{listed}]{files[0][place[1] :]}"
    return ",".join(files)


def _arithmetic(expression: str, number: int) -> str:
    """`#`, whole numbers, + and - only: more is not needed and less is not safe."""
    text = expression.replace("#", str(number)).replace(" ", "")
    if not re.fullmatch(r"\d+(?:[+-]\d+)*", text):
        raise UnresolvedPlaceholder(f"{expression!r} is not a sum of whole numbers")
    return str(sum(int(part) for part in re.findall(r"[+-]?\d+", text)))
