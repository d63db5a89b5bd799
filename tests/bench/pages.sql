-- A million jobs that never were; tests/bench/pages.py puts numbers for the names with colons.
INSERT INTO task (task_id, name, vo, owner, user_name, nickname, label, status, super_status, priority, current_priority, created_at,
  modified_at, started_at, ended_at, files_total, files_used, files_finished, files_failed, jobs_total, jobs_live, attempt, parameters, lists,
  site, sequence)
SELECT :first_task + n, 'user.u' || n % 50 || '.made.up.' || n, 'wlcg', 'owner' || n % 50, 'User ' || n % 50, 'u' || n % 50, 'user',
  (ARRAY['done', 'finished', 'failed', 'running'])[1 + n % 4], 'running', 1000, 1000, now_us - n * 40000000::bigint, now_us - n * 40000000::bigint,
  now_us - n * 40000000::bigint, CASE WHEN n % 4 < 3 THEN now_us - n * 39000000::bigint END, :jobs_per_task, :jobs_per_task, 470, 20,
  :jobs_per_task, 0, 1, '{}', '[]', NULL, 12
FROM generate_series(0, :tasks - 1) n, (SELECT (extract(epoch FROM now()) * 1000000)::bigint AS now_us) t;
INSERT INTO job (job_id, task_id, attempt, serial, kind, name, queue, status, priority, vo, owner, user_name, label, processing_type,
  share, resource_type, core_count, ram_mb_min, created_at, activated_at, sent_at, started_at, ended_at, modified_at, node, errors,
  outputs, order_kill, sequence)
SELECT (:first_task + n / :jobs_per_task) * 10000000::bigint + n % :jobs_per_task + 1, :first_task + n / :jobs_per_task, 1,
  n % :jobs_per_task + 1, 'NORMAL', 'user.made.up.' || n, 'QUEUE_' || n % 40, s, 1000, 'wlcg', 'owner' || n / :jobs_per_task % 50,
  'User ' || n / :jobs_per_task % 50, 'user', 'made', 'share' || n % 5, 'SCORE', 1, 2000,
  at, at, at, at, CASE WHEN s IN ('finished', 'failed') THEN at END, at,
  'node' || n % 500,
  CASE WHEN s = 'failed' THEN ('[{"source":"pilot","code":' || 1100 + n % 30 || ',"diagnostic":"went wrong at ' || n || '"}]')::json
    ELSE '[]'::json END, '[]'::json, false, 6
FROM (SELECT n, (ARRAY['finished', 'finished', 'finished', 'finished', 'finished', 'finished', 'finished', 'failed', 'running', 'activated'])
  [1 + n % 10] AS s, (extract(epoch FROM now()) * 1000000)::bigint - n * 80000::bigint AS at FROM generate_series(0, :jobs - 1) n) j;
INSERT INTO queue (name, settings, waiting, leased, leased_at, modified_at, sequence)
SELECT 'QUEUE_' || n, '{"status":"ONLINE","vos":[]}'::json, 2500, 2500, 0, 0, 1 FROM generate_series(0, 39) n;
INSERT INTO attempt_job (job_id, task_id, attempt, outcome, error_source, error_code, error_diagnostic, at)
SELECT job_id, task_id, 1, status, error_source, error_code, 'went wrong', ended_at FROM job WHERE ended_at IS NOT NULL;
INSERT INTO attempt_unit (task_id, unit_id, job_id) SELECT task_id, serial, job_id FROM job;
INSERT INTO job_spec (job_id, spec)
SELECT job_id, ('{"inputs":[],"outputs":[],"pad":"' || repeat('x', 700) || '"}')::json FROM job;
