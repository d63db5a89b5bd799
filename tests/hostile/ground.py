"""What the senders own: ids and names that messages name, so that they meet real state and never the bystander's.

Values are taken by place, so that one seed makes messages of one shape on any stack.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from schemas.ids import CULM, LINKED_IDENTITY, REVOKED_IDENTITY, enrolment_key, job_id_of

VO = "wlcg"
QUEUE = "HOSTILE"
#: The digest of an enrolment code.
CODE = "c" * 64
#: Keys of what there is one of. What an operator may set to stop everyone (issuers, access, revoked issuers) is sent elsewhere.
POLICIES = {
    "SetShares": "shares", "SetRetryRules": "retry_rules", "SetResourceTypes": "resource_types", "SetBrokers": "brokers",
    "SetThrottles": "throttles", "SetClocks": "clocks", "TakeSource": "source.pilot", "SetOutsideFact": "storage.HOSTILE",
    "GiveNumbers": "task", "RankShares": "shares", "OfferEnrolment": enrolment_key(CODE), "RedeemEnrolment": enrolment_key(CODE),
    "EndEnrolment": enrolment_key(CODE),
}  # fmt: skip
#: Beginnings of keys that end with the subject of the sender.
OF_SUBJECT = {"LinkIdentities": LINKED_IDENTITY, "UnlinkIdentities": LINKED_IDENTITY, "RestoreIdentity": REVOKED_IDENTITY}
#: Stands in job parameters of the senders; must never be seen in a log.
CANARY = "canary-7f3a91c2e5"


@dataclass(frozen=True, slots=True)
class Ground:
    """tasks: ids of tasks of the senders, at work. now: microseconds since 1970. subject: of the user who sends."""

    tasks: tuple[int, ...]
    now: int
    subject: str
    queue: str = QUEUE
    dataset: str = "user.hostile.data"

    @property
    def jobs(self) -> tuple[int, ...]:
        """Jobs that those tasks have, and some that they do not; the first one is of the first task."""
        return tuple(job_id_of(task, serial) for task in self.tasks for serial in (1, 2, 999))

    def named(self, name: str) -> Any:
        """A value that fits a field called `name`; None when any will do."""
        return {
            "task_id": self.tasks[0], "job_id": self.jobs[0], "panda_id": self.jobs[0], "jobId": str(self.jobs[0]),
            "queue": self.queue, "site": self.queue, "dataset": self.dataset, "vo": VO, "owner": self.subject,
            "actor": self.subject,
            "attempt": 1, "label": "user", "name": f"user.hostile.{self.now}", "user_name": "Hostile Person",
            "scope": "user.hostile",
            "issued_at": self.now, "seen_at": self.now, "lease_id": "lease", "role": "user", "source": "pilot",
            "parameters_json": "{}", "multi_step_json": "[]", "metadata_json": "{}", "core_count": 1, "serial": 1,
            "checksum": "ad:062c0215", "guid": "", "size_bytes": 5, "endpoint": "LOCAL_DISK", "expected_sequence": None,
            "causation_id": None, "parameters_revision": 0, "percent": 100, "lease_seconds": 60, "attempts_max": 3,
            "parent_task_id": None, "watched_since": self.now,
        }.get(name)  # fmt: skip

    def key_of(self, aggregate: str, command: str, number: int) -> str:
        """A key for `command`: of an aggregate of ours, or of none that is there."""
        if command in POLICIES:
            return POLICIES[command]
        if command in OF_SUBJECT:
            return f"{OF_SUBJECT[command]}{self.subject}"
        match aggregate:
            case "task" | "ranges":
                return str(self.tasks[number % len(self.tasks)])
            case "workflow":
                return str(self.tasks[0])
            case "job":
                return str(self.jobs[0])
            case "user_secrets":
                return f"{VO}/{self.subject}"
            case "dataset":
                return f"{self.dataset}.{number % 5}"
            case "task_name":
                return f"{VO}/user/{self.subject}/user.hostile.{number}"
            case "harvester":
                return f"{VO}/hostile{number % 3}"
            case "policy":
                return f"queue.{self.queue}"
            case _:
                return f"{self.queue}_{number % 4}" if number % 4 == 3 else self.queue


def prelude_id(command: str, ground: Ground, number: int = 0) -> str:
    """The id of a command that is sent ahead of another one; number: of those of its name."""
    return uuid_of("prelude", command, ground.now, ground.tasks[0], number)


def uuid_of(*parts: object) -> str:
    """A uuid that is always the same for the same parts."""
    return str(uuid5(UUID(str(CULM)), ":".join(str(part) for part in parts)))
