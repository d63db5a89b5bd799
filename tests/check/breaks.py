"""Ways to break a log, each with the law that finds it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from check.laws import Seen
from schemas.dataset import FilesRegistered
from schemas.policy import IdentityRevoked
from schemas.records import replace as copied
from schemas.task import InputHeld, InputReleased
from schemas.types import DatasetRole, UnitRange

Break = Callable[[list[Seen]], list[Seen]]


def index_of(records: Sequence[Seen], name: str, number: int = 0) -> int:
    """Place in the list of the `number`-th record called `name`."""
    return [index for index, record in enumerate(records) if record.name == name][number]


def without(records: list[Seen], index: int) -> list[Seen]:
    """The log with one record dropped."""
    return records[:index] + records[index + 1 :]


def with_envelope(record: Seen, **changes: Any) -> Seen:
    """The record with another envelope."""
    return replace(record, envelope=copied(record.envelope, **changes))


def dropped(name: str) -> Break:
    return lambda records: without(records, index_of(records, name))


def doubled(name: str) -> Break:
    def change(records: list[Seen]) -> list[Seen]:
        index = index_of(records, name)
        return records[: index + 1] + records[index:]

    return change


def answered_twice(records: list[Seen]) -> list[Seen]:
    """A command that was given once has its answer twice; of one that was read again further answers may say so."""
    given = Counter(one.envelope.command_id for one in records if one.role == "commands")
    answers = ((number, one.message) for number, one in enumerate(records) if one.role == "answers")
    of_one = ((number, answer) for number, answer in answers if given[answer.command_id] == 1)
    index = next(number for number, answer in of_one if not answer.repeated and answer.reason != "STALE")
    return records[: index + 1] + records[index:]


def swapped(records: list[Seen]) -> list[Seen]:
    """JobSent and JobStarting of one job change places."""
    first = index_of(records, "JobSent")
    job = records[first].envelope.aggregate_id
    second = next(i for i in range(first + 1, len(records)) if records[i].envelope.aggregate_id == job)
    records[first], records[second] = records[second], records[first]
    return records


def torn(records: list[Seen]) -> list[Seen]:
    """The last event of a decision of two is missing, and the numbers after it close the gap."""
    pairs = (i for i, one in enumerate(records) if one.role == "events" and one.envelope.decision_size == 2)
    index = next(i for i in pairs if records[i].envelope.decision_index == 1)
    torn_one = (records[index].aggregate, records[index].envelope.aggregate_id)
    rest = [
        with_envelope(record, sequence=record.envelope.sequence - 1)
        if record.role == "events" and (record.aggregate, record.envelope.aggregate_id) == torn_one
        else record
        for record in records[index + 1 :]
    ]
    return records[:index] + rest


def forged(records: list[Seen]) -> list[Seen]:
    """An event that no command asked for, and from which nothing followed without a command of its own."""
    sent = {record.envelope.command_id for record in records if record.role == "commands"}
    events = [record for record in records if record.role == "events"]
    led_to_one = {one.envelope.causation_id for one in events if one.envelope.command_id not in sent}
    index = next(
        number
        for number, record in enumerate(records)
        if record.name == "JobFinished" and record.envelope.event_id not in led_to_one
    )
    records[index] = with_envelope(records[index], command_id="00000000-0000-0000-0000-00000000beef")
    return records


def forged_follow_up(records: list[Seen]) -> list[Seen]:
    """An event that claims to follow from another one, which did not lead to it."""
    index = index_of(records, "JobSent")
    records[index] = with_envelope(records[index], command_id="00000000-0000-0000-0000-00000000beef")
    return records


def never_made(records: list[Seen]) -> list[Seen]:
    """A job that was generated is not in the log, nor is any order to make it."""
    job = records[index_of(records, "JobDefined")].envelope.aggregate_id
    return [record for record in records if record.aggregate != "job" or getattr(record.envelope, "aggregate_id", "") != job]


def two_pilots(records: list[Seen]) -> list[Seen]:
    """A second pilot is given a job that another one holds."""
    index = index_of(records, "JobLeased")
    lease = records[index]
    later = with_envelope(lease, sequence=lease.envelope.sequence + 1, command_id="00000000-0000-0000-0000-00000000beef")
    return [*records[: index + 1], replace(later, message=copied(lease.message, lease_id="other")), *records[index + 1 :]]


def asked_twice(records: list[Seen]) -> list[Seen]:
    """The second lease of a pilot names the request that the first one answered, while it holds the first."""
    leased = [i for i, one in enumerate(records) if one.name == "JobLeased"]
    first, second = next(
        (i, j) for i in leased for j in leased if i < j and records[i].envelope.aggregate_id == records[j].envelope.aggregate_id
    )
    given = copied(records[first].message, request_id="r", holder="p")
    records[first] = replace(records[first], message=given)
    records[second] = replace(records[second], message=copied(records[second].message, request_id="r", holder="p"))
    return records


def miscounted(records: list[Seen]) -> list[Seen]:
    """A task claims one finished input unit more than it has."""
    index = index_of(records, "JobOutcomesRecorded")
    message = records[index].message
    accounts = copied(message.accounts, finished=message.accounts.finished + 1)
    records[index] = replace(records[index], message=copied(message, accounts=accounts))
    return records


def vanished(records: list[Seen]) -> list[Seen]:
    """A job is made and nothing more is in the log, neither of it nor of its queue."""
    made = index_of(records, "JobDefined")
    job = records[made].envelope.aggregate_id
    kept = []
    for number, record in enumerate(records):
        of_job = record.role == "events" and record.aggregate == "job" and record.envelope.aggregate_id == job
        of_queue = record.role == "events" and record.aggregate == "queue" and _job_in_queue(record) == job
        if not (of_job and number > made) and not of_queue:
            kept.append(record)
    return kept


def _job_in_queue(record: Seen) -> str:
    message = record.message
    return str(message.spec.job_id if hasattr(message, "spec") else getattr(message, "job_id", ""))


def named_wrongly(records: list[Seen]) -> list[Seen]:
    """A name of a long list arrives as another one than its task is fed."""
    index = index_of(records, "InputNamesAdded")
    message = records[index].message
    records[index] = replace(records[index], message=copied(message, names=("other", *message.names[1:])))
    return records


def reported_by_another(records: list[Seen]) -> list[Seen]:
    """A job runs by the report of a pilot that did not lease it."""
    index = index_of(records, "JobStarted")
    records[index] = with_envelope(records[index], actor="another")
    return records


def reported_under_another_lease(records: list[Seen]) -> list[Seen]:
    """A job runs by a report with a token that is for another lease."""
    event = records[index_of(records, "JobStarted")]
    sent = event.envelope.command_id
    index = next(i for i, one in enumerate(records) if one.role == "commands" and one.envelope.command_id == sent)
    records[index] = with_envelope(records[index], lease_id="another")
    return records


def revoked_before(records: list[Seen]) -> list[Seen]:
    """The one who leased was revoked long before he reported."""
    event = records[index_of(records, "JobStarted")]
    early = event.envelope.occurred_at - 60_000_000
    envelope = copied(event.envelope, aggregate_id=f"revoked.{event.envelope.actor}", occurred_at=early, sequence=1)
    revoked = Seen(event.place, "events", "policy", "IdentityRevoked", envelope, IdentityRevoked(actor=event.envelope.actor))
    return [*records, revoked]


def of_another_organisation(records: list[Seen]) -> list[Seen]:
    """An event of a job bears another organisation than the job's first one."""
    index = index_of(records, "JobStarted")
    records[index] = with_envelope(records[index], vo="another")
    return records


