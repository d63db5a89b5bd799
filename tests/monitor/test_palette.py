"""Any two groups of states differ for every reader: CIEDE2000 over the seven colours, also as the colour-blind see them."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

CSS = (Path(__file__).resolve().parents[2] / "api" / "monitor" / "static" / "culm.css").read_text()
GROUPS = ("waiting", "active", "success", "partial", "failed", "cancelled", "attention")
#: How linear RGB looks without one kind of cone (Machado, Oliveira and Fernandes 2009, severity 1).
SIGHTS = {
    "normal": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}


def seen_as(group: str, sight: str) -> np.ndarray:
    """The Lab colour of a group as an observer sees it."""
    found = re.search(rf"--{group}: #([0-9a-f]{{6}});", CSS)
    assert found is not None, f"culm.css gives {group} no colour"
    rgb = np.array([int(found[1][place : place + 2], 16) / 255 for place in (0, 2, 4)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    shown = np.clip(SIGHTS[sight] @ linear, 0, 1)
    back = np.where(shown <= 0.0031308, shown * 12.92, 1.055 * shown ** (1 / 2.4) - 0.055)
    lab: np.ndarray = rgb2lab(back.reshape(1, 1, 3)).reshape(3)
    return lab


@pytest.mark.parametrize("sight", SIGHTS)
def test_any_two_groups_of_states_can_be_distinguished(sight: str) -> None:
    least = 20.0 if sight == "normal" else 15.0

    near = [
        (one, other)
        for one, other in itertools.combinations(GROUPS, 2)
        if float(deltaE_ciede2000(seen_as(one, sight), seen_as(other, sight))) < least  # type: ignore[no-untyped-call]
    ]

    assert near == []
