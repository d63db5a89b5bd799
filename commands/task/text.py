"""Job parameters and file names: a template with placeholders becomes text.

Pure text work. Source of the forms: docs/reference/client.md; what is left unresolved is an error, never sent out. Values
are quoted for the shell that reads the parameters (`shell.py`). Guards: time and text are bounded, for any template: what is
done with one name, character or placeholder never depends on how many others there are.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import unquote

from commands.task.shell import Unquotable, check_value, quoted, quotes_after, runs_commands
from schemas.server_address import SERVER

#: What stands between braces never holds a `$`: so no search runs over the rest of the text for each `${` in it.
PLACEHOLDER = re.compile(r"\$\{([A-Z0-9_,]+)(?:\[(\d*):(\d*)\])?(?:/([A-Z]+)(?:\[([^\]$]*)\])?)?\}")
MERGE_PAIRS = re.compile(r"\$\{TRN_([A-Z_]+):([A-Z_]+)\}")
DIGITS = re.compile(r"\d+")
UNRESOLVED = re.compile(r"\$\{(?:IN\d*|SEQNUMBER|LIB|OUTPUT\d+|LOG\d+)[^}$]*\}")
#: A file name (schemas/characters.py) as a word of the text; what stands percent-encoded beside one is not a part of it.
WORD = re.compile(r"%[0-9A-Fa-f]{2}|[A-Za-z0-9_.+@-]+")
PLACEHOLDERS_MAX = 500
#: Characters of the names that all placeholders of a text stand for, counted for each placeholder: a list may become much
#: shorter (`_compact`), and then the length of the text says nothing about the work.
NAMES_CHARACTERS_MAX = 2_000_000
EXPRESSION_CHARACTERS_MAX = 200
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
    characters = 0

    def value_of(match: re.Match[str]) -> str | list[str] | None:
        nonlocal characters
        names, first, last, form, expression = match.groups()
        if names in scalars and form in (None, "P"):
            return f"{int(scalars[names]):06d}" if form == "P" else scalars[names]
        files = _files_of(names, streams)
        if files is None:
            return None
        if first is not None or last is not None:
            files = files[_place(first) or 0 : _place(last)]
        characters += sum(map(len, files))
        if characters > NAMES_CHARACTERS_MAX:
            raise UnresolvedPlaceholder(f"the placeholders stand for more than {NAMES_CHARACTERS_MAX:,} characters of names")
        return _listed(files, form or "", expression)

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
    commands_within = runs_commands(template)
    for number, match in enumerate(placeholder.finditer(template), start=1):
        if number > PLACEHOLDERS_MAX:
            raise UnresolvedPlaceholder(f"the template has more than {PLACEHOLDERS_MAX} placeholders")
        found = value_of(match)
        if found is None:
            continue
        quotes = quotes_after(template[at : match.start()], quotes)
        words = [found] if isinstance(found, str) else found
        try:
            if commands_within:
                for word in words:
                    check_value(word)
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


def file_name(template: str, task_id: int, serial: int, middle: str = "") -> str:
    """A file name from its template; serial numbers have six digits. middle: what `${MIDDLENAME}` stands for.

    Two jobs of a task never write one file: a template without a serial number gets task and number of the job in front.
    """
    number = f"{serial:06d}"
    text = template.replace("${SN/P}", number).replace("${SN}", number)
    if text == template:
        text = f"{task_id}._{number}.{template}"
    return text.replace("${MIDDLENAME}", middle).replace("$JEDITASKID", str(task_id))


def replaced_names(text: str, names: Mapping[str, str]) -> str:
    """`text` with each of `names` that stands in it as a word replaced by what it is mapped to; costs what the text is long.

    A word is what a file name may be made of; an option of one letter may stand in front of it without a blank. So no name is
    taken for a part of another, and none is replaced twice.
    """

    def word_of(match: re.Match[str]) -> str:
        word = match.group()
        if word[0] == "-" and word[2:] in names:
            return word[:2] + names[word[2:]]
        return names.get(word, word)

    return WORD.sub(word_of, text) if names else text


def _files_of(names: str, streams: Mapping[str, Sequence[str]]) -> list[str] | None:
    """The names of the streams that stand in a placeholder, in its order; None when one of them is not known."""
    wanted = names.split(",")
    if len(set(wanted)) < len(wanted):
        raise UnresolvedPlaceholder(f"${{{names[:200]}}} names a list twice")
    if not all(name in streams for name in wanted):
        return None
    return [file for name in wanted for file in streams[name]]


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
    short = len(expression) <= EXPRESSION_CHARACTERS_MAX
    text = expression.replace("#", number).replace(" ", "") if short else ""
    if len(text) > EXPRESSION_CHARACTERS_MAX or not re.fullmatch(r"\d+(?:[+-]\d+)*", text):
        raise UnresolvedPlaceholder(f"{expression[:200]!r} is not a sum of whole numbers")
    return str(sum(int(part) for part in re.findall(r"[+-]?\d+", text)))
