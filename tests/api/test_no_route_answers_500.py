"""Every route of the API with naughty values for each of its parameters and for its body: no answer is a 500.

The routes are those of the app itself, also the ones that OpenAPI does not list; the parameters are those they declare, the
filters of the pages, and the arguments of the table of PanDA's calls. 503 is allowed: it says when to come back; and 501, where
a call is not offered to a client that reads the status alone.
"""

import gzip
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from api import harvesters, panda
from api.queries import jobs, tasks
from api.queries.filters import PLAIN, WINDOW_FIELDS
from deploy.stack import Stack
from identity.issuer import make_token
from tests.api.test_routes import routes_at

pytestmark = pytest.mark.stack
ENDPOINTS = (*panda.ENDPOINTS, *harvesters.ENDPOINTS)
AT_ONCE = 4
#: Path or query, percent-encoded where it must be.
NAUGHTY = (
    "99999999999999999999", "-99999999999999999999", "9223372036854775807", "-1", "0", "1e400", "NaN", "9" * 4_500, "%00",
    "x%00y", "%ED%A0%80", "%FF", "%27%3B--", "..%2F..%2Fetc%2Fpasswd", "%F0%9F%92%A9", "0001-01-01T00:00:00%2B01:00",
    "9999-12-31T23:59:59-01:00",
    "%5B%5B%5B", "%7B%22a%22%3A%22%5Cu0000%22%7D", "%28a%2B%29%2B%24", "x" * 3_000, "",
)  # fmt: skip
DEEP = b"[" * 300 + b"]" * 300
VALUES: tuple[Any, ...] = (
    [],
    {},
    [[1]],
    10**18,
    -1,
    1.5,
    True,
    None,
    "",
    "a\0b",
    "x" * 100_000,
    "NaN",
    {"a": {"a": {}}},
    "\u202e",
)
UPLOAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="\x00\xff"\r\n\r\nabc\r\n--x--\r\n'
BODIES: tuple[tuple[str, bytes], ...] = (
    ("application/json", b"[1]"),
    ("application/json", b'"text"'),
    ("application/json", b"7"),
    ("application/json", b'{"a": NaN}'),
    ("application/json", b'{"a": 1e999, "b": 123456789012345678901234567890}'),
    ("application/json", b'{"a": %s}' % DEEP),
    ("application/json", b"[" * 100_000),
    ("application/json", b'{"a": "\\ud800", "\\u0000": "\\u0000"}'),
    ("application/json", b'{"a": "Z\xfcrich"}'),
    ("application/json", gzip.compress(b" " * 30_000_000)),
    ("application/json", gzip.compress(b"{}")[:-6]),
    ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 1_500)),
    ("application/x-www-form-urlencoded", b"a=%FF%00&b=\xff\xfe&c"),
    ("multipart/form-data; boundary=x", UPLOAD),
    ("multipart/form-data", b"no boundary"),
    ("", b"\x1f\x8b\x08"),
)  # fmt: skip
PAGES = ("/tasks/", "/jobs/", "/errors/")
PLAIN_PAGE = ("asof", "q", "page", "pandaid", "against", "path", "self", "_block_vars", "json&parameters")
FILTERS = sorted({*PLAIN, *WINDOW_FIELDS, *tasks.FIELDS, *jobs.FIELDS, "path", "self"})
REPORTS = (
    "/server/panda/getJob", "/server/panda/updateJob", "/server/panda/updateJobsInBulk", "/server/panda/getStatus",
    "/server/panda/updateWorkerPilotStatus", "/api/v1/pilot/acquire_jobs", "/api/v1/pilot/update_job",
    "/api/v1/pilot/update_jobs_bulk", "/api/v1/pilot/update_worker_status", "/v1/queues/{queue}/workers",
    "/v1/queues/{queue}/workers/reports",
)  # fmt: skip
FIELDS_OF_REPORTS = (
    "jobId", "state", "attemptNr", "xml", "metaData", "startTime", "siteName", "node", "workerID", "harvesterID", "status", "mem",
    "taskID", "pilotErrorCode", "transExitCode", "jobList", "job_list", "ids", "n_jobs", "worker_id", "harvester_id", "exit_code",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """One route and verb; names of what it takes in its query and body."""

    verb: str
    path: str
    query: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def harmless(self) -> str:
        """Its path with names that mean nothing."""
        return re.sub(r"\{[^}]+\}", "7", self.path)


def targets_at(home: Path) -> Iterator[Target]:
    """Every route of the app, once for each verb."""
    arguments = {endpoint.path: tuple(one.name for one in endpoint.parameters or ()) for endpoint in ENDPOINTS}
    for route in iter_route_contexts(routes_at(home)):
        path = str(route.path)
        if path.startswith("/api/latest/"):  # the handlers of /api/v1
            continue
        declared: tuple[str, ...] = ()
        if getattr(route, "dependant", None) is not None:
            flat = route.dependant.query_params + [one for inner in route.dependant.dependencies for one in inner.query_params]
            declared = tuple(one.alias for one in flat)
        of_call = arguments.get(path.removeprefix("/api/v1/"), ())
        of_page = FILTERS if path in PAGES else PLAIN_PAGE if path.endswith("/") else ()
        for verb in sorted({"GET", "POST"} & set(route.methods or ())):
            fields = (*of_call, *(FIELDS_OF_REPORTS if path in REPORTS else ()))
            yield Target(verb, path, (*declared, *of_call, *of_page), fields)


def requests_to(target: Target) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """What is sent: verb, path with query, and the rest."""
    for name in re.findall(r"\{[^}]+\}", target.path):
        for value in NAUGHTY:
            yield target.verb, re.sub(r"\{[^}]+\}", "7", target.path.replace(name, value or "%20")), {}
    if target.verb == "GET":
        for name in target.query:
            for value in NAUGHTY:
                yield "GET", f"{target.harmless}?{quote(name)}={value}{'&wait=0' if name != 'wait' else ''}", {}
            yield "GET", f"{target.harmless}?{quote(name)}=1&{quote(name)}=x", {}
        yield "GET", f"{target.harmless}?a%00=1", {}
        return
    for kind, content in BODIES:
        yield "POST", target.harmless, {"content": content, "headers": {"Content-Type": kind} if kind else {}}
    for name in target.fields:
        for value in VALUES:
            yield "POST", target.harmless, {"json": {"jobId": "100000000000001", "state": "running", name: value}}


@pytest.fixture(scope="module")
def caller(stack: Stack) -> Iterator[httpx.Client]:
    """Someone with every role."""
    groups = ["wlcg", "wlcg/pilot", "wlcg/operator", "wlcg/production"]
    token = make_token(stack.config.home, user="naughty", name="Naughty Person", groups=groups, audience_hours=1)
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    limits = httpx.Limits(max_connections=AT_ONCE)
    with httpx.Client(base_url=stack.config.api, headers=headers, timeout=70, limits=limits) as client:
        yield client


def test_no_route_answers_500(caller: httpx.Client, tmp_path: Path) -> None:
    def answer_to(request: tuple[str, str, Mapping[str, Any]]) -> tuple[str, str, int, str]:
        verb, path, rest = request
        try:
            with caller.stream(verb, path, **rest) as answer:  # live streams have no end
                text = answer.read().decode("utf-8", "replace")[:200] if answer.status_code >= 500 else ""
                return verb, path, answer.status_code, text
        except httpx.InvalidURL:
            return verb, path, 0, ""

    sent = [request for target in targets_at(tmp_path) for request in requests_to(target)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(answer_to, sent))

    errors = [one for one in found if one[2] >= 500 and one[2] not in (501, 503)]
    broken = [(verb, path[:200], status, text) for verb, path, status, text in errors]
    by_route = Counter((verb, path.partition("?")[0][:60]) for verb, path, *_ in broken)
    assert len(sent) > 3_000
    assert not broken, f"{len(broken)} of {len(sent)} answers; routes: {by_route.most_common(20)}; the first: {broken[:10]}"
