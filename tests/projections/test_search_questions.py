"""What the search and the page of own work ask of the read models, on a real database."""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from api.monitor.pages.my import GROUPS
from api.monitor.pages.words import LIVE_STATES, TASK_ENDED, WAITING_STATES
from api.queries import own_tasks, search, workflows
from api.queries.filters import order_of, where_of
from api.queries.read_models import ReadModels
from api.queries.search import SearchedText
from projections.engine.migrate import migrate
from tests.api.builders import run

FILL = """
INSERT INTO task (task_id, name, vo, owner, user_name, nickname, label, status, super_status, priority, current_priority,
  created_at, modified_at,
  files_total, files_used, files_finished, files_failed, jobs_total, jobs_live, attempt, parameters, lists, sequence)
SELECT n, name, vo, owner, owner || ' Person', owner, 'user', status, status, 1, 1, n, n, 1, 0, 0, 0, 0, 0, 1, '{}', '[]', 1
FROM (VALUES (1, 'user.jane.survey/', 'wlcg', 'jane', 'running'), (2, 'user.jane.100%_sure', 'wlcg', 'jane', 'running'),
  (3, 'user.jane.old', 'wlcg', 'jane', 'done'), (4, 'user.bob.survey', 'wlcg', 'bob', 'failed'),
  (5, 'user.dora.survey', 'dune', 'jane', 'failed')) AS t (n, name, vo, owner, status);
INSERT INTO job (job_id, task_id, attempt, serial, kind, name, queue, status, priority, vo, owner, user_name, label,
  processing_type, share, resource_type, core_count, ram_mb_min,
  created_at, activated_at, ended_at, modified_at, node, batch_id, errors, outputs,
  order_kill, sequence)
SELECT task * 10000000::bigint + 1, task, 1, 1, 'NORMAL', 'job.of.' || task, 'Q', status, 1, vo,
  'o', 'o', 'user', 'p', 's', 'SCORE', 1,
  1, task, task, CASE WHEN status = 'failed' THEN task END, task, 'node' || task || '.example', 'batch.' || task,
  errors::json, '[]'::json, false, 1
FROM (VALUES (1, 'running', 'wlcg', '[]'), (2, 'activated', 'wlcg', '[]'),
  (4, 'failed', 'wlcg', '[{"source":"pilot","code":1305,"diagnostic":"disk full at 77"}]'),
  (5, 'failed', 'dune', '[{"source":"pilot","code":1305,"diagnostic":"disk full at 77"}]')) AS t (task, status, vo, errors);
INSERT INTO task_dataset (task_id, dataset, role, stream, files_total, files_finished, files_failed)
VALUES (1, 'data:survey.in', 'INPUT', 'IN', 1, 0, 0), (4, 'data:survey.in', 'INPUT', 'IN', 1, 0, 0),
  (5, 'data:survey.dune', 'INPUT', 'IN', 1, 0, 0);
INSERT INTO task_file (task_id, unit_id, dataset, lfn, scope, guid, size_bytes, checksum, status, attempt, failed_attempt)
VALUES (1, 1, 'data:survey.in', 'raw.0001', 'data', '', 1, '', 'ready', 0, 0),
  (5, 1, 'data:survey.dune', 'raw.0002', 'data', '', 1, '', 'ready', 0, 0);
INSERT INTO dataset (name, role, state, files_total, task_id, vo, owner, sequence)
VALUES ('user.jane.out', 'OUTPUT', 'OPEN', 1, 1, 'wlcg', 'jane', 1), ('user.dora.out', 'OUTPUT', 'OPEN', 1, 5, 'dune', 'jane', 1);
INSERT INTO dataset_file (dataset, lfn, scope, guid, size_bytes, checksum, endpoint)
VALUES ('user.jane.out', 'raw.histogram', 'user', '', 1, '', 'E'), ('user.dora.out', 'raw.secret', 'user', '', 1, '', 'E');
INSERT INTO workflow (request_id, name, vo, owner, user_name, nickname, internal_id, request_type, scope, requester,
  transform_tag, priority, campaign, campaign_scope, campaign_group, campaign_tag, cloud, site, queue, digest, status,
  message, attempt, works, nodes, edges, bounds, created_at, modified_at, sequence)
SELECT n, name, vo, 'o', 'o', 'o', '', 1, '', '', '', 0, '', '', '', '', '', '', '', 'd', 'failed', '', 1, 1,
  1, 0, '[0]', n, n, 1
FROM (VALUES (7, 'night.survey', 'wlcg'), (8, 'night.dune', 'dune')) AS t (n, name, vo);
INSERT INTO workflow_work (request_id, work, internal_id, name, work_type, dataset, first_node, nodes, released, finished, failed,
  pruned, waits, created_at, modified_at)
VALUES (7, 0, '', 'isr', 1, '', 0, 5, 0, 3, 1, 1, false, 7, 7), (7, 1, '', 'coadd', 1, '', 5, 5, 0, 0, 0, 1, false, 7, 7);
"""


