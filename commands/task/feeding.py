"""How a task gets its input: refined, then fed slice by slice. Pure.

Guards: a definition made from old parameters is refused; a chunk is read once, in order; what the input amounts to is worked out
before any of it is made, and too much breaks the task. Source: docs/reference/jedi.md, "Input units".
"""

from dataclasses import replace

from commands.decision import Decision, FollowUp, accept, refuse
from commands.limits import PART_BYTES_MAX
from commands.sizes import bytes_of, cut
from commands.task.kills import broken
from commands.task.model import Task, UnitStatus, accounts_of
from commands.task.transitions import TaskStatus
from commands.task.units import (
    PSEUDO_DATASET,
    UNITS_MAX,
    UNITS_PER_SLICE,
    TooMuchMatching,
    eligible_files,
    made_up_units,
    units_in_file,
    units_made_up,
    units_of_file,
)
from schemas.dataset import RequestContents
from schemas.patterns import PatternRefused
from schemas.task import ContentsFed, FeedContents, RefineTask, TaskEvent, TaskRefined, TaskRetried
from schemas.types import DatasetFile, InputUnit, TaskDefinition

ATTEMPTS_OF_RETRY = 5
UNITS_PER_EVENT = 500
#: Of a definition with all its names; each order carries it without them.
DEFINITION_BYTES_MAX = 850_000


def refine(task: Task, command: RefineTask) -> Decision:
    """Take the definition; ask the input datasets for their files, or make input up when there is none."""
    if task.status not in (TaskStatus.REGISTERED, TaskStatus.REREFINE):
        return refuse("WRONG_STATUS", f"task is {task.status}, expected registered or rerefine")
    if command.parameters_revision != task.parameters_revision:
        return refuse("STALE", f"refined revision {command.parameters_revision}, parameters are at {task.parameters_revision}")
    definition = command.definition
    size = bytes_of(definition)
    if size > DEFINITION_BYTES_MAX:
        return broken(task, "TOO_LARGE", f"the definition has {size:,} bytes, expected at most {DEFINITION_BYTES_MAX:,}")
    if not definition.input_datasets and units_made_up(definition) > UNITS_MAX:
        return _too_many(task, units_made_up(definition))
    refined: list[TaskEvent] = [
        TaskRefined(definition=command.definition, parameters_revision=command.parameters_revision)
    ]
    failed = tuple(unit_id for unit_id, unit in task.units.items() if unit.status is UnitStatus.FAILED)
    if failed:
        refined.append(TaskRetried(units=failed, attempts_max=ATTEMPTS_OF_RETRY, task_attempt=task.attempt))
    datasets = command.definition.input_datasets
    if datasets:
        asks = tuple(FollowUp(name, RequestContents(task_id=task.task_id)) for name in datasets)
        return accept(*refined, follow_ups=asks)
    fed, next_slice = _made_up_slice(task, command.definition, 0, revived=len(failed))
    return accept(*refined, *fed, follow_ups=next_slice)


def feed_contents(task: Task, command: FeedContents) -> Decision:
    """Files of an input dataset become input units; the last chunk of the last dataset completes the input."""
    if task.status is not TaskStatus.DEFINED:
        return refuse("WRONG_STATUS", f"task is {task.status}, expected defined")
    definition = task.definition
    assert definition is not None, f"task {task.task_id} is fed before it is refined"
    if command.dataset == PSEUDO_DATASET and not definition.input_datasets:
        return _feed_made_up(task, definition, command)
    if not command.known:
        message = f"input dataset {command.dataset} does not exist"
        return broken(task, "UNKNOWN_DATASET", message)
    if command.chunk != task.fed.get(command.dataset, 0):
        return refuse("OUT_OF_ORDER", f"chunk {command.chunk} of {command.dataset}, expected {task.fed.get(command.dataset, 0)}")
    try:
        files = _usable_files(task, definition, command.dataset, command.files)
    except (PatternRefused, TooMuchMatching) as problem:
        return broken(task, "BAD_PATTERN", f"input dataset {command.dataset}: {problem}")
    count = sum(units_in_file(definition, file) for file in files)
    if len(task.units) + count > UNITS_MAX:
        return _too_many(task, len(task.units) + count)
    units = _unknown_yet(task, [unit for file in files for unit in units_of_file(definition, command.dataset, file, 1)])
    last = command.chunk + 1 == command.chunks
    others = [name for name in definition.input_datasets if name != command.dataset]
    complete = last and all(name in task.fed_whole for name in others)
    if complete and not units and not task.units:
        message = f"input dataset {command.dataset} has no file that the task could use"
        return broken(task, "EMPTY_INPUT", message)
    return accept(*_fed(task, command.dataset, units, complete=complete, whole=last))


