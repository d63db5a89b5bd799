"""How a task gets its secondary input: stream by stream, dataset by dataset, before its master input is asked for. Pure.

Guards: chunks are read once, in order, so the lists of a task are the same whenever its datasets are; a stream without files
breaks the task. Source: docs/reference/jedi.md, "Secondary input"; docs/decisions/0080.
"""

from commands.decision import Decision, FollowUp, accept, refuse
from commands.task.awaiting import ask_datasets, ask_for_next_of, ask_secondary, missing_dataset, status_once_fed
from commands.task.kills import broken
from commands.task.model import AT_WORK, Task
from commands.task.secondaries import FILES_MAX, stream_to_read
from commands.task.units import PSEUDO_DATASET, TooMuchMatching, eligible_files
from schemas.boundaries import number_of
from schemas.dataset import RequestContents
from schemas.patterns import PatternRefused
from schemas.records import replace
from schemas.splitting import FILES_OF_A_JOB_MAX
from schemas.task import FeedContents, SecondaryInputFed
from schemas.types import DatasetFile, SecondaryInput, TaskDefinition


def feed_secondary(task: Task, definition: TaskDefinition, command: FeedContents) -> Decision:
    """Files of a secondary dataset go to the list of its stream; with the last of them the master input is asked for."""
    number = stream_to_read(task.secondaries, definition.secondaries)
    if number is None:
        return refuse("OUT_OF_ORDER", f"{command.dataset} for stream {command.stream}, of which everything is read")
    stream, secondary = definition.secondaries[number], task.secondaries[number]
    dataset = stream.datasets[secondary.place]
    if not command.stream and command.dataset == dataset:  # it exists now
        return accept(follow_ups=_requests(task, definition, _waits(task, definition)))
    found = (command.stream, command.dataset, command.chunk)
    if found != (stream.stream, dataset, secondary.chunks) and command.known:
        return refuse("OUT_OF_ORDER", f"{found} came, expected {(stream.stream, dataset, secondary.chunks)}")
    if not command.known:
        return missing_dataset(task, definition, command)
    try:
        named = replace(definition, input_include=stream.include, input_exclude=stream.exclude, skip_empty_files=False)
        files = list(eligible_files(named, command.files, set(stream.files)))
    except (PatternRefused, TooMuchMatching) as problem:
        return broken(task, "BAD_PATTERN", f"secondary dataset {dataset}: {problem}")
    skipped = min(len(files), stream.offset - secondary.skipped)
    known = secondary.known({file.lfn for file in files}) if len(secondary) else set[str]()
    new = tuple(file for file in files[skipped:] if file.lfn not in known)
    if stream.event_ratio is not None and (uncounted := next((file.lfn for file in new if not file.events), "")):
        message = f"file {uncounted} of secondary dataset {dataset} has no number of events"
        return broken(task, "EVENTS_UNKNOWN", f"{message}; eventRatio of stream {stream.stream} needs one")
    last = command.chunk + 1 >= command.chunks
    complete = last and secondary.place + 1 == len(stream.datasets)
    if bad := _problem(stream, dataset, len(secondary) + len(new), complete=complete):
        return broken(task, *bad)
    fed = SecondaryInputFed(
        stream=number,
        dataset=dataset,
        files=new,
        skipped=skipped,
        dataset_complete=last,
        complete=complete,
        status=status_once_fed(task, dataset),
    )
    return accept(fed, follow_ups=_next_requests(task, definition, command, number, fed))


def _problem(stream: SecondaryInput, dataset: str, count: int, *, complete: bool) -> tuple[str, str] | None:
    if count > FILES_MAX:
        return "TOO_MANY_FILES", f"stream {stream.stream} has {count:,} files with {dataset}, expected at most {FILES_MAX:,}"
    if complete and not count:
        return "EMPTY_INPUT", f"secondary dataset {dataset} (stream {stream.stream}) has no file that the task could use"
    if stream.whole and count >= FILES_OF_A_JOB_MAX:
        found = f"stream {stream.stream} gives each job {count:,} files"
        return "TOO_MANY_FILES", f"{found}, expected fewer than {FILES_OF_A_JOB_MAX:,}"
    return None


def _next_requests(
    task: Task, definition: TaskDefinition, command: FeedContents, number: int, fed: SecondaryInputFed
) -> tuple[FollowUp, ...]:
    """The next chunk, the next dataset, or the master input."""
    if not fed.dataset_complete and command.position is not None:
        return (ask_for_next_of(task, command),)
    if not fed.dataset_complete:
        files: tuple[DatasetFile, ...] = tuple(command.files)
        after = RequestContents(
            task_id=task.task_id,
            chunk=command.chunk + 1,
            after=files[-1].lfn if files else "",
            reading=task.reading,
            stream=command.stream,
            once=True,
            ordered_by=command.ordered_by,
            after_number=number_of(files[-1], command.ordered_by, task.task_id) if files else None,
        )
        return (FollowUp(command.dataset, after),)
    waits = _waits(task, definition)
    place = 0 if fed.complete else task.secondaries[number].place + 1
    following = number + 1 if fed.complete else number
    if following == len(definition.secondaries):
        if definition.input_datasets:
            return ask_datasets(task, definition, beside_parent=task.parent_status == AT_WORK, secondary=False)
        return (FollowUp(str(task.task_id), FeedContents(dataset=PSEUDO_DATASET, known=True, chunk=0, chunks=1)),)
    stream = definition.secondaries[following]
    return (ask_secondary(task, definition, stream.datasets[place], stream, waits=waits),)


def _waits(task: Task, definition: TaskDefinition) -> bool:
    return definition.wait_input or task.parent_status == AT_WORK


def _requests(task: Task, definition: TaskDefinition, waits: bool) -> tuple[FollowUp, ...]:
    number = stream_to_read(task.secondaries, definition.secondaries)
    assert number is not None
    stream = definition.secondaries[number]
    return (ask_secondary(task, definition, stream.datasets[task.secondaries[number].place], stream, waits=waits),)
