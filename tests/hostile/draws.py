"""Values of a hypothesis strategy by a seed: the same seed, strategy and count give the same values."""

from typing import TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

T = TypeVar("T")
PROFILE = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    verbosity=Verbosity.quiet,
    print_blob=False,
)


def drawn(strategy: st.SearchStrategy[T], count: int, number: int) -> list[T]:
    """`count` values; a strategy that has fewer gives its values again. The simplest one, the first, is left out."""
    found: list[T] = []

    @seed(number)
    @settings(PROFILE, max_examples=count + 1)
    @given(strategy)
    def collect(value: T) -> None:
        found.append(value)

    collect()
    assert found, f"{strategy} gave no value"
    found = found[1:] or found
    return [found[place % len(found)] for place in range(count)]
