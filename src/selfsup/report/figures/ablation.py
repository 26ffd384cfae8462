"""An ablation as a picture: our means with intervals, and beside them, faint, what its paper printed."""

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes

from selfsup.report.ablations import Place, Point, note
from selfsup.report.content import Ablation, Group
from selfsup.report.figures.style import MARKERS, STYLE, Drawing, canvas, finished, handles

OUR_ROOM, FAINT_ROOM = 36, 18  # characters below a panel


def ablation(asked: Ablation, found: list[Point], group: Group) -> Drawing | None:
    """Return the figure, None where none of its runs has a number. Both panels have the same lines, axis and colours."""
    ours = [point for point in found if point.interval is not None]
    published = [point for point in found if point.published is not None]
    if not ours:
        return None
    places = list(dict.fromkeys(point.place for point in found))
    unit = ours[0].unit
    with mpl.rc_context(STYLE):
        figure = canvas(5.2, 2.5)
        panels = figure.subplots(1, 2 if published else 1, squeeze=False, width_ratios=[3, 2] if published else [1])[0]
        _panel(panels[0], asked, ours, places, faint=False)
        panels[0].set_ylabel(f"{_measured(asked, group)}{', ' * bool(unit)}{unit}")
        if published:
            _panel(panels[1], asked, published, places, faint=True)
            panels[1].set_title("as published", alpha=0.7)
        if len({point.line for point in found}) > 1:
            named = handles(panels)
            figure.legend(
                list(named.values()),
                list(named),
                loc="outside upper left",
                ncols=3,
                fontsize=7.5,
                frameon=False,
            )
    seeds = len(group.seeds)
    over = f"mean over {seeds} seeds, bars are 95 % t-intervals" if seeds > 1 else "one seed, no interval"
    theirs = " The faint panel is the paper's own data and encoder, with an axis of its own." if published else ""
    return finished(figure, f"ablation-{asked.name}", f"{asked.title}: {over}. {note(asked, group)}{theirs}")


def _measured(asked: Ablation, group: Group) -> str:
    """Return what the axis measures: the metric, or the protocol whose headline it is where all lines are of one."""
    first, *others = [s.protocol for s in group.scorings if s.protocol.name in asked.protocols]
    of_one = not others and asked.metric == first.shown.headline
    return first.title if of_one else first.shown.metrics[asked.metric].title


def _panel(axes: Axes, asked: Ablation, found: list[Point], places: list[Place], faint: bool) -> None:
    lines = list(dict.fromkeys([*asked.lines, *asked.published]))
    colours = sns.color_palette("colorblind", len(lines)).as_hex()
    for n, line in enumerate(lines):
        own = sorted((p for p in found if p.line == line), key=lambda point: _x(asked, point.place, places))
        shift = 0.06 * (n - (len(lines) - 1) / 2) if asked.scale == "categories" else 0.0
        axes.errorbar(
            [_x(asked, point.place, places) + shift for point in own],
            [_height(point, faint)[0] for point in own],
            [_height(point, faint)[1] for point in own],
            color=colours[n],
            marker=MARKERS[n % len(MARKERS)],
            linestyle="" if asked.scale == "categories" else "-",
            alpha=0.5 if faint else 1.0,
            elinewidth=0.8,
            label=line,
        )
    shown = places if asked.scale == "categories" else sorted({point.place for point in found}, key=float)
    _axis(axes, asked, shown, FAINT_ROOM if faint else OUR_ROOM)


def _axis(axes: Axes, asked: Ablation, places: list[Place], room: int) -> None:
    """Name the places; words and numbers that need more than ``room`` characters stand aslant."""
    axes.set_xlabel(asked.axis)
    axes.grid(axis="y")
    if asked.scale == "log":
        axes.set_xscale("log")
    words = [_word(place) for place in places]
    axes.set_xticks([_x(asked, place, places) for place in places], words, fontsize=7)
    if asked.scale == "categories":
        axes.set_xlim(-0.5, len(places) - 0.5)
    if sum(len(word) + 2 for word in words) > room:
        for label in axes.get_xticklabels():
            label.set(rotation=35, ha="right", rotation_mode="anchor")
    axes.minorticks_off()


def _height(point: Point, faint: bool) -> tuple[float, float]:
    """Return the mean and half the width of its interval; a published number has none."""
    if faint or point.interval is None:
        return point.published or 0.0, 0.0
    return point.interval.mean, point.interval.half_width or 0.0


def _x(asked: Ablation, place: Place, places: list[Place]) -> float:
    return float(places.index(place)) if asked.scale == "categories" or isinstance(place, str) else place


def _word(place: Place) -> str:
    return place if isinstance(place, str) else f"{place:g}"
