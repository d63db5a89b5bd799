"""An A-REX in memory: as much of its REST interface 1.1 as the plugin speaks to.

In: method, path, query, headers, bytes. Out: status, reason phrase, bytes. Shapes, texts and the order of a job's documents
(without a name first) are those of the sources of ARC 7; what differs from a real one is a fault of this file.
"""

import itertools
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

ADL = "{http://www.eu-emi.eu/es/2010/12/adl}"
TOKEN = "kit-token"
US, THEM = "us", "them"
#: States in which a job waits for the files of its client.
WAITS_FOR_FILES = ("ACCEPTING", "ACCEPTED", "PREPARING")
ENDS = ("FINISHED", "FAILED", "KILLED", "WIPED")
Answered = tuple[int, str, bytes]


@dataclass
class Job:
    """One job. inputs: name -> whether it is a program. has_document: the CE has written one."""

    name: str
    description: str
    slots: int
    inputs: Mapping[str, bool]
    owner: str = US
    state: str = "ACCEPTING"
    files: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    has_document: bool = False

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self.state not in ENDS


class ARex:
    """One CE. Its methods may be called from several threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.jobs: dict[str, Job] = {}
        self._numbers = itertools.count(1)
        #: An order to kill is acknowledged and forgotten.
        self.ignores_kill = False

    def answer(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Answered:
        """One request."""
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 403, "Operation is not allowed", b""
        if path.rstrip("/") == "/arex/rest":
            return _document(200, {"version": ["1.0", "1.1"]})
        match = re.fullmatch(r"/arex/rest/1\.1/jobs(?:/([^/]+)/(session|diagnose)(?:/(.*))?)?", path)
        if match is None:
            return 404, "Functionality Not Supported", b""
        with self.lock:
            job_id, kind, name = match.groups()
            if job_id:
                return self._of_job(method, job_id, kind, name or "", headers, body)
            if method == "GET":
                return _document(200, {"job": [{"id": one} for one, job in self.jobs.items() if job.owner == US]})
            return self._new(body) if query.get("action") == "new" else self._for_each(query.get("action", ""), body)

    def add(self, job: Job) -> str:
        """A job that is there; its id."""
        with self.lock:
            job_id = f"{next(self._numbers):06x}kitLDMABFKDmKLDn1abcdef"
            self.jobs[job_id] = job
            return job_id

    def _new(self, body: bytes) -> Answered:
        try:
            root = ElementTree.fromstring(body)
        except ElementTree.ParseError:
            return 500, "Payload is not recognized", b""
        made = []
        for element in root:
            job_id = self.add(_described(element))
            made.append({"status-code": "201", "reason": "Created", "id": job_id, "state": "ACCEPTING"})
        return _document(201, {"job": made})

    def _for_each(self, action: str, body: bytes) -> Answered:
        found = []
        for wanted in json.loads(body)["job"]:
            job_id = wanted["id"]
            job = self.jobs.get(job_id)
            if job is None or job.owner != US:
                found.append({"status-code": "404", "reason": "Job not found", "id": job_id})
            elif action == "info":
                found.append({"status-code": "200", "reason": "OK", "id": job_id, "info_document": _activity(job_id, job)})
                job.has_document = True
            else:
                self._order(action, job_id, job)
                found.append({"status-code": "202", "reason": f"Queued for {action}ing", "id": job_id})
        return _document(201, {"job": found})

    def _order(self, action: str, job_id: str, job: Job) -> None:
        if action == "clean" and not job.lives:
            del self.jobs[job_id]
        elif action == "kill" and job.lives and not self.ignores_kill:
            job.state = "KILLING"

    def _of_job(self, method: str, job_id: str, kind: str, name: str, headers: Mapping[str, str], body: bytes) -> Answered:
        job = self.jobs.get(job_id)
        if job is None or job.owner != US:
            return 404, "Job not found", b""
        if kind == "diagnose":
            return 200, "OK", f"globalid={job_id}\njobname={job.name}\nqueue=fork\n".encode()
        if method == "PUT":
            job.files[name] = (0o700 if job.inputs.get(name) else 0o600), body
            if job.state in WAITS_FOR_FILES and all(one in job.files for one in job.inputs):
                job.state = "QUEUING"
            return 200, "OK", b""
        if not name:
            return _document(200, {"file": list(job.files), "dir": []})
        if name not in job.files:
            return 404, "Not found", b""
        first = headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
        return 200, "OK", job.files[name][1][int(first) :]


def _described(element: ElementTree.Element) -> Job:
    """What A-REX keeps of a description."""
    inputs = {
        file.findtext(f"{ADL}Name", ""): file.findtext(f"{ADL}IsExecutable", "false") == "true"
        for file in element.iterfind(f"{ADL}DataStaging/{ADL}InputFile")
    }
    return Job(
        name=element.findtext(f"{ADL}ActivityIdentification/{ADL}Name", ""),
        description=ElementTree.tostring(element, encoding="unicode"),
        slots=int(element.findtext(f"{ADL}Resources/{ADL}SlotRequirement/{ADL}NumberOfSlots", "1")),
        inputs=inputs,
    )


def _activity(job_id: str, job: Job) -> dict[str, Any]:
    """The GLUE2 document, or the one in its place; A-REX writes every value as a text, and one value without a list."""
    activity: dict[str, Any] = {"ID": f"urn:caid:localhost:org.nordugrid.arcrest:{job_id}", "State": f"arcrest:{job.state}"}
    if job.has_document:
        states = ["emies:processing-queued", "emiesattr:app-running", f"arcrest:{job.state}"]
        activity |= {"Name": job.name, "State": states, "RequestedSlots": str(job.slots), **job.document}
    return {"ComputingActivity": activity}


def _document(code: int, content: Mapping[str, Any]) -> Answered:
    return code, "OK" if code == 200 else "Created", json.dumps(content).encode()
