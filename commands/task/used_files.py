"""Files that other tasks have processed, and that a task leaves out (`skipFilesUsedBy`). Pure.

A chunk of the input goes from task to task before it is read; each names those of its files that it has done. So a task keeps no
list of another one's files. Guards: only tasks of the same organisation answer; a task that does not exist breaks the one that
names it. Source: docs/reference/jedi.md, "Input units"; docs/decisions/0100.
"""

from commands.decision import Decision, FollowUp, accept
from commands.task.model import Task
from commands.task.transitions import TaskStatus
from schemas.task import BreakTask, FeedContents, MarkFilesUsed
from schemas.types import CommandEnvelope, TaskDefinition


def goes_round(task: Task, definition: TaskDefinition, contents: FeedContents) -> Decision | None:
    """The question to the first task whose files are left out; None when there is nothing to ask."""
    skipped = definition.skips_files_of
    if not skipped or contents.looked_through or not contents.files:
        return None
    question = MarkFilesUsed(
        task_id=task.task_id,
        further=skipped[1:],
        dataset=contents.dataset,
        files=contents.files,
        chunk=contents.chunk,
        chunks=contents.chunks,
        reading=contents.reading,
        position=contents.position,
        ordered_by=contents.ordered_by,
    )
    return accept(follow_ups=(FollowUp(str(skipped[0]), question),))


def mark_files_used(task: Task, command: MarkFilesUsed, by: CommandEnvelope) -> Decision:
    """Send the chunk on with the files that this task has done, or back to the task whose input it is."""
    asking = str(command.task_id)
    if task.status is TaskStatus.UNKNOWN or task.vo != by.vo:
        message = f"skipFilesUsedBy names task {by.aggregate_id}, which does not exist"
        return accept(follow_ups=(FollowUp(asking, BreakTask(reason="UNKNOWN_TASK", message=message)),))
    own = task.units.files_done(command.dataset, {file.lfn for file in command.files})
    used = (*command.used, *(file.lfn for file in command.files if file.lfn in own and file.lfn not in command.used))
    if command.further:
        onward = MarkFilesUsed(
            task_id=command.task_id,
            further=command.further[1:],
            dataset=command.dataset,
            files=command.files,
            used=used,
            chunk=command.chunk,
            chunks=command.chunks,
            reading=command.reading,
            position=command.position,
            ordered_by=command.ordered_by,
        )
        return accept(follow_ups=(FollowUp(str(command.further[0]), onward),))
    contents = FeedContents(
        dataset=command.dataset,
        known=True,
        files=command.files,
        used=used,
        looked_through=True,
        chunk=command.chunk,
        chunks=command.chunks,
        reading=command.reading,
        position=command.position,
        ordered_by=command.ordered_by,
    )
    return accept(follow_ups=(FollowUp(asking, contents),))
