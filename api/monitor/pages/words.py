"""Words of states: their order, the group that gives them colour and shape, what they mean, what comes next."""

from collections.abc import Mapping

JOB_STATES = (
    "defined", "activated", "throttled", "sent", "starting", "running", "holding", "transferring", "merging",
    "finished", "failed", "cancelled", "closed",
)  # fmt: skip
LIVE_STATES = JOB_STATES[:9]
WAITING_STATES = JOB_STATES[:3]
TASK_STATES = (
    "waiting", "registered", "defined", "ready", "pending", "scouting", "running", "paused", "finishing", "aborting", "tobroken",
    "rerefine", "done", "finished", "failed", "broken", "aborted", "exhausted",
)  # fmt: skip
TASK_ENDED = TASK_STATES[12:]
GROUPS: Mapping[str, tuple[str, ...]] = {
    "waiting": ("waiting", "defined", "activated", "throttled", "registered", "ready", "submitted", "submitting", "resuming",
                "rerefine", "to come", "intended", "worker.pending"),
    "active": ("sent", "starting", "running", "holding", "transferring", "merging", "finishing", "at work",
               "scouting", "transforming", "released", "closing"),
    "success": ("finished", "done", "stored", "in order"),
    "partial": ("task.finished", "subfinished"),
    "failed": ("failed", "broken", "tobroken", "not made", "altered", "fatal", "exited", "backoff",
               "missed", "lost", "timeout", "out_of_memory", "node_failed", "act"),
    "cancelled": ("not begun", "stopped", "cancelled", "closed", "aborted", "aborting", "offline", "brokeroff", "preempted",
                  "pruned", "cancelling", "expired", "expiring"),
    "attention": ("pending", "paused", "exhausted", "test", "gone", "held", "no job", "asked", "look", "suspended"),
}
GROUP_OF: Mapping[str, str] = {word: group for group, words in GROUPS.items() for word in words} | {"online": "success"}
#: The shape that goes with a group, so that colour is never alone.
SHAPES: Mapping[str, str] = {
    "waiting": "○", "active": "▶", "success": "✓", "partial": "◐", "failed": "✕", "cancelled": "⊘", "attention": "!",
    "other": "·",
}  # fmt: skip
MEANINGS: Mapping[str, str] = {
    "task.waiting": "the names of its input are arriving",
    "task.registered": "its parameters are being read",
    "task.defined": "its input is being collected",
    "task.ready": "its next jobs are being placed on queues",
    "task.pending": "no queue can take its next jobs at present",
    "task.scouting": "its first jobs run alone; the others follow when enough of them succeeded",
    "task.running": "its jobs wait or run",
    "task.paused": "it was paused by hand; waiting jobs are held back",
    "task.finishing": "it ends when its running jobs have ended",
    "task.aborting": "it was killed; its jobs are being stopped",
    "task.tobroken": "it cannot be worked on; its jobs are being stopped",
    "task.rerefine": "it runs again with its parameters read again",
    "task.done": "all of its input was processed",
    "task.finished": "it ended with part of its input unprocessed",
    "task.failed": "nothing, or less than asked for, was processed",
    "task.broken": "it could never be worked on",
    "task.aborted": "it was killed",
    "task.exhausted": "it reached its limits; a person must decide",
    "job.defined": "it was made and is about to join its queue",
    "job.activated": "a pilot may take it",
    "job.throttled": "it waits until its task may have more jobs",
    "job.sent": "a pilot has it",
    "job.starting": "its pilot prepares the payload",
    "job.running": "its payload runs",
    "job.holding": "its pilot asked to wait",
    "job.transferring": "its output is on its way",
    "job.merging": "its output waits for the merge step",
    "job.finished": "its payload succeeded",
    "job.failed": "it ended badly",
    "job.cancelled": "it was killed",
    "job.closed": "it was withdrawn before a pilot had it",
    "worker.intended": "in the log, not yet in the batch system",
    "worker.submitted": "handed to the batch system",
    "worker.pending": "it waits in the batch system",
    "worker.held": "the batch system holds it back until someone repairs something",
    "worker.running": "its pilot runs",
    "worker.asked": "its pilot asked for work and has got no job yet",
    "worker.at work": "its pilot has a job",
    "worker.no job": "its pilot runs and has no job",
    "worker.finished": "it ended well",
    "worker.failed": "it ended badly",
    "worker.cancelled": "it was withdrawn",
    "worker.missed": "it never reached the batch system",
    "worker.lost": "it vanished from the batch system",
    "worker.timeout": "it ran over its wall time",
    "worker.out_of_memory": "it used more memory than it was given",
    "worker.node_failed": "its node went away",
    "worker.preempted": "its place was taken by another",
    "file.to come": "the job has not stored it yet",
    "file.not made": "the job ended without storing it",
    "file.stored": "it is where it should be, with the size that was reported",
    "file.altered": "its size is not the one that was reported",
    "file.gone": "it was stored and is not there any more",
    "file.elsewhere": "its storage element cannot be read from here",
}


def group_of(word: str, kind: str = "") -> str:
    """The group of a state, `other` for an unknown word. kind: a finished task is not done, a finished job is."""
    return GROUP_OF.get(f"{kind}.{word}") or GROUP_OF.get(word, "other")
