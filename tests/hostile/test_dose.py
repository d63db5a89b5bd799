"""A dose of hostile messages on a stack of its own: the bystander lives on, nothing restarts, the checker finds nothing."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.stack import Stack
from tests.conftest import PORTS_OFFSET, brought_up, stack_for_tests
from tests.hostile import report, verdict
from tests.hostile.actors import OTHER_VO
from tests.hostile.attack import Attack
from tests.hostile.ground import VO
from tests.hostile.shrink import command_of

SEED = 11
MESSAGES = 500
LIVES = 24
PER_SECOND = 15.0
#: A p99 of 24 lives is the slowest of them: on a shared machine anything below this says nothing.
FLOOR_SECONDS = 3.0


@pytest.fixture
def attacked() -> Iterator[Stack]:
    """A stack with two organisations that nothing else uses: what is sent may not be asked of any other."""
    one = stack_for_tests(f"hostile-{PORTS_OFFSET}", PORTS_OFFSET + 1_300)
    yield from brought_up(replace(one, environ={**one.environ, "CULM_VOS": f"{VO},{OTHER_VO}"}), only_servers=False)


@pytest.mark.stack
@pytest.mark.timeout(600)
def test_a_dose_of_hostile_messages_hurts_no_one_but_their_senders(attacked: Stack) -> None:
    attack = Attack(attacked, SEED, MESSAGES, PER_SECOND, LIVES)

    seen = attack.run()

    faults = verdict.faults(seen, FLOOR_SECONDS)
    document = report.document_of(seen, faults, f"the dose, seed {SEED}")
    print("\n".join(report.markdown(document)))
    print(f"To repeat it: {command_of(attack.suspects(seen), SEED)}")
    assert faults == []
    assert len(seen.outcomes) >= MESSAGES
    assert len({outcome.message.kind for outcome in seen.outcomes}) > 150
    assert seen.after.checked > 3_000
