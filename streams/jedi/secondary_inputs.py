"""The input streams of a task beside its master input, from the items of its parameters. Pure.

In: items in the order submitted. Out: `SecondaryInput` for each input item but that of the master; complaints name the item.
Source: docs/reference/jedi.md, "Secondary input"; docs/reference/client.md, "Task parameters".
"""

from collections.abc import Iterator, Sequence

from schemas.patterns import compile_pattern
from schemas.scopes import dataset_name
from schemas.types import SecondaryInput
from streams.jedi.requirements import check_patterns
from streams.jedi.shown import shown
from streams.jedi.task_parameters import Item, Parameters
from streams.jedi.template import stream_of

STREAMS_MAX = 20
DATASETS_MAX = 50
NAMED_FILES_MAX = 10_000
STREAM_CHARACTERS_MAX = 64
#: What attributes may say: all files in each job; files are used again.
WHOLE, AGAIN = "nosplit", "repeat"
#: Datasets of database releases, which every job has as a whole.
RELEASES = "ddo"


def input_items(items: Sequence[Item]) -> list[Item]:
    """Items that stand for an input dataset."""
    return [item for item in items if item.makes_dataset and item.param_type == "input"]


def secondary_inputs(given: Parameters, items: Sequence[Item], *, without_input: bool) -> tuple[SecondaryInput, ...]:
    """All input streams but the first, or all of them where the master input is made up."""
    inputs = input_items(items)
    beside = inputs if without_input else inputs[1:]
    if len(beside) > STREAMS_MAX:
        given.problems.append(f"{len(beside)} secondary inputs are named, expected at most {STREAMS_MAX}")
        return ()
    if beside and given.raw.get("groupBoundaryID"):
        what = f"groupBoundaryID is {shown(given.raw['groupBoundaryID'])} beside {beside[0].where}"
        given.problems.append(f"{what}, expected one of them: files of further streams are not chosen by group")
    joined = next((item.where for item in beside if item.index_consistent), None)
    if joined is not None and without_input:
        given.problems.append(f"{joined}.indexConsistent is true beside noInput, expected master input to join it with")
    streams = [stream_of(item) for item in inputs] if not without_input else ["IN", *map(stream_of, inputs)]
    for item in beside:
        stream = stream_of(item)
        if not stream or len(stream) > STREAM_CHARACTERS_MAX:
            given.problems.append(f"{item.where}.value is {shown(item.value)}, expected the name of a stream as in ${{IN2}}")
        elif streams.count(stream) > 1:
            given.problems.append(f"{item.where} feeds the stream {stream}, which another input feeds too")
    return () if given.problems else tuple(_secondary(given, item) for item in beside)


def _secondary(given: Parameters, item: Item) -> SecondaryInput:
    datasets = tuple(dataset_name(name.strip()) for name in item.dataset.split(","))
    if not all(datasets) or len(datasets) > DATASETS_MAX:
        given.problems.append(f"{item.where}.dataset names {len(datasets)} datasets, expected 1 to {DATASETS_MAX} names")
    if len(item.files) > NAMED_FILES_MAX:
        given.problems.append(f"{item.where}.files has {len(item.files)} names, expected at most {NAMED_FILES_MAX}")
    odd = [word for word in item.attributes if word not in (WHOLE, AGAIN)]
    if odd:
        given.problems.append(f"{item.where}.attributes holds {shown(odd[0])}, expected {WHOLE} or {AGAIN}")
    given.problems += _problems_of_choice(item)
    for key, patterns in (("include", item.include), ("exclude", item.exclude)):
        check_patterns(given, f"{item.where}.{key}", patterns, compile_pattern)
    release = datasets[0].startswith(RELEASES)
    return SecondaryInput(
        stream=stream_of(item),
        datasets=datasets,
        include=item.include,
        exclude=item.exclude,
        files=item.files[:NAMED_FILES_MAX],
        offset=item.offset,
        files_per_job=item.files_per_job or None,
        ratio=item.ratio or 1,
        event_ratio=item.event_ratio or None,
        index_consistent=item.index_consistent,
        random=item.random,
        whole=release or WHOLE in item.attributes,
        reusable=release or item.reusable or AGAIN in item.attributes,
    )


def _problems_of_choice(item: Item) -> Iterator[str]:
    """Attributes that each say which files a job has, and say it in different ways."""
    splits = WHOLE in item.attributes
    by_number = {"nFilesPerJob": item.files_per_job, "attributes with nosplit": splits, "ratio": item.ratio > 1}
    if item.event_ratio:
        others = [key for key, given in {**by_number, "indexConsistent": item.index_consistent}.items() if given]
        yield from (f"{item.where}.eventRatio is given beside {key}, expected one of them" for key in others)
    elif item.index_consistent:
        again = {"reusable": item.reusable or AGAIN in item.attributes, "random": item.random}
        others = [key for key, given in {**by_number, **again}.items() if given]
        yield from (f"{item.where}.indexConsistent is true beside {key}, expected one of them" for key in others)
    if item.random and item.offset:
        yield f"{item.where}.random is true beside offset {item.offset}, expected one of them"
