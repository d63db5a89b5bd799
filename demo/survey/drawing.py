"""Draws a survey: the picture with its sources, and how many sources there are of each magnitude."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from .catalogue import relative_magnitudes
from .source import Source
from .tile import Tile

BACKGROUND = "#0b0e14"
TEXT = "#d7dce5"
FAINT = "#5c6575"
ACCENT = "#7fd1c7"
WARM = "#f2a65a"

BRIGHT_TO_FAINT = LinearSegmentedColormap.from_list("bright_to_faint", ("#ffe08a", "#ff9f68", "#b99cf0", "#6fb7e8", "#5fa3b8"))
TITLE: dict[str, Any] = {"fontsize": 18, "pad": 12, "loc": "left"}

ELLIPSE_SIZE = 3.0
"""Semi-axes drawn, in root mean squares: about where the eye sees a source end."""

BIN_MAGNITUDES = 0.5
LABELLED_SOURCES = 10

# matplotlib's stubs want a dictionary of its own literal keys
STYLE: Any = {
    "figure.facecolor": BACKGROUND, "savefig.facecolor": BACKGROUND, "axes.facecolor": BACKGROUND,
    "axes.edgecolor": FAINT, "axes.labelcolor": TEXT, "axes.titlecolor": TEXT, "text.color": TEXT,
    "xtick.color": FAINT, "ytick.color": FAINT, "xtick.labelcolor": TEXT, "ytick.labelcolor": TEXT,
    "font.family": "DejaVu Sans", "font.size": 11,
}  # fmt: skip


def draw_sources(picture: NDArray[np.uint8], tiles: Sequence[Tile], sources: Sequence[Source], path: Path) -> None:
    """Write a PNG of `picture` with an ellipse around every source, the brightest numbered, tile edges faint."""
    height, width = picture.shape[:2]
    with mpl.rc_context(STYLE):
        figure, axes, scale = picture_axes(width, height)
        axes.imshow(picture, interpolation="lanczos")
        for tile in tiles:
            axes.add_patch(
                Rectangle((tile.x - 0.5, tile.y - 0.5), tile.width, tile.height, fill=False, color="white", alpha=0.14)
            )
        magnitudes = np.array(relative_magnitudes(sources))
        ellipses = EllipseCollection(
            [2 * ELLIPSE_SIZE * source.major for source in sources],
            [2 * ELLIPSE_SIZE * source.minor for source in sources],
            [source.angle for source in sources],
            units="xy",
            offsets=[(source.x, source.y) for source in sources],
            offset_transform=axes.transData,
            facecolors="none",
            linewidths=np.clip(1.7 - 0.14 * magnitudes, 0.7, 1.7),
            cmap=BRIGHT_TO_FAINT,
            array=magnitudes,
        )
        axes.add_collection(ellipses)
        number_the_brightest(axes, sources, width)
        axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), xlabel="x / pixels", ylabel="y / pixels")
        axes.set_title(f"Hubble eXtreme Deep Field: {len(sources):,} sources, found in {len(tiles)} tiles", **TITLE)
        bar = figure.colorbar(ellipses, cax=scale)
        bar.set_label("magnitude relative to the brightest source")
        bar.ax.invert_yaxis()
        figure.savefig(path, dpi=125)


def picture_axes(width: int, height: int) -> tuple[Figure, Axes, Axes]:
    """A figure around a picture of `width` times `height` pixels, its axes, and those of a colour bar beside it."""
    across = 15.0
    up = across * height / width
    left, right, bottom, top = 0.85, 1.35, 0.8, 0.75
    size = (left + across + right, bottom + up + top)
    figure = Figure(figsize=size)
    axes = figure.add_axes((left / size[0], bottom / size[1], across / size[0], up / size[1]))
    scale = figure.add_axes(((left + across + 0.25) / size[0], bottom / size[1], 0.22 / size[0], up / size[1]))
    return figure, axes, scale


def number_the_brightest(axes: Axes, sources: Sequence[Source], width: int) -> None:
    """Write the catalogue number of the brightest sources at the upper right of their ellipses, inside the picture."""
    for number, source in enumerate(sources[:LABELLED_SOURCES], start=1):
        right = source.x + ELLIPSE_SIZE * source.major < width
        towards = np.radians(-45 if right else -135)
        within = towards - np.radians(source.angle)
        reach = ELLIPSE_SIZE / np.hypot(np.cos(within) / source.major, np.sin(within) / source.minor)
        label = axes.annotate(
            str(number),
            (source.x + reach * np.cos(towards), source.y + reach * np.sin(towards)),
            (3 if right else -3, 2),
            textcoords="offset points",
            ha="left" if right else "right",
            fontsize=14,
            fontweight="bold",
            color="white",
        )
        label.set_path_effects([withStroke(linewidth=3, foreground=BACKGROUND)])


def draw_number_counts(sources: Sequence[Source], path: Path) -> None:
    """Write a PNG of the number of sources a magnitude bin, with counting errors, and of all brighter ones."""
    magnitudes = np.array(relative_magnitudes(sources))
    edges = np.arange(0, magnitudes.max() + BIN_MAGNITUDES, BIN_MAGNITUDES)
    counts, _ = np.histogram(magnitudes, edges)
    middles = (edges[:-1] + edges[1:]) / 2
    seen = counts > 0
    peak = edges[int(np.argmax(counts)) : int(np.argmax(counts)) + 2]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 7))
        axes = figure.add_axes((0.09, 0.1, 0.87, 0.78))
        axes.axvspan(peak[1], edges[-1] + 0.25, color="white", alpha=0.05, lw=0)
        axes.step(np.sort(magnitudes), np.arange(1, len(magnitudes) + 1), where="post", color=WARM, lw=1.6)
        axes.errorbar(
            middles[seen],
            counts[seen],
            yerr=counting_errors(counts[seen]),
            fmt="o",
            ms=6,
            color=ACCENT,
            capsize=3,
            lw=1.2,
        )
        axes.set_yscale("log")
        axes.set(xlim=(-0.25, edges[-1] + 0.25), ylim=(0.6, 2 * len(sources)))
        axes.set_xlabel("magnitude relative to the brightest source")
        axes.set_ylabel("number of sources")
        axes.grid(which="major", color="white", alpha=0.07)
        axes.annotate("all brighter sources", (5.0, np.sum(magnitudes < 5.0)), (-14, 8), ha="right", color=WARM,
                      textcoords="offset points")  # fmt: skip
        axes.annotate(f"in bins of {BIN_MAGNITUDES} magnitudes", (2.25, np.interp(2.25, middles, counts)), (14, -18),
                      color=ACCENT, textcoords="offset points")  # fmt: skip
        axes.text((peak[1] + edges[-1]) / 2 + 0.12, 0.75, "too faint:\nincomplete", ha="center",
                  color=FAINT)  # fmt: skip
        figure.text(0.09, 0.94, f"Number counts of {len(sources):,} sources", fontsize=17)
        figure.text(0.09, 0.903, "8-bit picture stretched for the eye: magnitudes compare sources, uncalibrated",
                    color=FAINT, fontsize=10)  # fmt: skip
        figure.savefig(path, dpi=130)


def counting_errors(counts: NDArray[np.int_]) -> NDArray[np.float64]:
    """Downward and upward errors of `counts` (both at 84 %), after Gehrels, Astrophysical Journal 303 (1986) 336."""
    up = np.sqrt(counts + 0.75) + 1
    down = counts - counts * (1 - 1 / (9 * counts) - 1 / (3 * np.sqrt(counts))) ** 3
    return np.array([np.minimum(down, counts * 0.9), up])