@pytest.fixture
def read_models(database: str) -> Iterator[ReadModels]:
    """Tasks of two organisations; task n was changed at n microseconds."""
    migrate(database)
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tables_in FROM projection_live WHERE projection IN ('tasks', 'jobs', 'datasets', 'workflows')")
        cursor.execute(f"SET search_path = {', '.join(name for (name,) in cursor.fetchall())}, public")
        cursor.execute(FILL)
        connection.commit()
    found = ReadModels(database)
    yield found
    found.close()


def sought(text: str, limit: int = 8) -> SearchedText:
    return SearchedText("wlcg", text, limit)


def test_tasks_and_jobs_are_found_by_number_name_and_part_within_the_organisation(read_models: ReadModels) -> None:
    def tasks(text: str, limit: int = 8) -> list[int]:
        return [row["task_id"] for row in run(search.tasks(read_models, sought(text, limit)))]

    def jobs(text: str) -> list[int]:
        return [row["job_id"] for row in run(search.jobs(read_models, sought(text)))]

    assert tasks("SURVEY") == [4, 1]
    assert tasks("survey", limit=1) == [4]
    assert tasks("user.jane.survey") == [1]
    assert tasks("2") == [2]
    assert tasks("5") == []
    assert tasks("100%_s") == [2]
    assert tasks("%") == [2]
    assert jobs("10000001") == [10000001]
    assert jobs("50000001") == []
    assert jobs("batch.4") == [40000001]
    assert jobs("job.of") == [40000001, 20000001, 10000001]


def test_users_nodes_files_datasets_and_errors_are_found_within_the_organisation(read_models: ReadModels) -> None:
    assert [(row["user_name"], row["count"]) for row in run(search.users(read_models, sought("person")))] == [
        ("bob Person", 1), ("jane Person", 3),
    ]  # fmt: skip
    assert [(row["node"], row["failed"]) for row in run(search.nodes(read_models, sought("node")))] == [
        ("node4.example", 1), ("node2.example", 0), ("node1.example", 0),
    ]  # fmt: skip
    assert [(row["lfn"], row["role"]) for row in run(search.files(read_models, sought("RAW")))] == [
        ("raw.0001", "input"), ("raw.histogram", "output"),
    ]  # fmt: skip
    assert run(search.datasets(read_models, sought("survey"))) == [{"dataset": "data:survey.in", "count": 2, "task_id": 4}]
    assert [row["task_id"] for row in run(search.datasets(read_models, sought("user.jane.out")))] == [1]
    assert run(search.datasets(read_models, sought("user.dora.out"))) == []
    for text in ("1305", "pilot:1305", "DISK full"):
        found = run(search.errors(read_models, sought(text)))
        assert [(row["error_cluster"], row["count"], row["example"]) for row in found] == [("disk full at #", 1, 40000001)]


def test_own_tasks_stand_in_groups_and_a_running_one_without_a_pilot_waits(read_models: ReadModels) -> None:
    def groups(owners: tuple[str, ...], since: int) -> list[tuple[str, int, int]]:
        rows = run(
            own_tasks.by_group(
                read_models, "wlcg", owners, GROUPS, ended=TASK_ENDED, with_a_pilot=LIVE_STATES[len(WAITING_STATES) :],
                since=since, count=1,
            )
        )  # fmt: skip
        return [(row["work_group"], row["task_id"], row["total"]) for row in rows]

    assert groups(("jane",), 0) == [("done", 3, 1), ("running", 1, 1), ("waiting", 2, 1)]
    assert groups(("jane",), 4) == [("running", 1, 1), ("waiting", 2, 1)]
    assert groups(("jane", "bob"), 4) == [("needs you", 4, 1), ("running", 1, 1), ("waiting", 2, 1)]
    assert groups(("dora",), 0) == []


def test_workflows_are_found_and_listed_with_the_jobs_of_their_works_within_the_organisation(read_models: ReadModels) -> None:
    def found(text: str) -> list[int]:
        return [row["request_id"] for row in run(search.workflows(read_models, sought(text)))]

    where = where_of({"name": "night*"}, workflows.FIELDS, "modified_at", "wlcg", 0)
    listed = run(workflows.page(read_models, where, order_of({}, workflows.SORTS, "request_id", "request_id-descending")))

    assert found("NIGHT") == [7]
    assert found("7") == [7]
    assert found("8") == []
    assert [(row["request_id"], row["finished"], row["failed"]) for row in listed] == [(7, 3, 3)]
    assert run(workflows.count(read_models, where)) == 1
    assert run(workflows.one(read_models, "wlcg", 8)) is None
    assert run(workflows.places_of_edges(read_models, "wlcg", 7, 10)) == []