def kept_after_revocation(records: list[Seen]) -> list[Seen]:
    """A lease of one who was revoked is not among those that were taken back."""
    revoked = {one.envelope.command_id for one in records if one.name == "RevokeLeases"}
    index = next(i for i, one in enumerate(records) if one.name == "LeasesEnded" and one.envelope.command_id in revoked)
    records[index] = replace(records[index], message=copied(records[index].message, leases=()))
    return records


def another_lease(records: list[Seen]) -> list[Seen]:
    """Of many leases that end together one is another than its job was given."""
    index = index_of(records, "LeasesEnded")
    first, *rest = records[index].message.leases
    leases = (copied(first, lease_id="other"), *rest)
    records[index] = replace(records[index], message=copied(records[index].message, leases=leases))
    return records


def started_early(records: list[Seen]) -> list[Seen]:
    """The last chunk of a list says that names are still to come."""
    index = next(i for i, one in enumerate(records) if one.name == "InputNamesAdded" and one.message.names_left == 0)
    records[index] = replace(records[index], message=copied(records[index].message, names_left=1))
    return records


def filled_when_closed(records: list[Seen]) -> list[Seen]:
    """A dataset gets a file after the end of its task, and does not open."""
    index = next(i for i, one in enumerate(records) if one.name == "DatasetClosed" and one.message.task_id is not None)
    closed = records[index]
    later = with_envelope(closed, sequence=closed.envelope.sequence + 1)
    added = FilesRegistered(role=DatasetRole.OUTPUT, files_total=9, task_id=closed.message.task_id, until_task_ends=True)
    return [*records[: index + 1], replace(later, name="FilesRegistered", message=added), *records[index + 1 :]]


