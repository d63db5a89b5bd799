"""Whether the API server can be used with these credentials, asked before the first worker is submitted.

In: a cluster. Out: an empty text, or what is missing. Guards: a role that lacks a verb is named at once, and not by the first
worker that cannot be ended.
"""

import msgspec

from agents.harvester.systems.bounded_http import NoAnswer, NotSent
from agents.harvester.systems.kubernetes_api import ApiServer

#: What the role in deploy/kubernetes/role.yaml gives: group, resource, verbs.
NEEDED = (
    ("batch", "jobs", ("create", "get", "list", "watch", "delete")),
    ("", "pods", ("list", "watch", "delete")),
    ("", "secrets", ("create",)),
)
VERSION = "authorization.k8s.io/v1"
REVIEWS = f"/apis/{VERSION}/selfsubjectaccessreviews"


class Verdict(msgspec.Struct, frozen=True):
    """Whether one verb is allowed."""

    allowed: bool = False


class Review(msgspec.Struct, frozen=True):
    """The answer to the question for one verb."""

    status: Verdict


def missing_permissions(api: ApiServer, namespace: str, seconds: float) -> str:
    """What these credentials may not do in `namespace`, or why that cannot be asked; empty if nothing is missing."""
    missing = []
    for group, resource, verbs in NEEDED:
        for verb in verbs:
            asked = {"namespace": namespace, "group": group, "resource": resource, "verb": verb}
            body = {"apiVersion": VERSION, "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": asked}}
            try:
                reply = api.ask("POST", REVIEWS, body=body, seconds=seconds)
                if not reply.is_good:
                    return f"the API server answered {reply.status}: {reply.problem.message[:300]}"
                review = msgspec.json.decode(reply.content, type=Review)
            except (NotSent, NoAnswer) as problem:
                return str(problem)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return "what answers is no API server of Kubernetes"
            if not review.status.allowed:
                missing.append(f"{verb} {resource}")
    return f"not allowed in namespace {namespace}: {', '.join(missing)} (deploy/kubernetes/role.yaml)" if missing else ""
