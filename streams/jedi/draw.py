"""Draws that anyone can repeat: numbers that follow from a seed and what is drawn, never from a generator's state."""

from collections.abc import Mapping
from hashlib import sha256


def fraction(seed: str, *parts: object) -> float:
    """A number in [0, 1), evenly spread over different seeds and parts, always the same for the same ones."""
    text = ":".join((seed, *(str(part) for part in parts)))
    return int.from_bytes(sha256(text.encode()).digest()[:7]) / 2**56


def draw(weights: Mapping[str, float], seed: str, *parts: object) -> str:
    """One of the keys of `weights`, proportional to its weight; `weights` holds at least one key, all above 0."""
    assert weights, "nothing to draw from"
    assert all(weight > 0 for weight in weights.values()), f"weights must be above 0: {dict(weights)}"
    left = fraction(seed, *parts) * sum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return list(weights)[-1]
