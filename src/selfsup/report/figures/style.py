"""One look for every figure: a colour-blind palette, thin rules, and SVG that is the same bytes each time."""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from selfsup.report.content import Group
from selfsup.report.headline import anchor

INK, GREY, RULE = "#1b1b1b", "#8a8a8a", "#d9d9d9"
WIDE_PT = 520
MARKERS = "osD^vPX<>*"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "selfsup",
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 4,
}


@dataclass(frozen=True)
class Drawing:
    """A finished figure: ``name`` is its file's, ``caption`` stands below it and is read aloud in its place."""

    name: str
    caption: str
    svg: str

    @property
    def wide(self) -> bool:
        """Whether it needs a page's whole width."""
        width = re.search(r'<svg[^>]*?\bwidth="([\d.]+)pt"', self.svg)
        return width is not None and float(width[1]) > WIDE_PT

    @property
    def inline(self) -> str:
        """The SVG for inside a page: unique ids, no namespaces, and the page's own ink, in light and in dark."""
        text = re.sub(
            r"<style.*?</style>|\sxmlns(:\w+)?=\"[^\"]*\"", "", self.svg[self.svg.index("<svg") :], flags=re.S
        )
        text = re.sub(r"(\bid=\"|\"#|url\(#)", rf"\g<1>{self.name}-", text)
        text = text.replace(INK, "currentColor").replace(RULE, "var(--rule)")
        return text.replace("<svg ", f'<svg role="img" aria-label="{self.caption}" ', 1)


def palette(group: Group) -> dict[str, str]:
    """Return a colour for each variant: anchors without hue, the others in the order of the suite."""
    count = len(group.variants)
    hues = iter((sns.color_palette("colorblind", count) if count <= 10 else sns.husl_palette(count, l=0.5)).as_hex())
    grey = iter([GREY, INK])
    return {variant: next(grey, INK) if anchor(group, variant) else next(hues) for variant in group.variants}


def markers(group: Group) -> dict[str, str]:
    """Return a marker for each variant, so that no line is told by its colour alone."""
    return {variant: MARKERS[n % len(MARKERS)] for n, variant in enumerate(group.variants)}


def spread(group: Group, mark: str) -> str:
    """Return the end of a caption: what ``mark`` shows of the seeds, or that one seed shows nothing."""
    if len(group.seeds) < 2:
        return "one seed, no interval."
    return f"mean over {len(group.seeds)} seeds, {mark} 95 % t-intervals."


def canvas(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that lies on any background."""
    return Figure(figsize=(width_in, height_in), layout="constrained", facecolor="none")


def handles(panels: Iterable[Axes]) -> dict[str, Artist]:
    """Return a handle for each line by its label, drawn by whichever panel has it first."""
    found: dict[str, Artist] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(str(label), handle)
    return found


def legend(axes: Axes, *others: Axes) -> None:
    """Put the legend of the axes, and of others beside them, to their right."""
    found = handles([*others, axes])
    look = {"bbox_to_anchor": (1.01, 0.5), "handlelength": 1.6, "fontsize": 7.5}
    axes.legend(list(found.values()), list(found), loc="center left", **look)


def finished(figure: Figure, name: str, caption: str) -> Drawing:
    """Return the figure as SVG without a date, a creator or anything else that differs between two runs."""
    for axes in figure.axes:
        axes.set_facecolor("none")
    stream = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", stream.getvalue(), flags=re.S)
    return Drawing(name, caption, text)
