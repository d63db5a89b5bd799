"""Requests to the REST interface of one A-REX: lists and documents of jobs, orders for many jobs at once, files of one job.

In: ids. Out: what the CE says of each, or AnswerBroken where an answer is not known to be whole. Guards: every answer is bounded;
each job that was asked for must be answered once; a job's name comes from A-REX's own record where its document has none yet.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from agents.harvester.systems.arc_settings import ArcSettings
from agents.harvester.systems.arc_words import AnswerBroken, JobReply, listed_ids, name_in_local, name_of, replies, versions
from agents.harvester.systems.bounded_http import BoundedHttp, Exchange, NoAnswer, NotSent
from agents.harvester.systems.native_command import one_line

ANSWER_BYTES_MAX = 64 * 1024 * 1024
SMALL_BYTES_MAX = 1024 * 1024
JOBS_MAX = 100_000
#: Jobs in one request; a document has about 2 KB.
AT_ONCE = 1000
#: Jobs without a name whose records are read one by one; they have one within seconds.
NAMELESS_MAX = 2000
NOT_FOUND = 404


class ArcRest:
    """A client of one CE; serves several threads."""

    def __init__(self, settings: ArcSettings) -> None:
        """Raises OSError, ssl.SSLError for files that cannot be used."""
        self._settings = settings
        self._http = BoundedHttp(settings.service)
        self._base = f"/rest/{settings.rest_version}/jobs"

    def problem(self) -> str:
        """Why the CE cannot be used; empty if it can."""
        seconds = self._settings.call_seconds
        try:
            found = self._http.exchange("GET", "/rest", seconds=seconds, bytes_max=SMALL_BYTES_MAX)
            wanted = self._settings.rest_version
            if wanted not in versions(found.content):
                return f"{self._settings.service.address}/rest answers {found.status} and does not name version {wanted}"
            listed = self._http.exchange("GET", self._base, seconds=seconds, bytes_max=ANSWER_BYTES_MAX)
        except (NotSent, NoAnswer) as problem:
            return str(problem)
        return "" if listed.status == 200 else f"a list of jobs is answered {what_it_says(listed)}"

    def create(self, body: bytes, seconds: float) -> Exchange:
        """The answer to a submission; raises NotSent, NoAnswer. It is sent once: a CE takes the same job twice."""
        headers = {"Content-Type": "application/xml"}
        query = {"action": "new"}
        return self._http.exchange(
            "POST", self._base, query=query, content=body, headers=headers, seconds=seconds, bytes_max=SMALL_BYTES_MAX
        )

    def upload(self, job_id: str, name: str, content: bytes, seconds: float) -> Exchange:
        """The answer to a file for a job; raises NotSent, NoAnswer. It may be sent again."""
        headers = {"Content-Type": "application/octet-stream"}
        path = f"{self._base}/{job_id}/session/{name}"
        return self._http.exchange("PUT", path, content=content, headers=headers, seconds=seconds, bytes_max=SMALL_BYTES_MAX)

    def session(self, job_id: str, name: str = "", *, method: str = "GET", first_byte: int = 0, bytes_max: int) -> Exchange:
        """A file of a job, from its `first_byte` on, or the list of all; raises NotSent, NoAnswer."""
        headers = {"Range": f"bytes={first_byte}-"} if first_byte else {}
        path = f"{self._base}/{job_id}/session/{name}".rstrip("/")
        return self._http.exchange(method, path, headers=headers, seconds=self._settings.call_seconds, bytes_max=bytes_max)

    def all_ids(self, end: float) -> list[str]:
        """Ids of all jobs of this identity; raises AnswerBroken. end: by the monotonic clock."""
        listed = self._whole(self._read(self._base, ANSWER_BYTES_MAX), end)
        ids = listed_ids(listed.content, may_be_empty=self._settings.rest_version == "1.0")
        if len(ids) > JOBS_MAX:
            raise AnswerBroken(f"the CE's list has more than {JOBS_MAX:,} jobs")
        return ids

    def named(self, ids: Sequence[str], end: float) -> Iterator[tuple[str, JobReply]]:
        """Names and documents of those jobs that are there; raises AnswerBroken."""
        nameless = 0
        for reply in self._each("info", ids, end):
            if reply.status == NOT_FOUND:
                continue
            if reply.status != 200:
                raise AnswerBroken(f"the CE answers {reply.status} for a job: {reply.reason[:200]}")
            name = name_of(reply.activity)
            if not name:
                nameless += 1
                if nameless > NAMELESS_MAX:
                    raise AnswerBroken(f"more than {NAMELESS_MAX:,} jobs have no name yet")
                name = self._recorded_name(reply.job_id, end)
            yield name, reply

    def order(self, action: str, ids: Sequence[str]) -> Mapping[str, int]:
        """What the CE answers to an order (`kill`, `clean`) for each job, as HTTP status; raises AnswerBroken."""
        end = time.monotonic() + self._settings.call_seconds
        return {reply.job_id: reply.status for reply in self._each(action, ids, end)}

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    def _each(self, action: str, ids: Sequence[str], end: float) -> Iterator[JobReply]:
        """An answer for each of `ids`."""
        for first in range(0, len(ids), AT_ONCE):
            asked = ids[first : first + AT_ONCE]
            body = msgspec.json.encode({"job": [{"id": job_id} for job_id in asked]})
            found = replies(self._whole(self._posted(action, body), end).content)
            if sorted(reply.job_id for reply in found) != sorted(asked):
                raise AnswerBroken(f"the CE was asked for {len(asked)} jobs and answers for {len(found)}, or for others")
            yield from found

    def _posted(self, action: str, body: bytes) -> Callable[[float], Exchange]:
        query = {"action": action}
        return lambda seconds: self._http.exchange(
            "POST", self._base, query=query, content=body, seconds=seconds, bytes_max=ANSWER_BYTES_MAX
        )

    def _recorded_name(self, job_id: str, end: float) -> str:
        path = f"{self._base}/{job_id}/diagnose/local"
        return name_in_local(self._whole(self._read(path, SMALL_BYTES_MAX), end).content)

    def _read(self, path: str, bytes_max: int) -> Callable[[float], Exchange]:
        return lambda seconds: self._http.exchange("GET", path, seconds=seconds, bytes_max=bytes_max)

    def _whole(self, send: Callable[[float], Exchange], end: float) -> Exchange:
        left = end - time.monotonic()
        if left <= 0:
            raise AnswerBroken("the CE's answers did not end in time")
        try:
            found = send(left)
        except (NotSent, NoAnswer) as problem:
            raise AnswerBroken(str(problem)) from None
        if not 200 <= found.status < 300:
            raise AnswerBroken(f"the CE answers {what_it_says(found)}")
        return found


def what_it_says(found: Exchange) -> str:
    """Status and words of an answer, in one line; A-REX explains a refusal in the first line of its answer."""
    return one_line(f"{found.status} {found.words}: {found.content[:2000].decode('utf-8', 'replace')}", 400)
