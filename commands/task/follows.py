"""What others learn of a task that ended, or that ends by itself: the datasets that it wrote in get no more files of it, those
that it followed send it none, jobs that no pilot has taken are not needed, its workflow counts its end. Pure.

Source: docs/reference/jedi.md, "Output datasets" and "Growing input"; docs/decisions/0061 and 0079.
"""

from commands.decision import FollowUp
from commands.task.awaiting import ends_of_subscriptions
from commands.task.for_workflow import work_ended
from commands.task.job_files import UNMERGED, is_merged
from commands.task.job_spec import library_dataset, step_logs
from commands.task.kills import KILL_FINISH_SOFT, kills
from commands.task.model import Task
from commands.task.transitions import FINAL
from schemas.dataset import EndWriting
from schemas.task import JobsOrdered, TaskFinalized, TaskFinishOrdered


def follows(task: Task, event: JobsOrdered | TaskFinalized | TaskFinishOrdered) -> tuple[FollowUp, ...]:
    """Commands that follow from `event`, which settled by itself; the outputs of a task that is exhausted stay open."""
    if isinstance(event, TaskFinishOrdered):
        return kills(task, KILL_FINISH_SOFT, "the goal of the task is reached", merging=False)
    if not isinstance(event, TaskFinalized):
        return ()
    written = ends_of_writing(task) if task.status in FINAL else ()
    return (*written, *ends_of_subscriptions(task), *work_ended(task, event))


def ends_of_writing(task: Task) -> tuple[FollowUp, ...]:
    """A command to every dataset that jobs of the task may have written in."""
    return tuple(FollowUp(name, EndWriting(task_id=task.task_id)) for name in output_datasets(task))


def output_datasets(task: Task) -> tuple[str, ...]:
    """Names of all datasets that jobs of the task may write in, each once; none before it has a definition."""
    definition = task.definition
    if definition is None:
        return ()
    names = [template.dataset for template in definition.outputs]
    if definition.merge is not None:
        merged = (found for found in definition.outputs if is_merged(definition, found) and not found.merge_only)
        names += [UNMERGED + template.dataset for template in merged]
    if definition.build is not None:
        names.append(library_dataset(task))
    if definition.build is not None or definition.merge is not None:
        names.append(step_logs(task)[0])
    return tuple(dict.fromkeys(name for name in names if name))