def dropped_closing(records: list[Seen]) -> list[Seen]:
    """The last dataset that closed with its task did not."""
    closed = [i for i, one in enumerate(records) if one.name == "DatasetClosed" and one.message.task_id is not None]
    return without(records, closed[-1])


def with_input_event(records: list[Seen], *messages: Any) -> list[Seen]:
    """Events about the input of a task stand before its first order."""
    index = next(i for i, one in enumerate(records) if one.name == "JobsOrdered" and one.message.units)
    added = [replace(records[index], name=type(message).__name__, message=message) for message in messages]
    return [*records[:index], *added, *records[index:]]


def released_twice(records: list[Seen]) -> list[Seen]:
    """A unit is held once and released twice."""
    second = (UnitRange(first=2, last=2),)
    return with_input_event(records, InputHeld(units=second), InputReleased(units=second), InputReleased(units=second))


def ordered_while_held(records: list[Seen]) -> list[Seen]:
    """All input of a task was held before jobs of it were ordered."""
    return with_input_event(records, InputHeld(units=(UnitRange(first=1, last=1_000_000),)))


def stands_still(records: list[Seen]) -> list[Seen]:
    """The log of a task ends where its input is known, and nothing was ordered for it."""
    index = index_of(records, "JobsOrdered")
    task = records[index].envelope.aggregate_id
    rest = [one for one in records[index:] if one.aggregate != "task" or getattr(one.envelope, "aggregate_id", "") != task]
    return [*records[:index], *rest]


def placed_elsewhere(records: list[Seen]) -> list[Seen]:
    """A job is made for a queue that its order's brokerage did not take."""
    index = index_of(records, "JobsGenerated")
    jobs = tuple(copied(job, queue="ELSEWHERE") for job in records[index].message.jobs)
    records[index] = replace(records[index], message=copied(records[index].message, jobs=jobs))
    return records


def learned_otherwise(records: list[Seen]) -> list[Seen]:
    """A task learned twice the memory that its jobs used."""
    index = index_of(records, "RequirementsLearned")
    learned = tuple(copied(one, new=2 * one.new) for one in records[index].message.learned)
    records[index] = replace(records[index], message=copied(records[index].message, learned=learned))
    return records


def chunk_of_followed(records: Sequence[Seen]) -> int:
    """Place of an event by which a task took files of a dataset that it follows."""
    return next(i for i, one in enumerate(records) if one.name == "ContentsFed" and one.message.position and one.message.units)


def passed_by(records: list[Seen]) -> list[Seen]:
    """A file that was registered is not fed."""
    index = chunk_of_followed(records)
    message = records[index].message
    return [*records[:index], replace(records[index], message=copied(message, units=message.units[1:])), *records[index + 1 :]]


