"""Read by schemathesis (`SCHEMATHESIS_HOOKS`): the check `no_leaks`, which looks at each answer for what it must not hold.

In: the file that `CULM_LEAK_WORDS` names, `{"what it is": ["word", ...]}`.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import schemathesis

from tests.openapi.leaks import leaks

WORDS_OF = "CULM_LEAK_WORDS"


def _words() -> Mapping[str, Sequence[str]]:
    found: Mapping[str, Sequence[str]] = json.loads(Path(os.environ[WORDS_OF]).read_text(encoding="utf-8"))
    return found


@schemathesis.check
def no_leaks(context: Any, response: Any, case: Any) -> None:
    """No answer holds a path, a stack trace, SQL, a token, a key, or what belongs to others."""
    request = response.request
    body = request.body or b""
    asked = f"{request.url}\n{dict(request.headers)}\n{body.decode(errors='replace') if isinstance(body, bytes) else body}"
    answer = f"{dict(response.headers)}\n{response.content.decode(errors='replace')}"
    found = leaks(answer, asked, _words())
    if found:
        raise AssertionError(f"the answer holds {'; '.join(found)}")
