"""Input datasets that are named by a pattern (`user.jdoe.survey.*`): the datasets that match at submission stand in their place.

In: parameters as they are to be kept, the read models. Out: the same with names alone, or sentences why not. The submission
holds the names, so that the log says what was meant. Guards: a pattern finds datasets of the caller's VO alone, and so many at
most as a task takes; what no dataset matches is said at once.
"""

from collections.abc import Mapping
from typing import Any

from api.queries import datasets
from api.queries.read_models import ReadModels
from schemas.scopes import dataset_name, name_for

ANY, ANY_MAX = "*", 10
#: As refinement takes (streams/jedi/refine.py).
DATASETS_MAX = 500
PATTERNS_MAX, PATTERN_LENGTH_MAX = 20, 600
#: Before the first `*`: a pattern is for datasets of one kind, not for all that there are.
BEGINNING_LENGTH_MIN = 3


async def with_dataset_names(read_models: ReadModels, vo: str, parameters: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """`parameters` with names in place of patterns, a sentence for each that stands for none. Raises ReadModelsUnavailable."""
    search = _Search(read_models, vo)
    stored = dict(parameters)
    for key in parameters:
        if key.startswith("dsFor"):
            stored[key] = await search.names_in(key, parameters[key])
    items = parameters.get("jobParameters")
    if isinstance(items, list):
        stored["jobParameters"] = [
            {**item, "dataset": await search.names_in(f"jobParameters[{place}].dataset", item["dataset"])}
            if _is_input(item)
            else item
            for place, item in enumerate(items)
        ]
    return stored, list(dict.fromkeys(search.problems))


class _Search:
    """Each pattern is looked up once."""

    def __init__(self, read_models: ReadModels, vo: str) -> None:
        self._read_models, self._vo = read_models, vo
        self._found: dict[str, list[str]] = {}
        self.problems: list[str] = []

    async def names_in(self, where: str, given: Any) -> Any:
        """A comma list with names in place of its patterns, each name once."""
        if not isinstance(given, str) or ANY not in given:
            return given
        names: dict[str, None] = {}
        for part in given.split(","):
            names |= dict.fromkeys(await self._matching(where, part) if ANY in part else [part])
        if len(names) > DATASETS_MAX:
            self.problems.append(f"{where}: the patterns match {len(names)} datasets, expected at most {DATASETS_MAX}")
            return given
        return ",".join(names)

    async def _matching(self, where: str, part: str) -> list[str]:
        pattern = name_for(dataset_name(part), self._vo)
        if pattern not in self._found:
            self._found[pattern] = await self._looked_up(where, pattern)
        return self._found[pattern]

    async def _looked_up(self, where: str, pattern: str) -> list[str]:
        is_short = len(pattern) <= PATTERN_LENGTH_MAX and pattern.count(ANY) <= ANY_MAX
        if not is_short or len(pattern.partition(ANY)[0]) < BEGINNING_LENGTH_MIN:
            expected = f"at most {PATTERN_LENGTH_MAX} characters and {ANY_MAX} *"
            expected += f", {BEGINNING_LENGTH_MIN} characters before the first"
            self.problems.append(f"{where}: found {pattern[:60]!a}, expected {expected}")
            return []
        if len(self._found) >= PATTERNS_MAX:
            self.problems.append(f"{where}: more than {PATTERNS_MAX} patterns, expected at most that")
            return []
        names = await datasets.names_like(self._read_models, self._vo, _like(pattern), DATASETS_MAX + 1)
        if not names:
            self.problems.append(f"{where}: no registered dataset matches {pattern[:60]!a}")
        elif len(names) > DATASETS_MAX:
            self.problems.append(f"{where}: {pattern[:60]!a} matches more than {DATASETS_MAX} datasets, expected at most that")
        return names


def _is_input(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("param_type") == "input" and isinstance(item.get("dataset"), str)


def _like(pattern: str) -> str:
    """The pattern as SQL's `like` has it; the backslash is its sign of escape."""
    for sign in ("\\", "%", "_"):
        pattern = pattern.replace(sign, f"\\{sign}")
    return pattern.replace(ANY, "%")
