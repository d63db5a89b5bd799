"""Who listens to what: the topics, the reactions on them, and how long each waits for company.

Everything that reacts to a user's or a pilot's step reacts at once; only ends of jobs and heartbeats are gathered,
because there one command may stand for many records.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from streams.engine.decoder import Decoder
from streams.engine.listener import Delivery, Listener, Reaction
from streams.engine.messages import OutgoingCommand, RecordRead
from streams.engine.partial_decoder import PartialDecoder
from streams.engine.retrying import LetterListener
from streams.facts.extract import TASK_EVENTS
from streams.facts.reader import Facts
from streams.facts.snapshot import POLICY_EVENTS, Snapshot
from streams.jedi.outcomes import ENDINGS, roll_up
from streams.jedi.parents import tell_children
from streams.jedi.reactions import Generation, refine_submitted
from streams.jedi.retry import UNKNOWN_SCOPE, MemoryGiven, RulesScope, memory_of
from streams.jedi.wake import wake_all, wake_by_source, wake_late
from streams.leases.ends import KINDS as LEASE_ENDS
from streams.leases.ends import ended_leases
from streams.leases.renewal import renewals
from streams.provisioning.elsewhere import leave_offline
from streams.provisioning.revoked import KINDS as REVOKED
from streams.provisioning.revoked import revoked_leases

JOB_EVENTS = "culm.job.events.v1"
HEARTBEATS = "culm.pilot.heartbeats.v1"
#: A task's ends that fall into this time are one command, one decision and one transaction of its decider.
OUTCOMES_WITHIN = 0.05
HEARTBEATS_WITHIN = 0.5
JOBS_REMEMBERED = 200_000
#: Of a job's definition, which is most of what this worker reads, its memory and what rules may be limited to are of interest.
MEMORY_GIVEN = PartialDecoder("culm.job.JobDefined", ("spec", "retry_rule_set"), lambda record: _memory_given(record["spec"]))

#: Of a decision only its id is of interest: what it says is known to the worker that made it.
DECISION_MADE = PartialDecoder("culm.task.BrokerageDecided", ("order",), lambda record: record["order"])


class JobEnds:
    """Reaction to the ends of jobs; remembers the memory that the latest jobs were given, for the retry rules.

    What it forgets, or never saw because the worker was started again, is taken from the job's own measurement.
    """

    kinds = frozenset({*ENDINGS, "JobDefined"})

    def __init__(self) -> None:
        self._memory: OrderedDict[int, int] = OrderedDict()
        #: Of those of them that have several.
        self._cores: dict[int, int] = {}
        #: Of those for which rules with limits may be, one object for each that there is.
        self._scopes: dict[int, RulesScope] = {}
        self._same: dict[RulesScope, RulesScope] = {}

    def choose(self, records: Sequence[RecordRead], facts: Snapshot) -> Iterator[OutgoingCommand]:
        """Outcomes for the tasks whose jobs ended."""
        ended = []
        for one in records:
            if isinstance(one.message, MemoryGiven):
                job_id, cores = int(one.cause.aggregate_id), one.message.core_count
                self._memory[job_id] = memory_of(one.message.ram_mb_min, cores)
                if cores > 1:
                    self._cores[job_id] = cores
                if (scope := one.message.scope) != UNKNOWN_SCOPE:
                    self._scopes[job_id] = self._same.setdefault(scope, scope)
            else:
                ended.append(one)
        yield from roll_up(ended, facts.retry_rules, self._memory, self._cores, self._scopes)
        while len(self._memory) > JOBS_REMEMBERED:
            forgotten, _ = self._memory.popitem(last=False)
            self._cores.pop(forgotten, None)
            self._scopes.pop(forgotten, None)
        if len(self._same) > JOBS_REMEMBERED:
            self._same.clear()


def listeners(decoder: Decoder, outbox: Delivery, facts: Facts, api: str) -> tuple[Listener, ...]:
    """All listeners of a worker."""

    async def know_policies(records: Sequence[RecordRead]) -> None:
        for one in records:
            await facts.reached(one.topic, one.partition, one.offset)

    generation = Generation()
    task = (
        Reaction(
            "refine", frozenset({"TaskSubmitted", "TaskReloaded"}), lambda records, known: refine_submitted(records, api, known)
        ),
        Reaction("generate", generation.kinds, generation.choose, generation.awaits),
        Reaction("children", frozenset({"TaskFinalized"}), lambda records, _: tell_children(records)),
        Reaction("wake_late", frozenset({"TaskParked"}), wake_late),
    )
    ends = JobEnds()
    listening = (
        Listener(
            TASK_EVENTS, task, decoder, outbox, facts.snapshot, batch_max=50, partial_decoders={"BrokerageDecided": DECISION_MADE}
        ),
        Listener(
            JOB_EVENTS,
            (
                Reaction("outcomes", ends.kinds, ends.choose),
                Reaction("lease_ends", LEASE_ENDS, lambda records, _: ended_leases(records)),
            ),
            decoder,
            outbox,
            facts.snapshot,
            batch_max=2000,
            within=OUTCOMES_WITHIN,
            partial_decoders={"JobDefined": MEMORY_GIVEN},
            by_agent=False,
        ),
        Listener(
            POLICY_EVENTS,
            (
                Reaction("wake", frozenset({"QueueConfigured", "BrokersSet"}), wake_all),
                Reaction("wake_by_source", frozenset({"OutsideFactSet"}), wake_by_source),
                Reaction("revoked", REVOKED, revoked_leases),
                Reaction("leave_offline", frozenset({"QueueConfigured"}), leave_offline),
            ),
            decoder,
            outbox,
            facts.snapshot,
            before=know_policies,
        ),
        Listener(
            HEARTBEATS,
            (Reaction("leases", frozenset({"PilotHeartbeat"}), lambda records, _: renewals(records)),),
            decoder,
            outbox,
            facts.snapshot,
            batch_max=500,
            within=HEARTBEATS_WITHIN,
            by_agent=False,
        ),
    )
    return (*listening, LetterListener(listening, decoder, outbox, facts.snapshot))


def _memory_given(spec: Mapping[str, Any]) -> MemoryGiven:
    scope = RulesScope(spec["architecture"], spec["release"], spec["share"], spec["retry_rule_set"])
    return MemoryGiven(spec["core_count"], spec["ram_mb_min"], scope)
