"""Job parameters and file names: a template with placeholders becomes text.

Pure text work. Source of the forms: docs/reference/client.md; what is left unresolved is an error, never sent out. Values
are quoted for the shell that reads the parameters (`shell.py`). Guards: time and text are bounded, for any template.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import unquote

from commands.task.shell import Unquotable, check_template, quoted, quotes_after
from schemas.server_address import SERVER

#: What stands between braces never holds a `$`: so no search runs over the rest of the text for each `${` in it.
PLACEHOLDER = re.compile(r"\$\{([A-Z0-9_,]+)(?:\[(\d*):(\d*)\])?(?:/([A-Z]+)(?:\[([^\]$]*)\])?)?\}")
MERGE_PAIRS = re.compile(r"\$\{TRN_([A-Z_]+):([A-Z_]+)\}")
DIGITS = re.compile(r"\d+")
UNRESOLVED = re.compile(r"\$\{(?:IN\d*|SEQNUMBER|LIB|OUTPUT\d+|LOG\d+)[^}$]*\}")
PLACEHOLDERS_MAX = 500
#: Linux takes 131,072 bytes in one argument of a process, and a pilot hands the whole line to a shell as one.
LINE_BYTES_MAX = 120_000
#: Of a text that is passed by file, to the wrappers which read one.
FILE_BYTES_MAX = 480_000


class UnresolvedPlaceholder(ValueError):
    """A template names input or a number that the job does not have, or makes a text that no shell would take."""


def text_bytes_max(transformation: str) -> int:
    """The longest parameters of a job: Culm's own wrappers read them from a file, where no command line holds them."""
    return FILE_BYTES_MAX if transformation.startswith(f"{SERVER}/trf/") else LINE_BYTES_MAX


def expand(
    template: str, streams: Mapping[str, Sequence[str]], scalars: Mapping[str, str], bytes_max: int = LINE_BYTES_MAX
) -> str:
    """`template` with streams (lists of names) and scalars filled in, at most `bytes_max`; raises UnresolvedPlaceholder."""

    def value_of(match: re.Match[str]) -> str | list[str] | None:
        return _replacement(match, streams, scalars)

    text = _filled(template, PLACEHOLDER, value_of, bytes_max)
    left = UNRESOLVED.search(text)
    if left:
        raise UnresolvedPlaceholder(f"{left.group()[:200]} is not known for this job")
    return text


def expand_merge_pairs(
    template: str, pairs: Mapping[str, Sequence[tuple[Sequence[str], str]]], bytes_max: int = LINE_BYTES_MAX
) -> str:
    """`${TRN_X:X}` becomes `in1,in2:merged`, blank separated, for each stream family X (OUTPUT, LOG, LOG_MERGE)."""

    def words_of(match: re.Match[str]) -> list[str]:
        return [f"{_comma_list(names)}:{merged}" for names, merged in pairs.get(match.group(2), ())]

    return _filled(template, MERGE_PAIRS, words_of, bytes_max)


def _filled(
    template: str, placeholder: re.Pattern[str], value_of: Callable[[re.Match[str]], str | list[str] | None], bytes_max: int
) -> str:
    """`template` with each placeholder's value quoted for its place; a list is words with blanks between, None leaves it."""
    parts: list[str] = []
    at, quotes, size, number = 0, "", len(template.encode("utf-8", "replace")), 0
    for number, match in enumerate(placeholder.finditer(template), start=1):
        if number > PLACEHOLDERS_MAX:
            raise UnresolvedPlaceholder(f"the template has more than {PLACEHOLDERS_MAX} placeholders")
        found = value_of(match)
        if found is None:
            continue
        quotes = quotes_after(template[at : match.start()], quotes)
        words = [found] if isinstance(found, str) else found
        try:
            for word in words:
                check_template(template, word)
            text = " ".join(quoted(word, quotes) for word in words)
        except Unquotable as problem:
            raise UnresolvedPlaceholder(f"{match.group()[:200]}: {problem}") from None
        parts += [template[at : match.start()], text]
        at = match.end()
        size += len(text.encode("utf-8", "replace"))
        if size > bytes_max:
            break
    if size > bytes_max:
        taken = "which no shell takes as one command" if bytes_max == LINE_BYTES_MAX else "which no record takes"
        raise UnresolvedPlaceholder(f"they become more than {bytes_max:,} bytes, {taken}")
    return "".join((*parts, template[at:]))


def file_name(template: str, task_id: int, serial: int) -> str:
    """A file name from its template; serial numbers have six digits.

    Two jobs of a task never write one file: a template without a serial number gets task and number of the job in front.
    """
    number = f"{serial:06d}"
    text = template.replace("${SN/P}", number).replace("${SN}", number)
    if text == template:
        text = f"{task_id}._{number}.{template}"
    return text.replace("${MIDDLENAME}", "").replace("$JEDITASKID", str(task_id))


def replaced_names(text: str, names: Mapping[str, str]) -> str:
    """`text` with each name replaced by what it is mapped to, in one pass, the longest first: no name is taken for a part of
    another, nor replaced twice."""
    if not names:
        return text
    longest_first = sorted({*names, *names.values()}, key=len, reverse=True)
    either = re.compile("|".join(re.escape(name) for name in longest_first))
    return either.sub(lambda match: names.get(match.group(), match.group()), text)


def _replacement(
    match: re.Match[str], streams: Mapping[str, Sequence[str]], scalars: Mapping[str, str]
) -> str | list[str] | None:
    names, first, last, form, expression = match.groups()
    if names in scalars and form in (None, "P"):
        return f"{int(scalars[names]):06d}" if form == "P" else scalars[names]
    wanted = names.split(",")
    if not all(name in streams for name in wanted):
        return None
    files = [file for name in wanted for file in streams[name]]
    if first is not None or last is not None:
        files = files[_place(first) or 0 : _place(last)]
    return _listed(files, form or "", expression)


def _place(digits: str | None) -> int | None:
    if digits and len(digits) > 9:
        raise UnresolvedPlaceholder(f"{digits[:20]} is no place in a list")
    return int(digits) if digits else None


def _listed(files: Sequence[str], form: str, expression: str | None) -> str | list[str]:
    match form:
        case "T":
            return str(sorted(files))
        case "E":
            return _comma_list([unquote(file) for file in files])
        case "M" if expression is not None and len(files) == 1 and DIGITS.fullmatch(files[0]):
            return _arithmetic(expression, files[0])
        case "":
            return _compact(files)
    if "A" in form:
        files = [f"'{file}'" for file in files]
    return list(files) if "S" in form else _comma_list(files)


def _comma_list(names: Iterable[str]) -> str:
    """Names with commas between; a name that has one itself would shift the list."""
    names = list(names)
    for name in names:
        if "," in name and len(names) > 1:
            raise UnresolvedPlaceholder(f"{name[:200]!r} has a comma and cannot stand in a list with commas")
    return ",".join(names)


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
    return _comma_list(files)


def _arithmetic(expression: str, number: str) -> str:
    """`#`, whole numbers, + and - only: more is not needed and less is not safe."""
    text = expression.replace("#", number).replace(" ", "")
    if len(text) > 200 or not re.fullmatch(r"\d+(?:[+-]\d+)*", text):
        raise UnresolvedPlaceholder(f"{expression[:200]!r} is not a sum of whole numbers")
    return str(sum(int(part) for part in re.findall(r"[+-]?\d+", text)))
