"""Whether the registry still says what Culm registered: who may change it is not under Culm's control.

In: the registry by plain HTTP, the Avro files, the releases (`schemas/released`). Out: a violation for each rule of compatibility
that was loosened, each version that ours and the releases do not read, each subject that no message has.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
from avro.errors import AvroException

from check.laws import Violation
from schemas.catalog import messages
from schemas.evolution import current, incompatibilities, releases

LAW = "the registry has what was registered"
COMPATIBILITY = "FULL_TRANSITIVE"
NOT_FOUND = 404
OURS = "culm."


class RegistryUnaltered:
    """The law, over the registry that `client` reaches."""

    name = LAW

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.checked = 0

    def violations(self) -> Iterator[Violation]:
        """What is wrong; raises httpx.HTTPError when the registry does not answer."""
        yield from self._compatibility("/config", "the registry")
        then = [(f"release {number}", schemas) for number, schemas in releases()]
        known = [("the Avro files", current()), *then]
        subjects = {entry.subject: entry.full_name for entry in messages()}
        found = self._asked("/subjects") or []
        for subject in sorted(name for name in found if name.startswith(OURS)):
            place = f"/{quote(subject, safe='')}"
            self.checked += 1
            if subject not in subjects:
                yield Violation(LAW, subject, "no message of Culm has this subject")
                continue
            expected = [(name, of[subjects[subject]]) for name, of in known if subjects[subject] in of]
            # Without the question the registry says NONE of a subject that has no level of its own.
            yield from self._compatibility(f"/config{place}?defaultToGlobal=true", subject)
            for version in self._asked(f"/subjects{place}/versions") or []:
                document = self._asked(f"/subjects{place}/versions/{version}") or {}
                yield from self._unlike(subject, int(version), document, expected)

    def _compatibility(self, path: str, what: str) -> Iterator[Violation]:
        found = self._asked(path)
        level = COMPATIBILITY if found is None else found.get("compatibilityLevel") or found.get("compatibility")
        if level != COMPATIBILITY:
            yield Violation(LAW, what, f"compatibility is {str(level)[:40]!a}, expected {COMPATIBILITY}")

    def _unlike(self, subject: str, version: int, document: Any, known: list[tuple[str, Any]]) -> Iterator[Violation]:
        try:
            schema = json.loads(document["schema"])
            for name, expected in known:
                for why in incompatibilities(schema, expected):
                    yield Violation(LAW, f"{subject} version {version}", f"it and {name}: {why}"[:500])
        except (LookupError, TypeError, ValueError, AvroException) as problem:
            yield Violation(LAW, f"{subject} version {version}", f"it is no schema: {type(problem).__name__}")

    def _asked(self, path: str) -> Any:
        """The answer as JSON, None for what is not there."""
        answer = self._client.get(path)
        if answer.status_code == NOT_FOUND:
            return None
        answer.raise_for_status()
        return answer.json()


def altered(registry: str) -> tuple[int, list[Violation]]:
    """How many subjects of the registry at `registry` were looked at, and what is wrong with them."""
    with httpx.Client(base_url=registry, timeout=30.0) as client:
        law = RegistryUnaltered(client)
        found = list(law.violations())
        return law.checked, found
