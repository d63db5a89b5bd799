"""How a task gets its input: refined, then fed slice by slice. Pure.

Guards: a definition made from old parameters is refused; a chunk is read once, in order, and the next one is asked for when it
was; what the input amounts to is worked out before any of it is made, and too much breaks the task.
Source: docs/reference/jedi.md, "Input units".
"""

from collections.abc import Sequence

from commands.decision import Decision, FollowUp, accept, refuse
from commands.limits import PART_BYTES_MAX
from commands.sizes import bytes_of, cut
from commands.task.awaiting import ask_datasets, ask_for_next, follow_parent, is_fed, missing_dataset, status_once_fed
from commands.task.for_orders import too_large_for_orders
from commands.task.kills import broken
from commands.task.limits import CHUNK_MAX, UNITS_MAX, UNITS_PER_EVENT, UNITS_PER_SLICE
from commands.task.model import Task, accounts_of
from commands.task.names import PFN_LIST, longest_name, names_at
from commands.task.retries import revival
from commands.task.secondaries import stream_to_read
from commands.task.secondary_feed import feed_secondary
from commands.task.transitions import TaskStatus
from commands.task.unit_page import key_of
from commands.task.units import (
    PSEUDO_DATASET,
    EventsUnknown,
    TooMuchMatching,
    eligible_files,
    first_units,
    has_listed_pfns,
    made_up_units,
    units_in_file,
    units_made_up,
    with_events,
    within_events,
)
from schemas.boundaries import looked_at, number_of
from schemas.dataset import RequestContents
from schemas.patterns import PatternRefused
from schemas.records import replace
from schemas.scope import ClaimScope
from schemas.scopes import problem_of_scope
from schemas.task import ContentsFed, FeedContents, RefineTask, TaskEvent, TaskRefined
from schemas.types import DatasetFile, InputUnit, TaskDefinition

#: Of a definition with all its names; an order carries a part of it (for_orders.py).
DEFINITION_BYTES_MAX = 850_000


def refine(task: Task, command: RefineTask) -> Decision:
    """Take the definition; ask the input datasets for their files, or make input up when there is none."""
    if task.status not in (TaskStatus.WAITING, TaskStatus.REGISTERED, TaskStatus.REREFINE):
        return refuse("WRONG_STATUS", f"task is {task.status}, expected waiting, registered or rerefine")
    if command.parameters_revision != task.parameters_revision:
        return refuse("STALE", f"refined revision {command.parameters_revision}, parameters are at {task.parameters_revision}")
    definition = command.definition
    size = bytes_of(definition)
    if size > DEFINITION_BYTES_MAX:
        return broken(task, "TOO_LARGE", f"the definition has {size:,} bytes, expected at most {DEFINITION_BYTES_MAX:,}")
    too_large = too_large_for_orders(definition)
    if too_large:
        return broken(task, "TOO_LARGE", too_large)
    if not definition.input_datasets and units_made_up(definition) > UNITS_MAX:
        return _too_many(task, units_made_up(definition))
    if problem := next(filter(None, (problem_of_scope(one.scope) for one in definition.outputs)), ""):
        return broken(task, "BAD_SCOPE", f"the task cannot write its outputs: {problem}")
    refined: list[TaskEvent] = [TaskRefined(definition=command.definition, parameters_revision=command.parameters_revision)]
    claims = _claims(task, definition)
    follows, tells_parent = follow_parent(task, definition)
    claims += tells_parent
    if task.status is TaskStatus.WAITING:
        return accept(*refined, *follows, follow_ups=claims)  # its input is fed when the last name has come
    revived, rest = 0, tuple[FollowUp, ...]()
    if task.failed:
        retried, rest = revival(task, task.attempt)
        refined.append(retried)
        revived = len(retried.units)
    if follows and not definition.no_wait_parent:
        return accept(*refined, *follows, follow_ups=(*claims, *rest))
    fed, starts = begin_feeding(task, definition, known=len(task.units), revived=revived, beside_parent=bool(follows))
    return accept(*refined, *follows, *fed, follow_ups=(*claims, *rest, *starts))


def begin_feeding(
    task: Task, definition: TaskDefinition, *, known: int, revived: int = 0, beside_parent: bool = False
) -> tuple[Sequence[TaskEvent], tuple[FollowUp, ...]]:
    """What brings the input: requests to its datasets, or the first slice of what is made up.

    known, revived: see `_made_up_slice`. beside_parent: the task has a parent, which is at work.
    """
    if definition.input_datasets or definition.secondaries:
        return (), ask_datasets(task, definition, beside_parent=beside_parent)
    return _made_up_slice(task, definition, 0, known=known, revived=revived)


def _claims(task: Task, definition: TaskDefinition) -> tuple[FollowUp, ...]:
    """What makes sure that the scopes of the outputs are for the owner of the task, which breaks where one is not."""
    scopes = dict.fromkeys(output.scope for output in definition.outputs)
    claim = ClaimScope(task_id=task.task_id, linked_actors=task.linked, nickname=task.nickname)
    return tuple(FollowUp(scope, claim, task.owner) for scope in scopes)