def fed_twice(records: list[Seen]) -> list[Seen]:
    """A file is in a chunk twice."""
    index = chunk_of_followed(records)
    message = records[index].message
    twice = copied(message, units=(*message.units, message.units[0]))
    return [*records[:index], replace(records[index], message=twice), *records[index + 1 :]]


def noted_early(records: list[Seen]) -> list[Seen]:
    """A task waits for the next file of a dataset, and has not had all."""
    index = index_of(records, "ContentsSubscribed")
    early = copied(records[index].message, position=records[index].message.position - 1)
    return [*records[:index], replace(records[index], message=early), *records[index + 1 :]]


BREAKS: tuple[tuple[str, Break, str], ...] = (
    ("a dropped event", dropped("JobStarted"), "sequences are gapless"),
    ("a doubled event", doubled("JobStarted"), "sequences are gapless"),
    ("a doubled event of one decision", doubled("JobStarted"), "decisions are complete, one per command"),
    ("swapped events", swapped, "sequences are gapless"),
    ("swapped events of a job", swapped, "job transitions are legal"),
    ("a torn decision", torn, "decisions are complete, one per command"),
    ("a forged event", forged, "every cause is in the log"),
    ("a dropped answer", dropped("CommandAnswered"), "exactly one answer per command"),
    ("a doubled answer", answered_twice, "exactly one answer per command"),
    ("a dropped order of a job", dropped("DefineJob"), "exactly one answer per command"),
    ("a generated job that never came to be", never_made, "no job is lost, none is made twice"),
    ("a forged follow-up", forged_follow_up, "every cause is in the log"),
    ("a dropped cause of a follow-up", dropped("JobLeased"), "every cause is in the log"),
    ("a dropped generation", dropped("JobsGenerated"), "no job is lost, none is made twice"),
    ("a dropped brokerage", dropped("BrokerageDecided"), "orders rest on decisions of their task"),
    ("a job on a queue that was not taken", placed_elsewhere, "orders rest on decisions of their task"),
    ("an end of another lease", another_lease, "no two pilots hold one job"),
    ("a report of another pilot", reported_by_another, "no report under another subject's lease"),
    ("a report under another lease", reported_under_another_lease, "no report under another subject's lease"),
    ("a revoked sender", revoked_before, "no command of one who was revoked"),
    ("an event of another organisation", of_another_organisation, "a task and a job are of one organisation"),
    ("a lease that outlives a revocation", kept_after_revocation, "what the revoked held is taken back"),
    ("a second lease", two_pilots, "no two pilots hold one job"),
    ("a second job for one request", asked_twice, "no two pilots hold one job"),
    ("a vanished job", vanished, "accepted jobs are terminal or live, and live ones have their place"),
    ("a dropped chunk of names", dropped("InputNamesAdded"), "lists of names come whole and in order"),
    ("another name than is fed", named_wrongly, "lists of names come whole and in order"),
    ("a wrong number of names to come", started_early, "lists of names come whole and in order"),
    ("a unit released twice", released_twice, "input goes to jobs when it is released, and is released once"),
    ("an order of held input", ordered_while_held, "input goes to jobs when it is released, and is released once"),
    ("a requirement that no sample gives", learned_otherwise, "requirements follow from samples of jobs that succeeded"),
    ("a file that was passed by", passed_by, "each file of followed input is taken once"),
    ("a file that was fed twice", fed_twice, "each file of followed input is taken once"),
    ("a wait that began too early", noted_early, "each file of followed input is taken once"),
    ("a wrong account", miscounted, "file accounts add up"),
    ("a file in a closed dataset", filled_when_closed, "outputs close with their tasks"),
    ("a dataset that never closed", dropped_closing, "outputs close with their tasks"),
    ("a task that nothing moves", stands_still, "no task stands still"),
    ("a dropped order of a task", dropped("TaskRefined"), "task transitions are legal"),
)
