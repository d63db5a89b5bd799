"""`culm status`: a long address stands on one line, so that it can be copied."""

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from cli import main

ADDRESS = f"postgresql://culm:***@127.0.0.1:25432/culm?options={'x' * 150}[a]"


def test_a_long_address_is_not_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"processes": [], "addresses": {"postgres": ADDRESS}}
    monkeypatch.setattr("deploy.stack.Stack.here", lambda: SimpleNamespace(status=lambda: document))

    told = CliRunner(env={"COLUMNS": "60"}).invoke(main.app, ["status"]).output

    assert f"postgres  {ADDRESS}" in told.splitlines()