def _feed_made_up(task: Task, definition: TaskDefinition, command: FeedContents) -> Decision:
    """The next slice of input that is made up."""
    slices = -(-units_made_up(definition) // UNITS_PER_SLICE)
    if command.chunk != task.fed.get(PSEUDO_DATASET, 0) or command.chunk >= slices:
        return refuse("OUT_OF_ORDER", f"slice {command.chunk}, expected {task.fed.get(PSEUDO_DATASET, 0)} of {slices}")
    fed, next_slice = _made_up_slice(task, definition, command.chunk)
    return accept(*fed, follow_ups=next_slice)


def _made_up_slice(
    task: Task, definition: TaskDefinition, number: int, revived: int = 0
) -> tuple[list[ContentsFed], tuple[FollowUp, ...]]:
    """The events of slice `number` of made-up input, and the command for the next one: others have their turn in between."""
    total = units_made_up(definition)
    start, slices = number * UNITS_PER_SLICE, -(-total // UNITS_PER_SLICE)
    units = _unknown_yet(task, made_up_units(definition, range(start, min(start + UNITS_PER_SLICE, total))))
    last = number + 1 == slices
    fed = _fed(task, PSEUDO_DATASET, units, complete=last, whole=last, revived=revived)
    more = FeedContents(dataset=PSEUDO_DATASET, known=True, chunk=number + 1, chunks=slices)
    return fed, () if last else (FollowUp(str(task.task_id), more),)


def _too_many(task: Task, count: int) -> Decision:
    return broken(task, "TOO_MANY_FILES", f"{count:,} pieces of input, expected at most {UNITS_MAX:,}")


def _usable_files(
    task: Task, definition: TaskDefinition, dataset: str, files: tuple[DatasetFile, ...]
) -> list[DatasetFile]:
    """Files of a chunk that become input, as far as the task's own limit of files goes."""
    eligible = list(eligible_files(definition, files))
    skip = max(0, definition.input_offset - task.fed.get(dataset, 0) * UNITS_PER_EVENT)
    if definition.input_files_max is None:
        return eligible[skip:]
    seen = {lfn for found, lfn, _ in task.known_inputs if found == dataset}
    usable = []
    for file in eligible[skip:]:
        if len(seen) >= definition.input_files_max:
            break
        seen.add(file.lfn)
        usable.append(file)
    return usable


def _unknown_yet(task: Task, units: list[InputUnit]) -> list[InputUnit]:
    """Units the task does not have yet, numbered on from those it has."""
    new = [unit for unit in units if (unit.dataset, unit.lfn, unit.start_event) not in task.known_inputs]
    return [_numbered(unit, len(task.units) + number) for number, unit in enumerate(new, start=1)]


def _numbered(unit: InputUnit, unit_id: int) -> InputUnit:
    return unit if unit.unit_id == unit_id else InputUnit.from_avro({**unit.to_avro(), "unit_id": unit_id})


def _fed(
    task: Task, dataset: str, units: list[InputUnit], *, complete: bool, whole: bool, revived: int = 0
) -> list[ContentsFed]:
    """Events of at most UNITS_PER_EVENT units and PART_BYTES_MAX; an empty one still says that the chunk is read.

    whole: with the last of them the dataset is; complete: with it all input is. revived: units that had failed and that an event
    before these, in the same decision, gave new attempts.
    """
    chunks = list(cut(units, UNITS_PER_EVENT, PART_BYTES_MAX)) or [()]
    accounts, total, events = accounts_of(task), len(task.units), []
    accounts = replace(accounts, used=accounts.used - revived, failed=accounts.failed - revived)
    for number, chunk in enumerate(chunks, start=1):
        total += len(chunk)
        last = number == len(chunks)
        events.append(
            ContentsFed(
                dataset=dataset,
                units=chunk,
                complete=complete and last,
                dataset_complete=whole and last,
                chunk_complete=last,
                accounts=replace(accounts, total=total),
            )
        )
    return events
