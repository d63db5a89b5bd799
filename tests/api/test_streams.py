"""Streams end with the login that they were begun with, and one member has a bounded number of them."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.http.access import Gate
from api.http.streams import STREAMS_OF_ONE_MAX, TooManyStreams
from identity.identity import Identity
from tests.api.builders import a_request, run
from tests.identity.builders import a_gate, a_token

Closed = list[str]


async def numbers(closed: Closed) -> AsyncIterator[int]:
    """1, 2, 3 and so on; notes that it was closed."""
    try:
        number = 0
        while True:
            number += 1
            yield number
    finally:
        closed.append("closed")


def test_a_stream_ends_when_its_token_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, closed = a_gate(tmp_path), Closed()
    end = int(time.time()) + 60
    token = a_token(tmp_path, exp=end)

    async def seen() -> list[int]:
        request = a_request({"Authorization": f"Bearer {token}", "Origin": "wlcg"})
        found = []
        async for number in gate.of_one_member(request, await gate.identity_of(request), numbers(closed)):
            found.append(number)
            if number == 3:
                monkeypatch.setattr("time.time", lambda: end)
        return found

    assert run(seen()) == [1, 2, 3]
    assert closed == ["closed"]


def test_a_stream_ends_when_its_issuer_is_removed(tmp_path: Path) -> None:
    gate, closed = a_gate(tmp_path), Closed()
    request = a_request({"Authorization": f"Bearer {a_token(tmp_path)}", "Origin": "wlcg"})

    async def seen() -> list[int]:
        found = []
        async for number in gate.of_one_member(request, await gate.identity_of(request), numbers(closed)):
            found.append(number)
            gate.verifier.trust([])
        return found

    assert run(seen()) == [1]


def test_a_stream_without_a_bearer_token_ends_when_its_own_login_does(tmp_path: Path) -> None:
    gate, closed = a_gate(tmp_path), Closed()
    answers = iter([True, False])

    async def holds() -> bool:
        return next(answers)

    async def seen() -> list[int]:
        jane = await gate.member(a_token(tmp_path), "wlcg")
        return [number async for number in gate.of_one_member(a_request({}), jane, numbers(closed), holds)]

    assert run(seen()) == [1]


def test_one_member_has_a_bounded_number_of_streams_and_gets_room_again(tmp_path: Path) -> None:
    gate, closed = a_gate(tmp_path), Closed()
    request = a_request({"Authorization": f"Bearer {a_token(tmp_path)}", "Origin": "wlcg"})

    async def opened(gate: Gate, identity: Identity) -> AsyncIterator[int]:
        stream = gate.of_one_member(request, identity, numbers(closed))
        await anext(stream)
        return stream

    async def scene() -> None:
        jane = await gate.identity_of(request)
        streams = [await opened(gate, jane) for _ in range(STREAMS_OF_ONE_MAX)]
        with pytest.raises(TooManyStreams, match=f"at most {STREAMS_OF_ONE_MAX} streams"):
            await opened(gate, jane)
        await streams[0].aclose()  # type: ignore[attr-defined]  # a generator
        await opened(gate, jane)

    run(scene())
