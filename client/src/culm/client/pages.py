"""Lists as iterators over all of their pages. A page is asked for when its first row is needed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic

from culm.client.calls import Call
from culm.client.frames import to_pandas, to_polars
from culm.client.problems import UnexpectedAnswer
from culm.client.rows import R, row_of

if TYPE_CHECKING:
    import pandas
    import polars


class Pages(Generic[R]):
    """All rows of a list: `for row in pages`. Each iteration asks again from the first page.

    The argument `limit` of the call is the number of rows of one page, 1 to 1,000, not of all.
    """

    def __init__(self, send: Callable[[Call], Any], call: Call, kind: type[R], name: str) -> None:
        self._send = send
        self._call = call
        self._kind = kind
        self._name = name

    def __iter__(self) -> Iterator[R]:
        for page in self.pages():
            yield from page

    def pages(self) -> Iterator[list[R]]:
        """The rows page by page."""
        call: Call | None = self._call
        while call is not None:
            page, call = page_of(call, self._send(call), self._kind, self._name)
            yield page

    def to_pandas(self) -> "pandas.DataFrame":
        """All rows as a frame of pandas."""
        return to_pandas(self)

    def to_polars(self) -> "polars.DataFrame":
        """All rows as a frame of polars."""
        return to_polars(self)


class AsyncPages(Generic[R]):
    """As `Pages`, for `async for`."""

    def __init__(self, send: Callable[[Call], Awaitable[Any]], call: Call, kind: type[R], name: str) -> None:
        self._send = send
        self._call = call
        self._kind = kind
        self._name = name

    async def __aiter__(self) -> AsyncIterator[R]:
        async for page in self.pages():
            for row in page:
                yield row

    async def pages(self) -> AsyncIterator[list[R]]:
        """The rows page by page."""
        call: Call | None = self._call
        while call is not None:
            page, call = page_of(call, await self._send(call), self._kind, self._name)
            yield page

    async def to_pandas(self) -> "pandas.DataFrame":
        """All rows as a frame of pandas."""
        return to_pandas([row async for row in self])

    async def to_polars(self) -> "polars.DataFrame":
        """All rows as a frame of polars."""
        return to_polars([row async for row in self])


def page_of(call: Call, document: Any, kind: type[R], name: str) -> tuple[list[R], Call | None]:
    """The rows of a page and the call for the next one, None on the last; raises UnexpectedAnswer for one that does not go on."""
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise UnexpectedAnswer(f"{call.path}: found no {name}, expected a page of them")
    following = document.get("next")
    if following is not None and str(following) == str(call.query.get("after")):
        raise UnexpectedAnswer(f"{call.path}: the page after {following} names itself as the next")
    return [row_of(kind, one) for one in found], None if following is None else call.after(str(following))
