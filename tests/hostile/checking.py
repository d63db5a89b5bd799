"""What the independent checker says of a log in which senders forged commands.

A command on a topic that claims to come from Culm itself looks like one that does; what it breaks among the things
of its sender is its own. Everything that names the bystander, and every law about the log as such, counts.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from check.brokers import Brokers
from check.laws import CompleteDecisions, GaplessSequences, OneAnswerEach, Violation
from check.reading import LogReader, read_model
from check.report import laws_of_the_log, laws_of_the_rows
from check.rows import views
from deploy.config import CHECKOUT
from deploy.stack import Stack
from eventlog.registry import codec_from
from process.kafka_security import environment_of
from schemas.ids import FIRST_TASK_ID, task_id_of

#: Laws that no command of any sender can break.
DIED = "the checker ends in order"
OF_THE_LOG = (DIED, GaplessSequences.name, CompleteDecisions.name, OneAnswerEach.name)


def violations_of(stack: Stack) -> tuple[list[Violation], int]:
    """Every violation, and at how much the checker looked; a checker that dies is a violation, too.

    In a process of its own: it reads a log that may hold anything.
    """
    config = stack.config
    command = [sys.executable, "-W", "ignore", "-m", "tests.hostile.checking", config.registry, config.postgres]
    environ = {**os.environ, **environment_of(config.kafka)}
    done = subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=False)
    try:
        described = json.loads(done.stdout)
    except ValueError:
        return [Violation(DIED, f"exit code {done.returncode}", done.stderr.strip()[-300:])], 0
    return [Violation(*row) for row in described["violations"]], int(described["checked"])


def check(kafka: str, registry: str, postgres: str) -> dict[str, Any]:
    """Violations as rows, and how much was checked."""
    compared = views()
    model = read_model(postgres, compared)
    reader = LogReader(kafka, codec_from(registry))
    laws = [*laws_of_the_log(reader.settled()), *laws_of_the_rows(model, compared)]
    found = [violation for record in reader.records() for law in laws for violation in law.see(record)]
    found += [violation for law in laws for violation in law.end()]
    return {"violations": [(one.law, one.place, one.found) for one in found], "checked": sum(law.checked for law in laws)}


def hurting(violations: Iterable[Violation], tasks: Sequence[int], queues: Sequence[str]) -> list[Violation]:
    """Those of the violations that are not the senders' own. tasks, queues: the bystander's."""
    return [one for one in violations if one.law in OF_THE_LOG or names(f"{one.place} {one.found}", tasks, queues)]


def names(text: str, tasks: Sequence[int], queues: Sequence[str]) -> bool:
    """True when a text names one of the tasks, one of their jobs, or one of the queues."""
    numbers = {int(word) for word in re.findall(r"\d{8,18}", text)}
    numbers |= {task_id_of(number) for number in numbers if number >= FIRST_TASK_ID}
    return not numbers.isdisjoint(tasks) or any(queue in text for queue in queues)


def described(violations: Sequence[Violation]) -> tuple[str, ...]:
    """A sentence a law: how often it was broken, and the first time."""
    first: dict[str, Violation] = {}
    count: dict[str, int] = {}
    for violation in violations:
        first.setdefault(violation.law, violation)
        count[violation.law] = count.get(violation.law, 0) + 1
    return tuple(f"{law}: {count[law]}, first {one.place}: {one.found[:200]}" for law, one in first.items())


if __name__ == "__main__":
    json.dump(check(Brokers(os.environ), *sys.argv[1:3]), sys.stdout, default=str)
