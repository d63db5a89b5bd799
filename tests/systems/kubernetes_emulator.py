"""An API server in memory, with what the controllers of a cluster do to Jobs: as much of it as the plugin speaks to.

In: method, path, query, document. Out: status and document. Shapes, reasons and conditions are those of Kubernetes 1.34, which
`real_kubernetes_api` runs; what differs between the two is a fault of this file.
"""

import itertools
import threading
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

Object = dict[str, Any]
KINDS = {"jobs": "Job", "pods": "Pod", "secrets": "Secret"}
CREATED = "2026-01-01T00:00:00Z"


class Emulator:
    """One cluster with one namespace. Its methods may be called from several threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.objects: dict[str, dict[str, Object]] = {kind: {} for kind in KINDS}
        self.history: list[tuple[int, str, str, Object]] = []
        #: Versions up to this one are forgotten by watches.
        self.compacted = 0
        self._versions = itertools.count(1000)
        self.version = next(self._versions)
        self._pages: dict[str, tuple[int, list[Object]]] = {}

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Object | None) -> tuple[int, Object]:
        """One request that is no watch."""
        if path.endswith("/selfsubjectaccessreviews"):
            return 201, {"kind": "SelfSubjectAccessReview", "status": {"allowed": True}}
        kind, name = _target(path)
        if kind is None:
            return status(404, "NotFound", "the server could not find the requested resource")
        with self.lock:
            if method == "POST" and body is not None:
                return self._create(kind, body, is_dry=query.get("dryRun") == "All")
            if name and name not in self.objects[kind]:
                return status(404, "NotFound", f'{kind} "{name}" not found')
            if method == "GET":
                return (200, self.objects[kind][name]) if name else self._list(kind, query)
            return self._delete(kind, name, body or {})

    def events(self, kind: str, selector: str, version: int, stopped: threading.Event) -> Iterator[Object]:
        """A watch: what happened after `version`, and then what happens."""
        with self.lock:
            position = next((place for place, event in enumerate(self.history) if event[0] > version), len(self.history))
        while not stopped.is_set():
            with self.changed:
                fresh = self.history[position:]
                if not fresh:
                    self.changed.wait(0.05)
                    continue
                position = len(self.history)
            for _, of, what, document in fresh:
                if of == kind and matches(document, selector):
                    yield {"type": what, "object": document}

    def put(self, kind: str, name: str, document: Object, what: str = "MODIFIED") -> None:
        """Store an object under a new version."""
        with self.changed:
            self.version = next(self._versions)
            kept = {**document, "metadata": {**document["metadata"], "resourceVersion": str(self.version)}}
            self.objects[kind][name] = kept
            self.history.append((self.version, kind, what, kept))
            self.changed.notify_all()

    def drop(self, kind: str, name: str) -> None:
        """Remove an object and what belongs to it."""
        with self.changed:
            gone = self.objects[kind].pop(name, None)
            if gone is None:
                return
            self.version = next(self._versions)
            self.history.append((self.version, kind, "DELETED", gone))
            self.changed.notify_all()
            uid = gone["metadata"]["uid"]
            for other in ("pods", "secrets"):
                for one, document in list(self.objects[other].items()):
                    if any(owner["uid"] == uid for owner in document["metadata"].get("ownerReferences", ())):
                        self.drop(other, one)

    def _create(self, kind: str, body: Object, is_dry: bool = False) -> tuple[int, Object]:
        name = body["metadata"]["name"]
        if name in self.objects[kind]:
            return status(409, "AlreadyExists", f'{kind} "{name}" already exists')
        meta = {**body["metadata"], "uid": str(uuid.uuid4()), "creationTimestamp": CREATED, "namespace": "culm"}
        if is_dry:
            return 201, {**body, "metadata": meta}
        self.put(kind, name, {**body, "metadata": meta, "status": {}}, "ADDED")
        if kind == "jobs":
            self._create_pod(self.objects[kind][name])
        return 201, self.objects[kind][name]

    def _create_pod(self, job: Object) -> None:
        template = job["spec"]["template"]
        name = f"{job['metadata']['name']}-abcde"
        owner = {"apiVersion": "batch/v1", "kind": "Job", "uid": job["metadata"]["uid"], "name": job["metadata"]["name"]}
        meta = {**template["metadata"], "name": name, "uid": str(uuid.uuid4()), "ownerReferences": [owner]}
        waits = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available"}
        pod = {"metadata": meta, "spec": template["spec"], "status": {"phase": "Pending", "conditions": [waits]}}
        self.put("pods", name, pod, "ADDED")

    def _list(self, kind: str, query: Mapping[str, str]) -> tuple[int, Object]:
        """Pages of one moment, as `limit` and `continue` ask for them."""
        if token := query.get("continue"):
            if token not in self._pages:
                return status(410, "Expired", "The provided continue parameter is too old")
            version, found = self._pages.pop(token)
        else:
            selector = query.get("labelSelector", "")
            version, found = self.version, [one for one in self.objects[kind].values() if matches(one, selector)]
        limit = int(query.get("limit", "0")) or len(found)
        meta = {"resourceVersion": str(version)}
        if len(found) > limit:
            meta["continue"] = uuid.uuid4().hex
            self._pages[meta["continue"]] = version, found[limit:]
        return 200, {"kind": f"{KINDS[kind]}List", "metadata": meta, "items": found[:limit]}

    def _delete(self, kind: str, name: str, options: Object) -> tuple[int, Object]:
        document = self.objects[kind][name]
        wanted = options.get("preconditions", {}).get("uid")
        if wanted not in (None, document["metadata"]["uid"]):
            return status(409, "Conflict", "the UID in the precondition does not match the UID in record")
        marked = {**document, "metadata": {**document["metadata"], "deletionTimestamp": CREATED}}
        self.put(kind, name, marked)
        return 200, self.objects[kind][name]


def status(code: int, reason: str, message: str) -> tuple[int, Object]:
    """Why something was not done."""
    return code, {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code, "metadata": {}}


def matches(document: Object, selector: str) -> bool:
    """Whether an object has all labels of `a=b,c=d`."""
    labels = document["metadata"].get("labels", {})
    return all(labels.get(key) == value for key, _, value in (part.partition("=") for part in selector.split(",") if part))


def _target(path: str) -> tuple[str | None, str]:
    """Kind and name that a path means."""
    parts = path.strip("/").split("/")
    if "namespaces" not in parts:
        return None, ""
    kind, name = [*parts[parts.index("namespaces") + 2 :], ""][:2]
    return (kind if kind in KINDS else None), name
