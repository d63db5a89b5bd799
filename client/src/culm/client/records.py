"""Rows that the API answers with. Made by `python -m tests.client.generate` from the OpenAPI document; edit nothing here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from culm.client.rows import Row


class CommandAnswer(Row, kw_only=True):
    """CommandAnswer, as the OpenAPI document names it."""

    command_id: str | None = None
    command_type: str | None = None
    aggregate: str | None = None
    aggregate_id: str | None = None
    correlation_id: str | None = None
    accepted: bool | None = None
    reason: str | None = None
    message: str | None = None
    sequence: int | None = None
    event_types: Sequence[Any] | None = None
    pilot_command: str | None = None
    harvester_orders: Sequence[Any] | None = None
    ranges_granted: Sequence[Any] | None = None
    repeated: bool | None = None
    vo: str | None = None
    actor: str | None = None
    causation_id: str | None = None
    jobs_hit: int | None = None
    units_hit: int | None = None
    dry_run: bool | None = None
    ranges_refused: Sequence[Any] | None = None
    nothing_to_lease: Mapping[str, Any] | None = None
    answered: bool | None = None
    at: datetime | None = None


class Submitted(Row, kw_only=True):
    """Submitted, as the OpenAPI document names it."""

    task_id: int | None = None
    code: int | None = None
    message: str | None = None


class Reasons(Row, kw_only=True):
    """Reasons, as the OpenAPI document names it."""

    why: Sequence[Any] | None = None


class Task(Row, kw_only=True):
    """Task, as the OpenAPI document names it."""

    task_id: int | None = None
    name: str | None = None
    vo: str | None = None
    owner: str | None = None
    user_name: str | None = None
    nickname: str | None = None
    label: str | None = None
    working_group: str | None = None
    status: str | None = None
    old_status: str | None = None
    super_status: str | None = None
    priority: int | None = None
    current_priority: int | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    files_total: int | None = None
    files_used: int | None = None
    files_finished: int | None = None
    files_failed: int | None = None
    jobs_live: int | None = None
    jobs_total: int | None = None
    learned: Any | None = None
    input_number_max: int | None = None
    input_held: str | None = None
    input_dropped: str | None = None
    message: str | None = None
    parameters: Any | None = None
    lists: Any | None = None
    definition: Any | None = None
    changed: Any | None = None
    parent_task_id: int | None = None
    site: str | None = None
    nucleus: str | None = None
    nuclei: Any | None = None
    attempt: int | None = None
    sequence: int | None = None


class InputUnit(Row, kw_only=True):
    """InputUnit, as the OpenAPI document names it."""

    task_id: int | None = None
    unit_id: int | None = None
    dataset: str | None = None
    lfn: str | None = None
    scope: str | None = None
    guid: str | None = None
    size_bytes: int | None = None
    checksum: str | None = None
    start_event: int | None = None
    end_event: int | None = None
    status: str | None = None
    attempt: int | None = None
    failed_attempt: int | None = None
    job_id: int | None = None


class Job(Row, kw_only=True):
    """Job, as the OpenAPI document names it."""

    job_id: int | None = None
    task_id: int | None = None
    attempt: int | None = None
    serial: int | None = None
    kind: str | None = None
    name: str | None = None
    queue: str | None = None
    status: str | None = None
    sub_status: str | None = None
    priority: int | None = None
    vo: str | None = None
    owner: str | None = None
    user_name: str | None = None
    label: str | None = None
    processing_type: str | None = None
    share: str | None = None
    resource_type: str | None = None
    core_count: int | None = None
    ram_mb_min: int | None = None
    created_at: datetime | None = None
    activated_at: datetime | None = None
    sent_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    modified_at: datetime | None = None
    node: str | None = None
    pilot: str | None = None
    pilot_id: str | None = None
    batch_id: str | None = None
    lease_id: str | None = None
    harvester_id: str | None = None
    worker_id: str | None = None
    holder: str | None = None
    order_kill: bool | None = None
    kill_code: int | None = None
    exit_code: int | None = None
    errors: Any | None = None
    usage: Any | None = None
    outputs: Any | None = None
    metadata: str | None = None
    log_extract: str | None = None
    merge_job_id: int | None = None
    sequence: int | None = None
    error_source: str | None = None
    error_code: int | None = None
    error_cluster: str | None = None


class Queue(Row, kw_only=True):
    """Queue, as the OpenAPI document names it."""

    name: str | None = None
    settings: Any | None = None
    waiting: int | None = None
    leased: int | None = None
    modified_at: datetime | None = None
    sequence: int | None = None
    leased_at: datetime | None = None


class Worker(Row, kw_only=True):
    """Worker, as the OpenAPI document names it."""

    queue: str | None = None
    worker_id: str | None = None
    harvester_id: str | None = None
    state: str | None = None
    node: str | None = None
    exit_code: int | None = None
    diagnostic: str | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    vo: str | None = None
    is_foreign: bool | None = None
    tag: str | None = None
    epoch: int | None = None
    class_name: str | None = None
    cores: int | None = None
    memory_mb: int | None = None
    disk_mb: int | None = None
    walltime_seconds: int | None = None
    mode: str | None = None
    job_id: int | None = None
    submit_by: int | None = None
    intended_at: datetime | None = None
    batch_id: str | None = None
    submit_host: str | None = None
    cancel_ordered: bool | None = None
    cancel_why: str | None = None
    native_state: str | None = None
    reason: str | None = None
    signal: int | None = None
    fingerprint: str | None = None
    asked_at: datetime | None = None


class Dataset(Row, kw_only=True):
    """Dataset, as the OpenAPI document names it."""

    name: str | None = None
    role: str | None = None
    state: str | None = None
    files_total: int | None = None
    task_id: int | None = None
    vo: str | None = None
    owner: str | None = None
    sequence: int | None = None


class DatasetFile(Row, kw_only=True):
    """DatasetFile, as the OpenAPI document names it."""

    dataset: str | None = None
    lfn: str | None = None
    scope: str | None = None
    guid: str | None = None
    size_bytes: int | None = None
    checksum: str | None = None
    endpoint: str | None = None
    events: int | None = None
    task_id: int | None = None


class Event(Row, kw_only=True):
    """Event, as the OpenAPI document names it."""

    aggregate: str | None = None
    aggregate_id: str | None = None
    sequence: int | None = None
    at: datetime | None = None
    event_type: str | None = None
    actor: str | None = None
    role: str | None = None
    vo: str | None = None
    event_id: str | None = None
    command_id: str | None = None
    command_type: str | None = None
    causation_id: str | None = None
    correlation_id: str | None = None
    topic: str | None = None
    partition: int | None = None
    log_offset: int | None = None
    summary: str | None = None
    body: Any | None = None
    task_id: int | None = None
    job_id: int | None = None
    worker_id: str | None = None
    to_worker_id: str | None = None
