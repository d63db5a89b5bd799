"""Streams that end with the right to them.

In: the stream of a route and the request that it answers. Out: the same stream, until the login of the request is not believed
any more: its token ended, its issuer was removed. Guards: one member has a bounded number of streams at a time; whether a login
holds is asked at every item, and streams have an item every few seconds, also when nothing happens.
"""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from api.http.errors import ApiError
from identity.identity import Identity

STREAMS_OF_ONE_MAX = 30
T = TypeVar("T")


class TooManyStreams(ApiError):
    """The member follows as much as one may."""

    status = 429
    title = "Too many streams"


class OpenStreams:
    """The streams of this process, by member."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()

    def of(
        self, identity: Identity, stream: AsyncIterator[T], still_holds: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[T]:
        """`stream`, while `still_holds`; raises TooManyStreams."""
        if self._open[identity.subject] >= STREAMS_OF_ONE_MAX:
            raise TooManyStreams(f"at most {STREAMS_OF_ONE_MAX} streams at a time; close one first")
        return self._counted(identity.subject, stream, still_holds)

    async def _counted(
        self, subject: str, stream: AsyncIterator[T], still_holds: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[T]:
        self._open[subject] += 1
        try:
            async for item in stream:
                if not await still_holds():
                    return
                yield item
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
            self._open[subject] -= 1
            if not self._open[subject]:
                del self._open[subject]
