"""What would have to change for queues that brokerage dropped, with the number, and who can change it. Pure."""

from collections.abc import Sequence

OWNER, SITE, OPERATOR = "its owner", "the site", "an operator"
CHANGES_SHOWN = 3
VALUE_CHARACTERS_MAX = 120
#: By the first part of a change's name: of what it is, and who can change it.
WHOSE = {
    "queue": ("of queue {queue}", OPERATOR),
    "task": ("of the task, for {queue}", OWNER),
    "facts": ("at {queue}", SITE),
    "ends": ("jobs of the task at {queue} within 6 h", SITE),
    "users": ("of the user or the share at {queue}", OWNER),
    "types": ("of the share and resource type at {queue}", SITE),
    "site": ("of the site of {queue}", SITE),
    "storage": ("of the storage of {queue}", SITE),
    "replicas": ("of the input, for {queue}", SITE),
    "link": ("of the link from the site of {queue} to the nucleus", SITE),
    "nucleus": ("of the nucleus of the task, for {queue}", SITE),
}
#: Where one command does it, or no one number says it.
SPECIAL = {
    "status": ("The queue must be set online.", OPERATOR),
    "unhealthy": ("A worker must come as far as to ask for work there.", SITE),
    "nopilot": ("A pilot must show up there.", SITE),
}
#: Of decisions of earlier versions, which name no change.
EARLIER = {
    "site": ("Name another site, or none.", OWNER),
    "excluded": ("Exclude fewer sites.", OWNER),
    "cloud": ("Ask for another cloud, or none.", OWNER),
    "vo": ("The queue must serve this virtual organisation.", OPERATOR),
    "label": ("The queue must serve this kind of work.", OPERATOR),
    "scratch": ("Ask for less disk, or smaller input per job; or the queue must offer more.", f"{OWNER}, or {SITE}"),
    "walltime": ("Ask for another wall time, or the queue must allow it.", f"{OWNER}, or {SITE}"),
    "cores": ("Ask for another number of cores.", OWNER),
    "memory": ("Ask for another amount of memory.", OWNER),
    "processing_type": ("The queue must run this processing type.", OPERATOR),
    "pilot": ("A pilot must show up there.", SITE),
}


def remedy(code: str, changes: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """What must change so that the filter `code` lets queues pass, and who can change it. changes: queue and
    `QueueVerdict.change` of those that it dropped; the first ones are named."""
    named = [(queue, change) for queue, change in changes if change]
    special = SPECIAL.get(code)
    if not named:
        return special or EARLIER.get(code, ("", "no one needs to"))
    said = "; or ".join(_sentence(queue, change) for queue, change in named[:CHANGES_SHOWN])
    return f"{special[0]} {said}." if special else f"{said}.", special[1] if special else _who(named[0][1])


def _sentence(queue: str, change: str) -> str:
    name, _, value = change.partition("=")
    of, _, field = name.partition(".")
    where, _ = WHOSE.get(of, ("at {queue}", ""))
    shown = value if len(value) <= VALUE_CHARACTERS_MAX else f"{value[:VALUE_CHARACTERS_MAX]}..."
    return f"{field} {where.format(queue=queue)} must be {shown}"


def _who(change: str) -> str:
    return WHOSE.get(change.partition(".")[0], ("", "no one needs to"))[1]


def remedy_of_nucleus(nucleus: str, change: str) -> tuple[str, str]:
    """What must change so that a nucleus is taken, and who can change it. change: `NucleusVerdict.change`."""
    name, _, value = change.partition("=")
    field = name.partition(".")[2]
    return (f"{field} of nucleus {nucleus} must be {value[:VALUE_CHARACTERS_MAX]}.", SITE) if change else ("", SITE)
