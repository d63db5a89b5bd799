"""The conformance kit for plugins of batch systems: what an adapter offers, so that every case runs on every system.

An adapter module stands for one batch system, real or a stand-in at the boundary (programs in PATH, an HTTP server). It has
`serve(folder)`, a context manager that brings the system up once a run and gives a function that makes an `Adapter` for one case
(a context manager as well), and `STARTS_PROCESSES`, True where it starts servers. One without servers says in `RUNS_PROGRAMS`
whether its calls are programs: the cases then start some thousand of them, and are not part of `make fast`. The cases are
the tests beside this file:
`pytest tests/systems --system my.adapter.module` runs them all against a plugin of a site's own.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path
from typing import Protocol

import pytest

from agents.harvester.systems.contract import BatchSystem, Listing, NativeState, NativeWorker, Submitted, WorkerSpec

#: A text that comes from outside and means harm: markup, a shell, terminal codes, separators, a template.
HOSTILE = "<script>alert(1)</script> $(touch /hurt) `id` ' \" | ; \\ \x1b[31m \x1f \u202e {{7*7}} %s%n"
SECRET = b"kit-secret-3f1c9a77d2"


class Fault(StrEnum):
    """What goes wrong at the boundary, from `inject` on until `heal`."""

    # The system does not take the worker.
    #: The system refuses the request as invalid, whenever it is sent.
    SUBMIT_REFUSED_FOR_GOOD = auto()
    #: The system refuses the request because of a limit or load; later it would take it.
    SUBMIT_REFUSED_FOR_NOW = auto()
    #: The command ends well and prints an error text; the system does not have the worker.
    SUBMIT_SUCCEEDS_WITH_ERROR = auto()
    #: The submission gets no answer; the system does not have the worker.
    SUBMIT_HANGS = auto()
    #: No one listens at the system's address.
    SUBMIT_UNREACHABLE = auto()
    #: The answer to a submission does not end.
    SUBMIT_ENDLESS_ANSWER = auto()
    #: The refusal holds HOSTILE, a megabyte long.
    SUBMIT_HOSTILE_REFUSAL = auto()
    # The system takes the worker.
    #: Accepted; the id is printed oddly, among greetings of the site.
    SUBMIT_ANSWER_DECORATED = auto()
    #: Accepted; the command ends well and prints nothing.
    SUBMIT_ANSWER_MISSING = auto()
    #: Accepted; what is printed in the id's place is no id.
    SUBMIT_ANSWER_WRONG = auto()
    #: Accepted; the command is killed, or the connection cut, before it answers.
    SUBMIT_DIES_AFTER_ACCEPTING = auto()
    #: Accepted; the command says that it failed (time-out of the controller's answer).
    SUBMIT_FAILS_AFTER_ACCEPTING = auto()
    #: Accepted twice by the system's own retry; one id is printed.
    SUBMIT_ACCEPTED_TWICE = auto()
    # The listing proves nothing.
    #: The command or request fails with a text.
    LISTING_FAILS = auto()
    #: The command ends well, with an error text and no workers.
    LISTING_FAILS_POLITELY = auto()
    #: The answer ends in the middle of a worker, as if it were whole.
    LISTING_CUT = auto()
    #: The command is killed, or the connection cut, in the middle.
    LISTING_KILLED = auto()
    #: No answer.
    LISTING_HANGS = auto()
    #: What the system answers while its controller starts.
    LISTING_EMPTY_WHILE_RESTARTING = auto()
    #: The answer does not end.
    LISTING_ENDLESS = auto()
    #: The answer is random bytes.
    LISTING_NOISE = auto()
    #: No one listens at the system's address.
    LISTING_UNREACHABLE = auto()
    #: The answer is made at once and arrives only after `release_listing`.
    LISTING_LATE = auto()
    # Cancellation.
    #: The command or request fails with a text.
    CANCEL_FAILS = auto()
    #: No answer.
    CANCEL_HANGS = auto()
    #: The order is acknowledged, the worker lives on.
    CANCEL_DOES_NOTHING = auto()


class Outcome(StrEnum):
    """How a worker ends."""

    #: Exit code 0.
    FINISHED = auto()
    #: Exit code 7.
    FAILED = auto()
    #: It is killed by SIGSEGV (11) of its own.
    SIGNALLED = auto()
    #: The system ends it at its limit of time.
    TIMEOUT = auto()
    #: The system ends it at its limit of memory.
    OUT_OF_MEMORY = auto()
    #: Its node is lost.
    NODE_FAILED = auto()
    #: The system ends it in favour of another.
    PREEMPTED = auto()
    #: An administrator cancels it by hand.
    CANCELLED = auto()


#: What a plugin has to say of each end.
STATE_OF: Mapping[Outcome, NativeState] = {
    Outcome.FINISHED: NativeState.FINISHED,
    Outcome.FAILED: NativeState.FAILED,
    Outcome.SIGNALLED: NativeState.FAILED,
    Outcome.TIMEOUT: NativeState.TIMEOUT,
    Outcome.OUT_OF_MEMORY: NativeState.OUT_OF_MEMORY,
    Outcome.NODE_FAILED: NativeState.NODE_FAILED,
    Outcome.PREEMPTED: NativeState.PREEMPTED,
    Outcome.CANCELLED: NativeState.CANCELLED,
}


class Ability(StrEnum):
    """What a case may need of an adapter beside faults and outcomes."""

    #: Workers can be made to run.
    START = auto()
    #: Workers can be held.
    HOLD = auto()
    #: A running worker can be put back to wait.
    REQUEUE = auto()
    #: An ended worker leaves the system's live tables and stands in its accounting alone.
    FORGET = auto()
    #: Many workers can be made at once, without submissions.
    FILL = auto()
    #: The controller can be restarted with its state.
    RESTART = auto()
    #: The controller can be restarted without its state.
    COLD_RESTART = auto()
    #: Ids begin again after a cold restart.
    ID_REUSE = auto()
    #: Workers of others can be made.
    FOREIGN = auto()
    #: What was asked for a worker can be seen.
    ASKED = auto()
    #: A listing tells the memory that was asked for.
    SHOWS_MEMORY = auto()
    #: The files of a worker can be seen as it finds them.
    FILES = auto()
    #: What other users see of a worker can be seen.
    VISIBLE = auto()
    #: Free texts can be made the reason of a state.
    REASON = auto()
    #: A worker can be removed with all that the system remembers of it.
    LEAVE_NO_TRACE = auto()
    #: The system's clock can be set off by an hour.
    CLOCK = auto()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the system was asked to give a worker; walltime_seconds as the system keeps it, which may be whole minutes."""

    memory_mb: int
    cores: int
    walltime_seconds: int


