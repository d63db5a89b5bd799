"""Every operation of the API as a method. Made by `python -m tests.client.generate` from the OpenAPI document; edit nothing here."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from culm.client.calls import Call
from culm.client.pages import Pages
from culm.client.records import (
    CommandAnswer,
    Dataset,
    DatasetFile,
    Event,
    InputUnit,
    Job,
    Queue,
    Reasons,
    Submitted,
    Task,
    Worker,
)
from culm.client.rows import R


class Operations:
    """Methods by the names of the operations. The class that inherits them sends the calls."""

    def _document(self, call: Call) -> Any:
        raise NotImplementedError

    def _row(self, kind: type[R], call: Call) -> R:
        raise NotImplementedError

    def _pages(self, kind: type[R], name: str, call: Call) -> Pages[R]:
        raise NotImplementedError

    def _content(self, call: Call) -> bytes:
        raise NotImplementedError

    def _events(self, call: Call) -> Iterator[Event]:
        raise NotImplementedError

    def abort_workflow(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """End a workflow: its tasks are killed. For users: own workflow."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/AbortWorkflow", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def acknowledge_harvester_commands(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, numbers: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A Harvester says that commands were carried out. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/AcknowledgeHarvesterCommands", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "numbers": numbers, "expected_sequence": expected_sequence}))

    def acquire_harvester_commands(self, count: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, demands: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A Harvester asks what to do. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/AcquireHarvesterCommands", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"count": count, "aggregate_id": str(aggregate_id), "demands": demands, "expected_sequence": expected_sequence}))

    def acquire_ranges(self, job_id: int, lease_id: str, count: int, events_per_range: int, inputs: Sequence[Any], aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A pilot asks for ranges of its job's input; input that no job named before is cut into ranges. For pilots, each of its own job."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/AcquireRanges", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"job_id": job_id, "lease_id": lease_id, "count": count, "events_per_range": events_per_range, "inputs": inputs, "aggregate_id": str(aggregate_id), "expected_sequence": expected_sequence}))

    def add_harvester_dialogs(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, dialogs: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A Harvester hands on messages of its log. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/AddHarvesterDialogs", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "dialogs": dialogs, "expected_sequence": expected_sequence}))

    def add_input_names(self, chunk: int, list: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, names: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Give a task that was submitted without its long lists of names the next names of one; with the last of them the task starts. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/AddInputNames", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"chunk": chunk, "list": list, "aggregate_id": str(aggregate_id), "names": names, "expected_sequence": expected_sequence}))

    def ask_whether_allowed(self, *, verb: str | None = None, kind: str | None = None, command: str | None = None, id: str | None = None) -> dict[str, Any]:
        """Whether you may: `?verb=kill&kind=task&id=10000007`, or `?command=KillTask&id=10000007`."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/can-i", query={"verb": verb, "kind": kind, "command": command, "id": id}))
        return found

    def assign_scope(self, new_vo: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, new_owner: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Give a scope to an organisation, and one of the form user.NAME to a person. For administrators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/AssignScope", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"new_vo": new_vo, "aggregate_id": str(aggregate_id), "new_owner": new_owner, "expected_sequence": expected_sequence}))

    def assign_share(self, share: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, running: bool | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Put the task and its jobs into another global share. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/AssignShare", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"share": share, "aggregate_id": str(aggregate_id), "running": running, "reason": reason, "expected_sequence": expected_sequence}))

    def await_wanted_pilots(self, queue: str, *, after: int | None = None, wait: float | None = None) -> dict[str, Any]:
        """How many pilots the queue wants: at once beyond `after`, else when it moves or after `wait` seconds, at most 25."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/queues/{queue}/wanted", parts={"queue": queue}, query={"after": after, "wait": wait}))
        return found

    def bind_job(self, worker_id: str, tag: str, harvester_id: str, epoch: int, submit_seconds: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, holder: str | None = None, ranks: Mapping[str, Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A harvester asks to start a worker with a job, of a queue of mode PUSH; which job, the queue decides. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/BindJob", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"worker_id": worker_id, "tag": tag, "harvester_id": harvester_id, "epoch": epoch, "submit_seconds": submit_seconds, "aggregate_id": str(aggregate_id), "holder": holder, "ranks": ranks, "expected_sequence": expected_sequence}))

    def cancel_scheduled(self, schedule_id: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Take back a command that was ordered for later. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/CancelScheduled", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"schedule_id": schedule_id, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def cancel_worker(self, worker_id: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, why: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """An operator orders the end of a worker. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/CancelWorker", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"worker_id": worker_id, "aggregate_id": str(aggregate_id), "why": why, "expected_sequence": expected_sequence}))

    def change_split_rule(self, code: str, value: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Give the task another value of one split rule; input that is cut from now on follows it. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ChangeSplitRule", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"code": code, "value": value, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def change_task_attribute(self, attribute: str, value: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Give the task another value of one requirement; jobs made from now on get it. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ChangeTaskAttribute", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"attribute": attribute, "value": value, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def change_task_priority(self, priority: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Give the task another priority; jobs made from now on get it. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ChangeTaskPriority", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"priority": priority, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def claim_service(self, harvester_id: str, instance: str, epoch: int, seconds: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A harvester takes up the service of a queue, or goes on with it. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ClaimService", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"harvester_id": harvester_id, "instance": instance, "epoch": epoch, "seconds": seconds, "aggregate_id": str(aggregate_id), "expected_sequence": expected_sequence}))

    def close_dataset(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """No file will be added any more. For users: own dataset."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/CloseDataset", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def close_workflow(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Start no further works of a workflow; it ends with those that have started. For users: own workflow."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/CloseWorkflow", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def compare_states(self, kind: str, name: str, a: str, *, b: str | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """What differs between two moments; `b` is now when it is not given."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/diff/{kind}/{name}", parts={"kind": kind, "name": name}, query={"a": a, "b": b}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def configure_queue(self, settings: Mapping[str, Any], aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set the facts and limits of a queue. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ConfigureQueue", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"settings": settings, "aggregate_id": str(aggregate_id), "expected_sequence": expected_sequence}))

    def confirm_workers(self, wanted: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, why: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """An operator confirms the number of pilots that was held back because it removes many. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ConfirmWorkers", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"wanted": wanted, "aggregate_id": str(aggregate_id), "why": why, "expected_sequence": expected_sequence}))

    def delete_secret(self, name: str) -> dict[str, Any]:
        """Forget a secret; one that is not there is forgotten already."""
        found: dict[str, Any] = self._document(Call("DELETE", "/v1/secrets/{name}", parts={"name": name}))
        return found

    def download_job_file(self, job_id: int, lfn: str) -> bytes:
        """The bytes of a file, when its storage element can be read from here."""
        return self._content(Call("GET", "/v1/jobs/{job_id}/files/{lfn}", parts={"job_id": job_id, "lfn": lfn}))

    def drop_input(self, units: Sequence[Any], aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Input units are not needed: they are not processed and do not count at the end of the task; jobs that have them go on. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/DropInput", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"units": units, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def end_enrolment(self, code: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Refuse an enrolment code and every token that came of it. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/EndEnrolment", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"code": code, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def end_login(self, issuer: str, token: str, until: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Refuse the sender's own token until it ends: a logout. For users: nothing owned."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/EndLogin", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"issuer": issuer, "token": token, "until": until, "aggregate_id": str(aggregate_id), "expected_sequence": expected_sequence}))

    def enrol_agent(self, *, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Use an enrolment code: `code`, and `redeemer`, a secret of the agent's own choice with which it may repeat this."""
        found: dict[str, Any] = self._document(Call("POST", "/v1/agents/enrol", body=body))
        return found

    def finish_task(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, soft: bool | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """End a task with what it has. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/FinishTask", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "soft": soft, "reason": reason, "expected_sequence": expected_sequence}))

    def finish_workflow(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """End a workflow with what it has: its tasks are finished. For users: own workflow."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/FinishWorkflow", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def follow_events(self, *, filter: Sequence[Any] | None = None) -> Iterator[Event]:
        """Events of the VO from now on."""
        return self._events(Call("GET", "/v1/tail", query={"filter": filter}))

    def force_avalanche(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Release all input of a task that waits for the verdict on its scouts. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ForceAvalanche", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def get_access_policy(self) -> dict[str, Any]:
        """The policy in force at this API; `revision` is for the next `SetAccessPolicy`, 0 while the built-in one holds."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/access-policy"))
        return found

    def get_command_answer(self, command_id: str, *, prefer: str | None = None) -> CommandAnswer:
        """The answer to a command; 202 while it is awaited."""
        return self._row(CommandAnswer, Call("GET", "/v1/commands/{command_id}", parts={"command_id": command_id}, headers={"prefer": prefer}))

    def get_dataset(self, name: str, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> Dataset:
        """One dataset."""
        return self._row(Dataset, Call("GET", "/v1/datasets/{name}", parts={"name": name}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def get_dead_letter(self, letter_id: str) -> dict[str, Any]:
        """One letter: where its record stands, what met it, and whose it is."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/dead-letters/{letter_id}", parts={"letter_id": letter_id}))
        return found

    def get_health(self) -> dict[str, Any]:
        """200 when commands can be sent and read models can be asked, else 503 with what is missing."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/health"))
        return found

    def get_health_details(self) -> dict[str, Any]:
        """What is set aside of the VO, of no VO, and of queues: which, as of which event, since when and why."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/health/details"))
        return found

    def get_identity(self) -> dict[str, Any]:
        """Who the token and the Origin header say you are, what you may do and not do, and by what."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/whoami"))
        return found

    def get_job(self, job_id: int, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> Job:
        """One job with its specification, files, errors, usage and lease."""
        return self._row(Job, Call("GET", "/v1/jobs/{job_id}", parts={"job_id": job_id}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def get_job_log(self, job_id: int, member: str, *, bytes: int | None = None) -> bytes:
        """The end of a file in the job's log archive, as plain text."""
        return self._content(Call("GET", "/v1/jobs/{job_id}/log/{member}", parts={"job_id": job_id, "member": member}, query={"bytes": bytes}))

    def get_queue(self, queue: str, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> Queue:
        """One queue with its demand for pilots."""
        return self._row(Queue, Call("GET", "/v1/queues/{queue}", parts={"queue": queue}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def get_source(self, source: str, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """The facts of a source by policy key, each as the SHA-256 of its JSON with sorted keys; none of a source not known."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/sources/{source}", parts={"source": source}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def get_state(self, kind: str, name: str, *, at: str | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """The subject as it was: `at` is an ISO time, the number of an event (#17), or topic/partition/offset."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/state/{kind}/{name}", parts={"kind": kind, "name": name}, query={"at": at}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def get_task(self, task_id: int, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> Task:
        """One task with its parameters, definition, datasets and jobs by status."""
        return self._row(Task, Call("GET", "/v1/tasks/{task_id}", parts={"task_id": task_id}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def get_task_parameters(self, task_id: int, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """The parameters of a task with every list of names in full, as far as it has arrived."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/tasks/{task_id}/parameters", parts={"task_id": task_id}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def get_trace(self, name: str, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """A request and all that followed, as a tree: a correlation id, or a task or job whose request is meant."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/trace/{name}", parts={"name": name}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def hold_input(self, units: Sequence[Any], aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Let the task make no further jobs for input units; jobs that have them go on. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/HoldInput", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"units": units, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def increase_attempts(self, increase: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Raise the attempts of every input file. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/IncreaseAttempts", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"increase": increase, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def intend_worker(self, worker_id: str, tag: str, harvester_id: str, epoch: int, submit_seconds: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, class_name: str | None = None, cores: int | None = None, memory_mb: int | None = None, disk_mb: int | None = None, walltime_seconds: int | None = None, mode: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A harvester asks to start a worker, before it is submitted to the batch system. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/IntendWorker", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"worker_id": worker_id, "tag": tag, "harvester_id": harvester_id, "epoch": epoch, "submit_seconds": submit_seconds, "aggregate_id": str(aggregate_id), "class_name": class_name, "cores": cores, "memory_mb": memory_mb, "disk_mb": disk_mb, "walltime_seconds": walltime_seconds, "mode": mode, "expected_sequence": expected_sequence}))

    def keep_secret(self, name: str, value: str) -> dict[str, Any]:
        """Keep a secret in place of an earlier one of that name."""
        found: dict[str, Any] = self._document(Call("PUT", "/v1/secrets", body={"name": name, "value": value}))
        return found

    def kill_job(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, code: int | None = None, reason: str | None = None, keep_unmerged: bool | None = None, sub_status: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Kill a job. For users: own job."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/KillJob", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "code": code, "reason": reason, "keep_unmerged": keep_unmerged, "sub_status": sub_status, "expected_sequence": expected_sequence}))

    def kill_task(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Kill a task and all its jobs. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/KillTask", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def lease_job(self, offer: Mapping[str, Any], aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, is_first_request: bool | None = None, ranks: Mapping[str, Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A pilot asks for a job. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/LeaseJob", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"offer": offer, "aggregate_id": str(aggregate_id), "is_first_request": is_first_request, "ranks": ranks, "expected_sequence": expected_sequence}))

    def link_certificate(self, *, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Link a certificate, which gives nothing here yet, with the owner of `token`; through the edge alone, which asks here."""
        found: dict[str, Any] = self._document(Call("POST", "/v1/links/certificate", body=body))
        return found

    def link_identities(self, *, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Link the caller with the owner of `token`; for administrators also `actor` and `other`. `reason` is recorded."""
        found: dict[str, Any] = self._document(Call("POST", "/v1/links", body=body))
        return found

    def list_agent_keys(self) -> dict[str, Any]:
        """The JSON Web Key Set of the issuer for agents, with the key that signs from tomorrow and those of the last two days."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/agents/keys"))
        return found

    def list_dataset_files(self, name: str, *, text: str | None = None, after: str | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[DatasetFile]:
        """Files of a dataset, by name."""
        return self._pages(DatasetFile, "files", Call("GET", "/v1/datasets/{name}/files", parts={"name": name}, query={"text": text, "after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_datasets(self, *, task_id: int | None = None, role: str | None = None, owner: str | None = None, text: str | None = None, after: str | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Dataset]:
        """Datasets by name."""
        return self._pages(Dataset, "datasets", Call("GET", "/v1/datasets", query={"task_id": task_id, "role": role, "owner": owner, "text": text, "after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_dead_letters(self) -> dict[str, Any]:
        """The newest letters of the VO, the newest first, and how many there are in all."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/dead-letters"))
        return found

    def list_events(self, *, task_id: int | None = None, job_id: int | None = None, after: str | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Event]:
        """Events of a task (with its jobs) or of one job."""
        return self._pages(Event, "events", Call("GET", "/v1/events", query={"task_id": task_id, "job_id": job_id, "after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_history(self, kind: str, name: str, *, after: int | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """Who did what, when, why, by which command, and what it changed; `after` is a sequence."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/history/{kind}/{name}", parts={"kind": kind, "name": name}, query={"after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def list_issuers(self) -> dict[str, Any]:
        """Every issuer that is believed, with its row and the age of its keys; `revision` is for the next `SetIssuers`."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/issuers"))
        return found

    def list_job_events(self, job_id: int, *, after: str | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Event]:
        """What happened to the job, in order of time."""
        return self._pages(Event, "events", Call("GET", "/v1/jobs/{job_id}/events", parts={"job_id": job_id}, query={"after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_job_files(self, job_id: int, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """Inputs, outputs and log, each with its state: to come, not made, stored, altered, gone or elsewhere."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/jobs/{job_id}/files", parts={"job_id": job_id}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def list_job_log_files(self, job_id: int) -> dict[str, Any]:
        """The files in the job's log archive."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/jobs/{job_id}/log", parts={"job_id": job_id}))
        return found

    def list_job_timeline(self, job_id: int, *, after: str | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Event]:
        """What happened to the job, in order of time."""
        return self._pages(Event, "events", Call("GET", "/v1/jobs/{job_id}/timeline", parts={"job_id": job_id}, query={"after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_jobs(self, *, task_id: int | None = None, status: str | None = None, owner: str | None = None, queue: str | None = None, text: str | None = None, since: str | None = None, after: int | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Job]:
        """Jobs of the VO, newest first."""
        return self._pages(Job, "jobs", Call("GET", "/v1/jobs", query={"task_id": task_id, "status": status, "owner": owner, "queue": queue, "text": text, "since": since, "after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_jobs_of_task(self, task_id: int, *, status: str | None = None, owner: str | None = None, queue: str | None = None, text: str | None = None, since: str | None = None, after: int | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Job]:
        """Jobs of the VO, newest first."""
        return self._pages(Job, "jobs", Call("GET", "/v1/tasks/{task_id}/jobs", parts={"task_id": task_id}, query={"status": status, "owner": owner, "queue": queue, "text": text, "since": since, "after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_links(self, *, actor: str | None = None) -> dict[str, Any]:
        """The ids of the caller and the links between them; of `actor` for administrators."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/links", query={"actor": actor}))
        return found

    def list_living_workers(self, queue: str, *, sequence: int | None = None, after: str | None = None, limit: int | None = None) -> dict[str, Any]:
        """Service and living workers by their id, as of event `sequence` of the queue's workers or later."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/queues/{queue}/living", parts={"queue": queue}, query={"sequence": sequence, "after": after, "limit": limit}))
        return found

    def list_payloads_of_actor(self, actor: str, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """Which payloads of `actor` in the VO run now, as owner of the job or as its pilot, at most 1,000, and when each stops."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/revocations/payloads", query={"actor": actor}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def list_queues(self, *, text: str | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Queue]:
        """All queues that serve the VO."""
        return self._pages(Queue, "queues", Call("GET", "/v1/queues", query={"text": text}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_reasons(self, kind: str, name: str, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> Reasons:
        """Why a job or a task is where it is, and what would have to change."""
        return self._row(Reasons, Call("GET", "/v1/why/{kind}/{name}", parts={"kind": kind, "name": name}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_refusals(self, *, limit: int | None = None) -> dict[str, Any]:
        """The newest refusals of members of the VO, the newest first; administrators see those of all callers."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/refusals", query={"limit": limit}))
        return found

    def list_revocations(self) -> dict[str, Any]:
        """What this API refuses: identities, issuers with tokens that are too old, and at most 1,000 of the single tokens."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/revocations"))
        return found

    def list_secrets(self) -> dict[str, Any]:
        """The caller's secrets: names, sizes, ids; never values."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/secrets"))
        return found

    def list_shares(self) -> dict[str, Any]:
        """Every share of the tree, in its order; usage and pledge in HS23, null while the shares were not ranked."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/shares"))
        return found

    def list_sources(self, *, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """The sources of the organisation: when each was made, how many entries it names, what of it was held back."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/sources", headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def list_task_attempts(self, task_id: int, *, unit_id: int | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """The outcome of each attempt on each input unit."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/tasks/{task_id}/attempts", parts={"task_id": task_id}, query={"unit_id": unit_id, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def list_task_brokerage(self, task_id: int, *, after: int | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> dict[str, Any]:
        """Why which queue: every verdict of every brokerage, the latest first; `after` is a sequence."""
        found: dict[str, Any] = self._document(Call("GET", "/v1/tasks/{task_id}/brokerage", parts={"task_id": task_id}, query={"after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))
        return found

    def list_task_events(self, task_id: int, *, after: str | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Event]:
        """What happened to the task and its jobs, in order of time."""
        return self._pages(Event, "events", Call("GET", "/v1/tasks/{task_id}/events", parts={"task_id": task_id}, query={"after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_task_files(self, task_id: int, *, status: str | None = None, text: str | None = None, after: int | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[InputUnit]:
        """Input units of a task, in order."""
        return self._pages(InputUnit, "files", Call("GET", "/v1/tasks/{task_id}/files", parts={"task_id": task_id}, query={"status": status, "text": text, "after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_task_timeline(self, task_id: int, *, after: str | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Event]:
        """What happened to the task and its jobs, in order of time."""
        return self._pages(Event, "events", Call("GET", "/v1/tasks/{task_id}/timeline", parts={"task_id": task_id}, query={"after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_tasks(self, *, status: str | None = None, super_status: str | None = None, owner: str | None = None, queue: str | None = None, text: str | None = None, since: str | None = None, after: int | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Task]:
        """Tasks of the VO, newest first. `owner` is a user name, nickname or `me`; `status` may be a list."""
        return self._pages(Task, "tasks", Call("GET", "/v1/tasks", query={"status": status, "super_status": super_status, "owner": owner, "queue": queue, "text": text, "since": since, "after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def list_workers(self, *, queue: str | None = None, state: str | None = None, harvester_id: str | None = None, after: str | None = None, limit: int | None = None, culm_min_position: str | None = None, culm_wait: float | None = None) -> Pages[Worker]:
        """Workers by their id, of queues that serve the VO."""
        return self._pages(Worker, "workers", Call("GET", "/v1/workers", query={"queue": queue, "state": state, "harvester_id": harvester_id, "after": after, "limit": limit}, headers={"culm-min-position": culm_min_position, "culm-wait": culm_wait}))

    def log_out(self, *, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """End the login of this request; its token is refused from then on, within seconds everywhere."""
        found: dict[str, Any] = self._document(Call("POST", "/auth/logout", body=body))
        return found

    def make_worker_token(self, *, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A token for one worker of a harvester that has enrolled: `worker_id`. It is for the harvester's queues."""
        found: dict[str, Any] = self._document(Call("POST", "/v1/agents/workers", body=body))
        return found

    def offer_enrolment(self, code: str, queues: Sequence[Any], expires_at: int, tokens_until: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, worker_id: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Let one agent of a site enrol with a code, once. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/OfferEnrolment", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"code": code, "queues": queues, "expires_at": expires_at, "tokens_until": tokens_until, "aggregate_id": str(aggregate_id), "worker_id": worker_id, "expected_sequence": expected_sequence}))

    def order_harvester(self, command: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, parameters_json: str | None = None, ack_requested: bool | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Order something of a Harvester, in its own words. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/OrderHarvester", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"command": command, "aggregate_id": str(aggregate_id), "parameters_json": parameters_json, "ack_requested": ack_requested, "expected_sequence": expected_sequence}))

    def pause_task(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Make no new jobs and dispatch none until resumed. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/PauseTask", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def read_secrets(self, lease_id: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, secret_ids: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """The secrets of the owner are handed to the pilot that holds a job which asks for them. For pilots, each of its own job."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReadSecrets", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"lease_id": lease_id, "aggregate_id": str(aggregate_id), "secret_ids": secret_ids, "expected_sequence": expected_sequence}))

    def reassign_task(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, site: str | None = None, cloud: str | None = None, mode: str | None = None, reason: str | None = None, nucleus: str | None = None, back_to_old_status: bool | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Move the queued jobs of a task to other queues. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReassignTask", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "site": site, "cloud": cloud, "mode": mode, "reason": reason, "nucleus": nucleus, "back_to_old_status": back_to_old_status, "expected_sequence": expected_sequence}))

    def reconcile_workers(self, harvester_id: str, epoch: int, began_seconds_ago: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, seen: int | None = None, adopted: int | None = None, absent: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A harvester compared a complete listing of the batch system with the workers that the log has alive. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReconcileWorkers", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"harvester_id": harvester_id, "epoch": epoch, "began_seconds_ago": began_seconds_ago, "aggregate_id": str(aggregate_id), "seen": seen, "adopted": adopted, "absent": absent, "expected_sequence": expected_sequence}))

    def register_files(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, files: Sequence[Any] | None = None, role: str | None = None, task_id: int | None = None, until_task_ends: bool | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Add files to a dataset; the dataset is made if it does not exist. For users: own dataset."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/RegisterFiles", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "files": files, "role": role, "task_id": task_id, "until_task_ends": until_task_ends, "expected_sequence": expected_sequence}))

    def release_harvester(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Let another identity speak for a Harvester: the next that reports is its owner. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReleaseHarvester", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "expected_sequence": expected_sequence}))

    def release_input(self, units: Sequence[Any], aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Let the task make jobs for input units that were held. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReleaseInput", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"units": units, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def reload_task(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, parameters_json: str | None = None, reason: str | None = None, only_held: bool | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Execute an ended task again over old and new input (incexec). For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReloadTask", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "parameters_json": parameters_json, "reason": reason, "only_held": only_held, "expected_sequence": expected_sequence}))

    def renew_agent_token(self, *, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A new token for the same agent: `token_key` is what came with the one that it has."""
        found: dict[str, Any] = self._document(Call("POST", "/v1/agents/token", body=body))
        return found

    def report_harvester(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, started_at: int | None = None, version: str | None = None, commit: str | None = None, commands: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A Harvester says that it is alive. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReportHarvester", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "started_at": started_at, "version": version, "commit": commit, "commands": commands, "expected_sequence": expected_sequence}))

    def report_job_end(self, attempt: int, succeeded: bool, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, node: str | None = None, pilot_id: str | None = None, outputs: Sequence[Any] | None = None, errors: Sequence[Any] | None = None, exit_code: int | None = None, usage: Mapping[str, Any] | None = None, started_at: int | None = None, ended_at: int | None = None, timing: str | None = None, metadata_json: str | None = None, log_extract: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A pilot says that its job ended. For pilots, each of its own job."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReportJobEnd", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"attempt": attempt, "succeeded": succeeded, "aggregate_id": str(aggregate_id), "node": node, "pilot_id": pilot_id, "outputs": outputs, "errors": errors, "exit_code": exit_code, "usage": usage, "started_at": started_at, "ended_at": ended_at, "timing": timing, "metadata_json": metadata_json, "log_extract": log_extract, "expected_sequence": expected_sequence}))

    def report_job_progress(self, attempt: int, state: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, node: str | None = None, batch_id: str | None = None, pilot_id: str | None = None, sub_status: str | None = None, usage: Mapping[str, Any] | None = None, started_at: int | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A pilot says where its job is. For pilots, each of its own job."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReportJobProgress", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"attempt": attempt, "state": state, "aggregate_id": str(aggregate_id), "node": node, "batch_id": batch_id, "pilot_id": pilot_id, "sub_status": sub_status, "usage": usage, "started_at": started_at, "expected_sequence": expected_sequence}))

    def report_ranges(self, job_id: int, reports: Sequence[Any], aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, outputs: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A pilot says how ranges of its job ended. For pilots, each of its own job."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReportRanges", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"job_id": job_id, "reports": reports, "aggregate_id": str(aggregate_id), "outputs": outputs, "expected_sequence": expected_sequence}))

    def report_service_metrics(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, metrics: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A Harvester says how its hosts do. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReportServiceMetrics", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "metrics": metrics, "expected_sequence": expected_sequence}))

    def report_worker(self, worker_id: str, harvester_id: str, state: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, node: str | None = None, exit_code: int | None = None, diagnostic: str | None = None, batch_id: str | None = None, submit_host: str | None = None, native_state: str | None = None, reason: str | None = None, signal: int | None = None, fingerprint: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A harvester or pilot says where a worker is. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReportWorker", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"worker_id": worker_id, "harvester_id": harvester_id, "state": state, "aggregate_id": str(aggregate_id), "node": node, "exit_code": exit_code, "diagnostic": diagnostic, "batch_id": batch_id, "submit_host": submit_host, "native_state": native_state, "reason": reason, "signal": signal, "fingerprint": fingerprint, "expected_sequence": expected_sequence}))

    def report_worker_counts(self, queue: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, counts: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A Harvester says how many workers a queue has. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ReportWorkerCounts", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"queue": queue, "aggregate_id": str(aggregate_id), "counts": counts, "expected_sequence": expected_sequence}))

    def restore_identity(self, actor: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Take the tokens of a revoked person or service again. For administrators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/RestoreIdentity", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"actor": actor, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def resume_task(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, throttle: int | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Go on after a pause. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ResumeTask", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "throttle": throttle, "expected_sequence": expected_sequence}))

    def resume_workflow(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Let a suspended workflow go on. For users: own workflow."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ResumeWorkflow", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def retry_dead_letter(self, letter_id: str, *, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Have the record handled again, and the task that waits for it restored; harmless when said twice."""
        found: dict[str, Any] = self._document(Call("POST", "/v1/dead-letters/{letter_id}/retry", parts={"letter_id": letter_id}, body=body))
        return found

    def retry_task(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, parameters_json: str | None = None, reason: str | None = None, beyond_limits: bool | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Give the failed input of an ended task new attempts. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/RetryTask", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "parameters_json": parameters_json, "reason": reason, "beyond_limits": beyond_limits, "expected_sequence": expected_sequence}))

    def retry_workflow(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Run what failed in a workflow that ended, and what waited for it; what ended well stays. For users: own workflow."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/RetryWorkflow", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def revert_requirements(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Take back what was learned about the requirements of a task; nothing more is learned about it. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/RevertRequirements", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def revoke_identity(self, actor: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, since: int | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Refuse every token of a person or service, until the identity is restored. For administrators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/RevokeIdentity", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"actor": actor, "aggregate_id": str(aggregate_id), "since": since, "reason": reason, "expected_sequence": expected_sequence}))

    def revoke_token(self, actor: str, issuer: str, token: str, until: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Refuse one token until it ends. For administrators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/RevokeToken", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"actor": actor, "issuer": issuer, "token": token, "until": until, "aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def revoke_tokens_before(self, issuer: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, time: int | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Refuse all tokens of an issuer that were issued before a time: its key became known to others. For administrators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/RevokeTokensBefore", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"issuer": issuer, "aggregate_id": str(aggregate_id), "time": time, "reason": reason, "expected_sequence": expected_sequence}))

    def schedule_task_command(self, at: int, command: str, aggregate_id: str | int, *, dry_run: bool | None = None, at_query: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, fields_json: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Have a command on the task decided at a later time, in the name of the sender. For users: own task."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/ScheduleTaskCommand", query={"dry_run": dry_run, "at": at_query}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"at": at, "command": command, "aggregate_id": str(aggregate_id), "fields_json": fields_json, "reason": reason, "expected_sequence": expected_sequence}))

    def send_worker_report(self, queue: str, *, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A harvester says where a worker is."""
        found: dict[str, Any] = self._document(Call("POST", "/v1/queues/{queue}/workers", parts={"queue": queue}, body=body))
        return found

    def send_worker_reports(self, queue: str, *, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A harvester says where many workers are: `reports`, at most 200 in 500 kB, in their order."""
        found: dict[str, Any] = self._document(Call("POST", "/v1/queues/{queue}/workers/reports", parts={"queue": queue}, body=body))
        return found

    def set_access_policy(self, policy: Mapping[str, Any], aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, revision: int | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set which groups give which roles, and what roles may do. For administrators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SetAccessPolicy", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"policy": policy, "aggregate_id": str(aggregate_id), "revision": revision, "expected_sequence": expected_sequence}))

    def set_brokers(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, rules: Sequence[Any] | None = None, figures: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set which broker chooses queues for which work, and the brokers' figures. For administrators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SetBrokers", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "rules": rules, "figures": figures, "expected_sequence": expected_sequence}))

    def set_clocks(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, clocks: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set clocks of jobs that differ from the built-in ones; they hold at once, for jobs that exist, too. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SetClocks", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "clocks": clocks, "expected_sequence": expected_sequence}))

    def set_issuers(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, issuers: Sequence[Any] | None = None, revision: int | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set which issuers of tokens are believed. For administrators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SetIssuers", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "issuers": issuers, "revision": revision, "expected_sequence": expected_sequence}))

    def set_outside_fact(self, source: str, source_at: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, fact: Mapping[str, Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set what a source outside says of one thing; without a fact: its source names it no more. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SetOutsideFact", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"source": source, "source_at": source_at, "aggregate_id": str(aggregate_id), "fact": fact, "expected_sequence": expected_sequence}))

    def set_resource_types(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, rows: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set the resource types of jobs. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SetResourceTypes", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "rows": rows, "expected_sequence": expected_sequence}))

    def set_retry_rules(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, rules: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set the retry rules. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SetRetryRules", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "rules": rules, "expected_sequence": expected_sequence}))

    def set_shares(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, shares: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set the tree of global shares. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SetShares", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "shares": shares, "expected_sequence": expected_sequence}))

    def set_target_slots(self, queue: str, slots: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, share: str | None = None, resource_type: str | None = None, until: int | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set the most workers that are ordered of a Harvester for a queue. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SetTargetSlots", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"queue": queue, "slots": slots, "aggregate_id": str(aggregate_id), "share": share, "resource_type": resource_type, "until": until, "expected_sequence": expected_sequence}))

    def set_throttles(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, limits: Sequence[Any] | None = None, caps: Sequence[Any] | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Set the limits by which orders of jobs are throttled; they hold at once, for orders that wait, too. For administrators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SetThrottles", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "limits": limits, "caps": caps, "expected_sequence": expected_sequence}))

    def submit_task(self, parameters: Mapping[str, Any], *, idempotency_key: str | None = None, parent_task_id: int | None = None) -> Submitted:
        """Submit a task; 409 when its unique name belongs to a task at work."""
        return self._row(Submitted, Call("POST", "/v1/tasks", headers={"idempotency-key": idempotency_key}, body={"parameters": parameters, "parent_task_id": parent_task_id}))

    def suspend_workflow(self, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, reason: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Pause the tasks of a workflow, and release nothing until it is resumed. For users: own workflow."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/SuspendWorkflow", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"aggregate_id": str(aggregate_id), "reason": reason, "expected_sequence": expected_sequence}))

    def take_source(self, source: str, source_at: int, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, entries: Sequence[Any] | None = None, confirmed: bool | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Take over what a source outside says, if it is whole: the entries that its document names. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/TakeSource", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"source": source, "source_at": source_at, "aggregate_id": str(aggregate_id), "entries": entries, "confirmed": confirmed, "expected_sequence": expected_sequence}))

    def unlink_identities(self, *, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Take the link between `actor` (the caller where it is not named) and `other` back; others' for administrators."""
        found: dict[str, Any] = self._document(Call("POST", "/v1/links/remove", body=body))
        return found

    def wake_task(self, cause: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """Try a parked task again. For operators."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/WakeTask", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"cause": cause, "aggregate_id": str(aggregate_id), "expected_sequence": expected_sequence}))

    def withdraw_worker(self, worker_id: str, aggregate_id: str | int, *, dry_run: bool | None = None, at: str | None = None, prefer: str | None = None, idempotency_key: str | None = None, why: str | None = None, expected_sequence: int | None = None) -> CommandAnswer:
        """A harvester says that it will cancel a worker. For pilots."""
        return self._row(CommandAnswer, Call("POST", "/v1/commands/WithdrawWorker", query={"dry_run": dry_run, "at": at}, headers={"prefer": prefer, "idempotency-key": idempotency_key}, body={"worker_id": worker_id, "aggregate_id": str(aggregate_id), "why": why, "expected_sequence": expected_sequence}))
