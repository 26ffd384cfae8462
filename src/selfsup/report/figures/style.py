"""The style of all figures: a colour-blind palette, thin rules, and SVG that is the same bytes each time."""

import html
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

from selfsup.report.group import Group

INK, GREY, RULE = "#1b1b1b", "#8a8a8a", "#d9d9d9"
GREYS = {"floor": GREY, "classical": "#5c5c5c", "labels": INK}  # of anchors, by role
WIDE_PT = 520
MARKERS = "osD^vPX<>*"
DEFAULTS = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith("backend")}
STYLE: dict[Any, Any] = DEFAULTS | {  # whatever a user's matplotlibrc says
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name with dollars is a name
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
class Plot:
    """A finished figure: ``name`` is its file's; the ``caption`` is also its alternative text. ``behind`` is the JSON of what the
    page shows where the pointer is on a point, empty for nothing."""

    name: str
    caption: str
    svg: str
    behind: str = ""

    @property
    def wide(self) -> bool:
        """Whether it needs the whole width of the page."""
        width = re.search(r'<svg[^>]*?\bwidth="([\d.]+)pt"', self.svg)
        return width is not None and float(width[1]) > WIDE_PT

    @property
    def inline(self) -> str:
        """The SVG for inside a page: unique ids, no namespaces, and the page's text colour, which has a dark mode."""
        svg = self.svg[self.svg.index("<svg") :]
        svg = re.sub(r"<style.*?</style>|\sxmlns(:\w+)?=\"[^\"]*\"", "", svg, flags=re.S)
        svg = re.sub(r"(\bid=\"|\"#|url\(#)", rf"\g<1>{self.name}-", svg)
        svg = svg.replace(INK, "currentColor").replace(RULE, "var(--rule)")
        return svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(self.caption)}" ', 1)


def palette(group: Group) -> dict[str, str]:
    """Return a colour for each variant: a grey of its role for anchors, hues for the others in the order of the suite."""
    count = len(group.variants)
    unused = iter(hues(count))
    return {variant: GREYS.get(group.roles.get(variant, "")) or next(unused) for variant in group.variants}


def hues(count: int) -> list[str]:
    """Return so many colours that are told apart."""
    return list((sns.color_palette("colorblind", count) if count <= 10 else sns.husl_palette(count, l=0.5)).as_hex())


def markers(group: Group) -> dict[str, str]:
    """Return a marker for each variant, so that lines differ in more than colour."""
    return {variant: MARKERS[n % len(MARKERS)] for n, variant in enumerate(group.variants)}


def over_seeds(group: Group, mark: str) -> str:
    """Return the end of a caption: what ``mark`` shows of the seeds, or that there is only one."""
    if not group.repeated:
        return "one seed, no interval."
    return f"mean over {group.seeds}, {mark} 95 % t-intervals."


def canvas(width_in: float, height_in: float) -> Figure:
    """Return an empty figure on a transparent background."""
    return Figure(figsize=(width_in, height_in), layout="constrained", facecolor="none")


def handles(panels: Iterable[Axes]) -> dict[str, Artist]:
    """Return a handle for each line by its label, from the first panel that has it."""
    by_label: dict[str, Artist] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            by_label.setdefault(str(label), handle)
    return by_label


def legend(axes: Axes, *others: Axes) -> None:
    """Put the legend of the axes, and of others beside them, to their right."""
    by_label = handles([*others, axes])
    options = {"bbox_to_anchor": (1.01, 0.5), "handlelength": 1.6, "fontsize": 7.5}
    axes.legend(list(by_label.values()), list(by_label), loc="center left", **options)


def plot(figure: Figure, name: str, caption: str, behind: str = "") -> Plot:
    """Return the figure as SVG without a date or a creator; call it in the style that the figure was made in."""
    for axes in figure.axes:
        axes.set_facecolor("none")
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    return Plot(name, caption, re.sub(r"\s*<metadata>.*?</metadata>", "", stream.getvalue(), flags=re.S), behind)