def feed_contents(task: Task, command: FeedContents) -> Decision:
    """Files of an input dataset become input units; the last chunk of the last dataset completes the input."""
    if not is_fed(task, command):
        found = f"task is {task.status} in reading {task.reading}, the files are of reading {command.reading}"
        return refuse("WRONG_STATUS", f"{found}; expected defined, or pending for an input dataset")
    definition = task.definition
    assert definition is not None, f"task {task.task_id} is fed before it is refined"
    if definition.secondaries and (command.stream or stream_to_read(task.secondaries, definition.secondaries) is not None):
        return feed_secondary(task, definition, command)
    if command.dataset == PSEUDO_DATASET and not definition.input_datasets:
        return _feed_made_up(task, definition, command)
    if not command.known and not command.awaits and definition.allow_empty_input and definition.no_wait_parent:
        complete = all(name in task.fed_whole for name in definition.input_datasets if name != command.dataset)
        return accept(*_fed(task, command.dataset, [], chunk_complete=True, whole=True, complete=complete))
    if not command.known:
        return missing_dataset(task, definition, command)
    order = looked_at(definition.rules)
    if command.ordered_by != order:  # it exists now, and does not know how its files are to come
        again = RequestContents(task_id=task.task_id, reading=task.reading, ordered_by=order, once=True)
        return accept(follow_ups=(FollowUp(command.dataset, again),))
    if command.chunk != task.fed.get(command.dataset, 0):
        return refuse("OUT_OF_ORDER", f"chunk {command.chunk} of {command.dataset}, expected {task.fed.get(command.dataset, 0)}")
    try:
        files = with_events(definition, _usable_files(task, definition, command))
    except EventsUnknown as problem:
        return broken(task, "EVENTS_UNKNOWN", f"input dataset {command.dataset}: {problem}")
    except (PatternRefused, TooMuchMatching) as problem:
        return broken(task, "BAD_PATTERN", f"input dataset {command.dataset}: {problem}")
    made = command.units_made or 0
    count = sum(units_in_file(definition, file) for file in files) - made
    if len(task.units) + count > UNITS_MAX:
        return _too_many(task, len(task.units) + count)
    units, files_left, made = first_units(definition, command.dataset, files, made, UNITS_PER_SLICE, PART_BYTES_MAX)
    units = _unknown_yet(task, command.dataset, units, task.known_units)
    if files_left:
        slice_left = replace(command, files=files_left, units_made=made)
        part = _fed(task, command.dataset, units, position=command.position)
        return accept(*part, follow_ups=(FollowUp(str(task.task_id), slice_left),))
    last = command.chunk + 1 >= command.chunks or _has_all(task, definition, command.dataset, units)
    complete = last and all(name in task.fed_whole for name in definition.input_datasets if name != command.dataset)
    if complete and not units and not task.units and not definition.allow_empty_input:
        message = f"input dataset {command.dataset} has no file that the task could use"
        return broken(task, "EMPTY_INPUT", message)
    if not last and command.chunk >= CHUNK_MAX:
        return broken(task, "TOO_MANY_FILES", f"input dataset {command.dataset} has more than {CHUNK_MAX:,} chunks")
    fed = _fed(
        task, command.dataset, units, chunk_complete=True, whole=last, complete=complete, position=command.position
    )
    return accept(*fed, follow_ups=() if last else _ask_for_next(task, command))


def _has_all(task: Task, definition: TaskDefinition, dataset: str, units: Sequence[InputUnit]) -> bool:
    """True when the task has as many files of a dataset as it asks for, with these units of a chunk."""
    if definition.input_files_max is None:
        return False
    files = {unit.lfn for unit in units}
    new = len(files) - len(task.units.files_known(dataset, files, len(task.units)))
    return task.files.get(dataset, 0) + new >= definition.input_files_max


def _ask_for_next(task: Task, command: FeedContents) -> tuple[FollowUp, ...]:
    """The request for the chunk after this one."""
    if command.position is not None:
        return (ask_for_next(task, command.dataset, command.chunk + 1, command.position),)
    if not command.files:
        return ()
    last = command.files[-1]
    after = RequestContents(
        task_id=task.task_id,
        chunk=command.chunk + 1,
        after=last.lfn,
        reading=task.reading,
        ordered_by=command.ordered_by,
        after_number=number_of(last, command.ordered_by),
    )
    return (FollowUp(command.dataset, after),)


