"""Settings of the Kubernetes plugin: the cluster and the credentials for it, and what a queue wants of its pods.

In: texts by name, of the harvester and of queues. Out: frozen values, or SettingRefused with name, value and expectation.
Guards: what could give a pod more rights (its template) is a file at the site; a queue's settings cannot name it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agents.harvester.systems.http_settings import path_or_none, safe_address
from process.settings import SettingRefused, Settings

TEMPLATE_BYTES_MAX = 100_000
DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
#: Of the harvester alone: the cluster, and the credentials for it.
CLUSTER_NAMES = frozenset(
    {
        "api", "namespace", "ca_file", "certificate_file", "key_file", "token_file", "pod_template_file",
        "call_seconds", "submit_seconds", "listing_seconds", "submissions_at_once", "keep_seconds",
        "sweep_seconds",
    }
)  # fmt: skip
#: Of a queue; where the harvester sets them, too, a queue's own is taken.
QUEUE_NAMES = frozenset(
    {
        "image", "limits", "user", "node_selector", "tolerations", "priority_class", "runtime_class", "pull_secret",
        "pending_seconds_max",
    }
)  # fmt: skip


class Limits(StrEnum):
    """Which requests of a worker are its limits, too."""

    NONE = "none"
    MEMORY = "memory"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """Where the API server is and how it is asked.

    call_seconds: of one request. submit_seconds, listing_seconds: of all requests for one submission, or one listing;
    a submission ends before the deadline of its intent (20 s), or another harvester could take its workers for missed.
    keep_seconds: how long a Job that ended stays if no harvester removes it. sweep_seconds: how long it stays at least, for
    another harvester of the stack that has not seen the end yet. pod_template: fields of a pod's `spec` that the
    site adds to those of the plugin, as a merge patch; the worker's container is patched by its name.
    """

    api: str
    namespace: str
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    token_file: Path | None = None
    call_seconds: float = 10.0
    submit_seconds: float = 10.0
    listing_seconds: float = 60.0
    submissions_at_once: int = 8
    keep_seconds: int = 3 * 86_400
    sweep_seconds: float = 600.0
    pod_template: Mapping[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Address and namespace, as a submit host."""
        return f"{urlsplit(self.api).netloc}/{self.namespace}"


@dataclass(frozen=True, slots=True)
class PodSettings:
    """What a queue wants of its pods.

    user: number of the pod's user; 0 is root, for images that need it. tolerations: (key, value, effect), the value may be empty.
    pending_seconds_max: how long a pod may wait for a node on top of its wall time before the cluster itself gives it up.
    """

    image: str
    limits: Limits = Limits.MEMORY
    user: int = 1000
    node_selector: tuple[tuple[str, str], ...] = ()
    tolerations: tuple[tuple[str, str, str], ...] = ()
    priority_class: str = ""
    runtime_class: str = ""
    pull_secret: str = ""
    pending_seconds_max: int = 2 * 86_400


def read_cluster(settings: Mapping[str, str]) -> ClusterSettings:
    """The cluster that `settings` name; raises SettingRefused, OSError for a file that cannot be read."""
    _refuse_unknown(settings, CLUSTER_NAMES | QUEUE_NAMES)
    read = Settings(settings)
    namespace = read.text("namespace", "default")
    if not DNS_NAME.fullmatch(namespace):
        raise SettingRefused(f"namespace is {namespace[:80]!r}, expected a name of a-z, 0-9 and '-', at most 63 characters")
    found = ClusterSettings(
        api=safe_address(read, "api", "https://10.0.0.1:6443"),
        namespace=namespace,
        ca_file=path_or_none(read, "ca_file"),
        certificate_file=path_or_none(read, "certificate_file"),
        key_file=path_or_none(read, "key_file"),
        token_file=path_or_none(read, "token_file"),
        call_seconds=read.number("call_seconds", 10.0, lowest=0.1, highest=300.0),
        submit_seconds=read.number("submit_seconds", 10.0, lowest=0.1, highest=600.0),
        listing_seconds=read.number("listing_seconds", 60.0, lowest=0.1, highest=600.0),
        submissions_at_once=read.whole("submissions_at_once", 8, lowest=1, highest=64),
        keep_seconds=read.whole("keep_seconds", 3 * 86_400, lowest=60),
        sweep_seconds=read.number("sweep_seconds", 600.0),
        pod_template=_template(path_or_none(read, "pod_template_file")),
    )
    if (found.certificate_file is None) != (found.key_file is None):
        raise SettingRefused("certificate_file and key_file belong together, and only one of them is set")
    return found


def read_queue(settings: Mapping[str, str], defaults: Mapping[str, str]) -> PodSettings:
    """What a queue's `settings` ask for. defaults: of the harvester. Raises SettingRefused."""
    _refuse_unknown(settings, CLUSTER_NAMES | QUEUE_NAMES)
    read = Settings({name: value for name, value in {**defaults, **settings}.items() if name in QUEUE_NAMES})
    limits = read.text("limits", Limits.MEMORY)
    if limits not in tuple(Limits):
        raise SettingRefused(f"limits is {limits[:80]!r}, expected one of {', '.join(Limits)}")
    return PodSettings(
        image=read.text("image", expected="the image that workers run in"),
        limits=Limits(limits),
        user=read.whole("user", 1000, highest=2**31 - 1),
        node_selector=tuple(_pair("node_selector", word) for word in read.words("node_selector")),
        tolerations=tuple(_toleration(word) for word in read.words("tolerations")),
        priority_class=read.text("priority_class", ""),
        runtime_class=read.text("runtime_class", ""),
        pull_secret=read.text("pull_secret", ""),
        pending_seconds_max=read.whole("pending_seconds_max", 2 * 86_400, lowest=60, highest=366 * 86_400),
    )


def _refuse_unknown(settings: Mapping[str, str], known: frozenset[str]) -> None:
    for name in settings:
        if name not in known:
            raise SettingRefused(f"{name[:80]!r} is no setting of Kubernetes, expected one of {', '.join(sorted(known))}")


def _template(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    with path.open("rb") as file:
        text = file.read(TEMPLATE_BYTES_MAX + 1)
    try:
        found = json.loads(text) if len(text) <= TEMPLATE_BYTES_MAX else None
    except ValueError as problem:
        raise SettingRefused(f"pod_template_file {path} is no JSON: {problem}") from None
    if not isinstance(found, dict):
        raise SettingRefused(f"pod_template_file {path} is not a JSON object of at most {TEMPLATE_BYTES_MAX:,} bytes")
    return found


def _pair(name: str, word: str) -> tuple[str, str]:
    key, equals, value = word.partition("=")
    if not (key and equals):
        raise SettingRefused(f"{name} has {word[:80]!r}, expected key=value")
    return key, value


def _toleration(word: str) -> tuple[str, str, str]:
    """`key=value:effect` or `key:effect`, as kubectl writes taints."""
    head, _, effect = word.rpartition(":")
    key, _, value = head.partition("=")
    if not key or effect not in ("NoSchedule", "PreferNoSchedule", "NoExecute"):
        raise SettingRefused(f"tolerations has {word[:80]!r}, expected key=value:NoSchedule or key:NoSchedule")
    return key, value, effect
