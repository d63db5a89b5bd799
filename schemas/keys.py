"""What the key of an aggregate looks like, and that a message which names its aggregate stands under that key.

Readers take `aggregate_id` of a task or job for its number, and a message that makes an aggregate repeats its id in the body;
one under another key would be someone else's row.
"""

from typing import Any

from schemas.bounds import Problem, shown
from schemas.characters import NAME, WORD

TASK_ID_MAX = 900_000_000_000
JOB_ID_MAX = (1 << 63) - 1
DATASET_LENGTH_MAX = 640
QUEUE_LENGTH_MAX = 128


def key_problems(message: Any, aggregate_id: str) -> tuple[Problem, ...]:
    """The problem of a command or event under `aggregate_id`; () when it may stand there."""
    expected = _expected(type(message).__module__.removeprefix("schemas."), aggregate_id) or _own(message, aggregate_id)
    return (Problem("aggregate_id", shown(aggregate_id), expected),) if expected else ()


def _expected(aggregate: str, key: str) -> str:
    """What was expected of a key that no aggregate of its kind can have; empty for one that is good."""
    match aggregate:
        case "task":
            return "" if _is_number(key, TASK_ID_MAX) else f"a task id, 1 to {TASK_ID_MAX:,}"
        case "job":
            return "" if _is_number(key, JOB_ID_MAX) else f"a job id, 1 to {JOB_ID_MAX:,}"
        case "dataset":
            return "" if NAME.takes(key) and len(key) <= DATASET_LENGTH_MAX else f"{NAME.expected}, 1 to 640 characters"
        case "queue" | "worker":
            return "" if WORD.takes(key) and len(key) <= QUEUE_LENGTH_MAX else f"{WORD.expected}, 1 to 128 characters"
        case _:
            return ""


def _own(message: Any, key: str) -> str:
    """The key that the message itself names, where it names another."""
    match type(message).__name__:
        case "SubmitTask" | "TaskSubmitted":
            own = str(message.task_id)
        case "DefineJob" | "JobDefined":
            own = str(message.spec.job_id)
        case "EnqueueJob" | "JobQueued":
            own = str(message.spec.queue)
        case "ConfigureDispatch" | "DispatchConfigured":
            own = str(message.settings.name)
        case _:
            return ""
    return "" if own == key else f"{shown(own)}, as the message says"


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20 and text[0] != "0" and int(text) <= most