def _feed_made_up(task: Task, definition: TaskDefinition, command: FeedContents) -> Decision:
    """The next slice of input that is made up."""
    slices = -(-units_made_up(definition) // _made_up_per_slice(task, definition))
    if command.chunk != task.fed.get(PSEUDO_DATASET, 0) or command.chunk >= slices:
        return refuse("OUT_OF_ORDER", f"slice {command.chunk}, expected {task.fed.get(PSEUDO_DATASET, 0)} of {slices}")
    fed, next_slice = _made_up_slice(task, definition, command.chunk, known=task.known_units)
    return accept(*fed, follow_ups=next_slice)


def _made_up_slice(
    task: Task, definition: TaskDefinition, number: int, *, known: int, revived: int = 0
) -> tuple[list[ContentsFed], tuple[FollowUp, ...]]:
    """The events of slice `number` of made-up input, and the command for the next one: others have their turn in between."""
    total, per_slice = units_made_up(definition), _made_up_per_slice(task, definition)
    start, slices = number * per_slice, -(-total // per_slice)
    places = range(start, min(start + per_slice, total))
    made = made_up_units(definition, places, _physical_names(task, definition, places))
    units = _unknown_yet(task, PSEUDO_DATASET, made, known)
    last = number + 1 == slices
    fed = _fed(task, PSEUDO_DATASET, units, chunk_complete=True, complete=last, whole=last, revived=revived)
    more = FeedContents(dataset=PSEUDO_DATASET, known=True, chunk=number + 1, chunks=slices)
    return fed, () if last else (FollowUp(str(task.task_id), more),)


def _physical_names(task: Task, definition: TaskDefinition, places: range) -> Sequence[str]:
    """Those that the user gave for `places`, in the definition or in a list of their own; empty when there are none."""
    if has_listed_pfns(definition):
        return tuple(names_at(task.lists, task.names, PFN_LIST, places))
    return definition.pfn_list[places.start : places.stop]


def _made_up_per_slice(task: Task, definition: TaskDefinition) -> int:
    """Units of a slice; the same for every slice of a definition, so that its number says where it starts."""
    longest = max(definition.pfn_list, key=len, default=longest_name(task.names, PFN_LIST))
    (unit,) = made_up_units(definition, range(1), (longest,) if longest else ())
    return max(1, min(UNITS_PER_SLICE, PART_BYTES_MAX // bytes_of(unit)))


def _too_many(task: Task, count: int) -> Decision:
    return broken(task, "TOO_MANY_FILES", f"{count:,} input units, expected at most {UNITS_MAX:,}")


def _usable_files(task: Task, definition: TaskDefinition, command: FeedContents) -> Sequence[DatasetFile]:
    """Files of a chunk that become input, as far as the task's own limit of files goes; of a part of a chunk they are known."""
    if command.units_made is not None:
        return command.files
    had = task.fed.get(command.dataset, 0) * UNITS_PER_EVENT
    if command.position is not None:
        had = task.followed.get(command.dataset, 0)
    skip = max(0, definition.input_offset - had)
    eligible = list(eligible_files(definition, command.files, task.wanted or set(definition.input_files)))[skip:]
    if definition.input_events_max is None and definition.input_files_max is None:
        return eligible
    known = task.units.files_known(command.dataset, {file.lfn for file in eligible}, task.known_units)
    if definition.input_events_max is not None:
        eligible = within_events(definition, eligible, known, definition.input_events_max - task.input_events)
    if definition.input_files_max is None:
        return eligible
    count = task.files.get(command.dataset, 0)
    usable = []
    for file in eligible:
        if count >= definition.input_files_max:
            break
        count += file.lfn not in known
        usable.append(file)
    return usable


def _unknown_yet(task: Task, dataset: str, units: list[InputUnit], known: int) -> list[InputUnit]:
    """Units the task does not have yet, numbered on from those it has. known: how many it had before it was fed again."""
    found = task.units.keys_known(dataset, {key_of(unit) for unit in units}, known) if known else frozenset()
    new = [unit for unit in units if key_of(unit) not in found] if found else units
    return [_numbered(unit, len(task.units) + number) for number, unit in enumerate(new, start=1)]


def _numbered(unit: InputUnit, unit_id: int) -> InputUnit:
    return unit if unit.unit_id == unit_id else replace(unit, unit_id=unit_id)


def _fed(
    task: Task,
    dataset: str,
    units: list[InputUnit],
    *,
    chunk_complete: bool = False,
    whole: bool = False,
    complete: bool = False,
    revived: int = 0,
    position: int | None = None,
) -> list[ContentsFed]:
    """Events of at most UNITS_PER_EVENT units and PART_BYTES_MAX; an empty one still says that the chunk is read.

    With the last of them the chunk is read (chunk_complete), the dataset is (whole), all input is (complete). revived: units that
    had failed and that an event before these, in the same decision, gave new attempts. position: see ContentsFed.
    """
    chunks = list(cut(units, UNITS_PER_EVENT, PART_BYTES_MAX)) or [()]
    accounts, total, events = accounts_of(task), len(task.units), []
    accounts = replace(accounts, used=accounts.used - revived, failed=accounts.failed - revived)
    for number, chunk in enumerate(chunks, start=1):
        total += len(chunk)
        last = number == len(chunks)
        status = status_once_fed(task, dataset) if number == 1 else ""
        events.append(
            ContentsFed(
                dataset=dataset,
                units=chunk,
                complete=complete and last,
                dataset_complete=whole and last,
                chunk_complete=chunk_complete and last,
                accounts=replace(accounts, total=total),
                status=status,
                position=position,
            )
        )
    return events
