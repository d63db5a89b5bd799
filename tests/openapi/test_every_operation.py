"""Every operation of the OpenAPI document, asked without a token: no server error, and no answer leaks.

A few examples of each. `make openapi` asks with more, and with weak, broken and foreign tokens.
"""

import re

import pytest

from deploy.stack import Stack
from tests.openapi.__main__ import callers
from tests.openapi.asking import asked

EXAMPLES, SEED = 2, 11
#: As schemathesis counts operations, in its report.
SELECTED, TESTED = re.compile(r"Selected: (\d+)/(\d+)"), re.compile(r"Tested: (\d+)")


@pytest.mark.stack
def test_without_a_token_no_operation_ends_in_an_error_of_the_server_or_shows_what_is_another_s(stack: Stack) -> None:
    caller = next(callers(stack))

    done = asked(f"{stack.config.api}/openapi.json", caller, EXAMPLES, SEED, workers=2)

    assert done.returncode == 0, done.stdout
    selected, tested = SELECTED.search(done.stdout), TESTED.search(done.stdout)
    assert selected is not None, done.stdout
    assert tested is not None, done.stdout
    assert int(selected[1]) > 100
    assert tested[1] == selected[1]