class Adapter(Protocol):
    """One batch system for one case, with no worker of `stack` in it. Each method returns once the system shows its effect."""

    #: Its stack; each case has one of its own, so that a real system may serve all cases in turn.
    stack: str
    #: A program that the workers of a case run; real systems make it end as `end` says.
    program: Path
    #: Settings of the queue, for specs.
    queue_settings: Mapping[str, str]
    #: What does not exist with this system, or cannot be brought about here: Fault, Outcome or Ability -> why.
    lacks: Mapping[StrEnum, str]

    def plugin(self, *, impatient: bool = False, **settings: str) -> BatchSystem:
        """A new plugin for `stack` on this system; impatient: its time-outs are a second. settings: beside its usual ones."""

    def inject(self, fault: Fault) -> None:
        """Let every following call of that kind suffer `fault`."""

    def heal(self) -> None:
        """End all faults."""

    def release_listing(self) -> None:
        """Let a listing under LISTING_LATE arrive."""

    def late_listing_is_made(self) -> bool:
        """Whether a listing under LISTING_LATE has its answer, which waits for `release_listing`."""

    def start(self, tag: str, node: str = "node1") -> None:
        """Let the worker run."""

    def end(self, tag: str, outcome: Outcome) -> None:
        """Let the running worker end."""

    def hold(self, tag: str, reason: str = "held by an administrator") -> None:
        """Let the worker be held. reason: where Ability.REASON is there."""

    def requeue(self, tag: str) -> None:
        """Put the running worker back to wait."""

    def forget(self, tag: str) -> None:
        """Let the ended worker leave the live tables; its accounting stays."""

    def erase(self, tag: str) -> None:
        """Remove the worker with all that the system remembers of it."""

    def fill(self, count: int) -> None:
        """Make `count` waiting workers with the tags STACK-fill-0 and so on."""

    def restart(self, *, cold: bool) -> None:
        """Restart the controller. cold: without its state, all workers gone."""

    def foreign(self, name: str) -> str:
        """A waiting worker of someone else, as far as the system allows with `name` wherever a tag would stand; gives a key."""

    def foreign_lives(self, key: str) -> bool:
        """Whether that worker is still there."""

    def set_clock_off(self) -> None:
        """Let the system's clock be an hour ahead."""

    def settle(self) -> None:
        """Return once what was ordered (cancellations) has taken effect."""

    def left_behind(self, tag: str) -> list[str]:
        """Names of what the plugin made for the worker and is still there: files, Secrets."""

    def copies(self, tag: str) -> int:
        """How many workers with this tag wait or run in truth, also under a fault."""

    def asked(self, tag: str) -> Asked:
        """What the system was asked for the worker."""

    def files(self, tag: str) -> Mapping[str, tuple[int, bytes]]:
        """The worker's files as it finds them: name -> (mode, content)."""

    def visible(self, tag: str) -> str:
        """All that other users of the system see of the worker: arguments, environment, comment, name, script."""


#: Makes the adapter of one case, in a folder of its own.
MakeAdapter = Callable[[Path], AbstractContextManager[Adapter]]


def needs(adapter: Adapter, *these: StrEnum) -> None:
    """Skip the case where the adapter lacks one of `these`, with its reason."""
    for one in these:
        if one in adapter.lacks:
            pytest.skip(f"{one.name}: {adapter.lacks[one]}")


def a_spec(adapter: Adapter, worker: str = "w1", **other: object) -> WorkerSpec:
    """The spec of a worker with tag STACK-worker: one core, 300 MB, ten minutes, unless `other` says otherwise."""
    usual: dict[str, object] = {
        "tag": f"{adapter.stack}-{worker}",
        "queue": "KIT",
        "cores": 1,
        "memory_mb": 300,
        "disk_mb": 100,
        "walltime_seconds": 600,
        "program": adapter.program,
        "settings": adapter.queue_settings,
    }
    return WorkerSpec(**{**usual, **other})  # type: ignore[arg-type]


def submitted(adapter: Adapter, plugin: BatchSystem, *workers: str, **other: object) -> list[str]:
    """Tags of workers that the system took."""
    specs = [a_spec(adapter, worker, **other) for worker in workers or ("w1",)]
    outcomes = plugin.submit(specs)
    assert [type(outcome) for outcome in outcomes] == [Submitted] * len(specs), outcomes
    return [spec.tag for spec in specs]


def shown(listing: Listing, tag: str) -> NativeWorker:
    """The one worker with `tag` in a complete listing."""
    assert listing.complete, listing.problem
    found = [worker for worker in listing.workers if worker.tag == tag]
    assert len(found) == 1, found
    return found[0]
