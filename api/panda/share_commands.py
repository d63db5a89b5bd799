"""`task/reassign_global_share`: tasks and their jobs into another share.

The tree is a policy, of which a task knows nothing: that the share is a leaf is looked up here.
"""

from api.panda.arguments import BadArgument, whole_numbers
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.panda.sending import send
from api.queries.shares import problem_of_leaf
from schemas.task import AssignShare

TASKS_MAX = 200
SERVER_ERROR, NOT_FOUND = 1, 2


async def reassign_global_share(call: Call) -> Reply:
    """Data 0 when all tasks were moved, 2 for a bad share, 1 when a task was refused; the message names each with the reason."""
    task_ids = whole_numbers(call["task_id_list"])
    if len(task_ids) > TASKS_MAX:
        raise BadArgument(f"Argument error: {len(task_ids)} task ids in task_id_list, expected at most {TASKS_MAX}")
    problem = await problem_of_leaf(call.services.read_models, call["share"])
    if problem:
        return failed(problem, NOT_FOUND)
    refused = []
    for task_id in dict.fromkeys(task_ids):
        command = AssignShare(share=call["share"], running=call["reassign_running_jobs"])
        answer = await send(call, command, "task", task_id)
        if answer is None:
            refused.append(f"task {task_id}: no answer in time, it may still be carried out")
        elif not answer.accepted:
            refused.append(f"task {task_id}: {answer.message or answer.reason}")
    if refused:
        return failed("; ".join(refused)[:4000], SERVER_ERROR)
    return done(0, f"share of {len(task_ids)} tasks is {call['share']}")
