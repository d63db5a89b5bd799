"""Ids that follow from what they name, so that doing a thing twice names it the same."""

from hashlib import sha1, sha256
from uuid import NAMESPACE_URL, uuid5

CULM = uuid5(NAMESPACE_URL, "culm")
FIRST_TASK_ID = 10_000_000
JOBS_PER_TASK = 10_000_000
#: The greatest id that is given to a task: ids of its jobs are below 2^53, beyond which JavaScript and doubles cannot count.
TASK_ID_MAX = 899_999_999
#: Beyond every id that a message may have; what a database holds in eight bytes.
ID_MAX = 2**63 - 1
#: Key of the aggregate that gives ids of tasks away.
TASK_IDS = "task"
#: Key of the aggregate that gives ids of requests to iDDS away. They are below all ids of tasks: clients tell the two by that.
REQUEST_IDS = "request"
FIRST_REQUEST_ID, REQUEST_ID_MAX = 1, FIRST_TASK_ID - 2
#: What the keys of policies that revoke begin with.
REVOKED_IDENTITY, REVOKED_ISSUER, ENROLMENT = "revoked.", "revoked_before.", "enrolment."
#: What the keys of policies that link identities begin with.
LINKED_IDENTITY = "linked."
#: The digit that says the variant of a UUID: two bits of what was there.
VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
#: Only the first follow-ups of a decision may be decided without a record of their own (commands/engine/inline.py); so a reader
#: of the log can tell which commands a decision may have led to.
FOLLOW_UPS_INLINE_MAX = 1_000


def event_id(command_id: str, index: int) -> str:
    """Id of the event at place `index` of the decision on a command."""
    return _named(bytes.fromhex(command_id.replace("-", "")), str(index))


def caused_command_id(cause: str, *parts: object) -> str:
    """Id of a command that follows from `cause` (an event or command id, or any stable text) and `parts`."""
    return _named(CULM.bytes, ":".join((cause, *map(str, parts))))


def dead_letter_id(topic: str, partition: int, offset: int, reaction: str) -> str:
    """Id of the dead letter about a record: giving up on it again makes the same letter."""
    return caused_command_id("dead letter", topic, partition, offset, reaction)


def job_id_of(task_id: int, serial: int) -> int:
    """PandaID of the job with `serial` (from 1) of a task: readable, unique, and known without a query."""
    assert 0 < serial < JOBS_PER_TASK, f"serial {serial} of task {task_id}, expected 1..{JOBS_PER_TASK - 1}"
    return task_id * JOBS_PER_TASK + serial


def task_id_of(job_id: int) -> int:
    """The task that a job belongs to."""
    return job_id // JOBS_PER_TASK


def is_number(key: str) -> bool:
    """True for the text of a number that can be the id of a task or a job; no text longer than such a number is read."""
    return 0 < len(key) <= len(str(ID_MAX)) and key.isascii() and key.isdigit() and int(key) <= ID_MAX


def task_name_key(vo: str, label: str, owner: str, name: str) -> str:
    """Key of the aggregate that guards a unique task name."""
    return f"{vo}/{label}/{owner}/{name}"


def user_secrets_key(vo: str, owner: str) -> str:
    """Key of the aggregate that knows the secrets of `owner`."""
    return f"{vo}/{owner}"


def revoked_identity_key(actor: str) -> str:
    """Key of the policy that says whether tokens of `actor` are refused."""
    return f"{REVOKED_IDENTITY}{actor}"


def linked_identity_key(actor: str) -> str:
    """Key of the policy that says which greater ids are of the same person as `actor`."""
    return f"{LINKED_IDENTITY}{actor}"


def revoked_issuer_key(issuer: str) -> str:
    """Key of the policy that says which tokens of `issuer` are too old; the same with and without a slash at its end."""
    return f"{REVOKED_ISSUER}{sha256(issuer.removesuffix('/').encode()).hexdigest()[:32]}"


def enrolment_key(code: str) -> str:
    """Key of the policy that records the use of the enrolment code with the digest `code`."""
    return f"{ENROLMENT}{code}"


def _named(space: bytes, name: str) -> str:
    """`str(uuid5(space, name))` without the objects in between: every record has an id, many have two."""
    text = sha1(space + name.encode(), usedforsecurity=False).hexdigest()
    variant = VARIANTS[text[16]]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def harvester_key(vo: str, harvester_id: str) -> str:
    """Key of the aggregate of a Harvester of PanDA's."""
    return f"{vo}/{harvester_id}"
