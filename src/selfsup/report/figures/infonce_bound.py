"""InfoNCE against the batch size: it rises with log N until the information that is there."""

from collections.abc import Sequence

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes

from selfsup.report.figures.style import GREY, INK, STYLE, Drawing, canvas, finished, legend
from selfsup.report.infonce_bound import CRITICS, NAME, Estimate

SHAPES = {"estimate_optimal": "o", "estimate_learned": "s"}


def infonce_bound(found: Sequence[Estimate]) -> Drawing | None:
    """Return a panel for each information I: estimates against N, with min(I, log N) as a line; None without any.

    Source: van den Oord et al. 2018, section 2.3; Poole et al. 2019, section 2.3.
    """
    levels = sorted({estimate.information for estimate in found})
    if not levels:
        return None
    with mpl.rc_context(STYLE):
        figure = canvas(1.5 + 1.45 * len(levels), 2.4)
        panels = figure.subplots(1, len(levels), sharey=True, squeeze=False)[0]
        for axes, level in zip(panels, levels, strict=True):
            _panel(axes, [estimate for estimate in found if estimate.information == level])
            axes.set_title(f"I = {level:.4g} nats")
        panels[0].set_ylim(bottom=0)
        panels[0].set_ylabel("InfoNCE estimate, nats")
        figure.supxlabel("batch size N", fontsize=8)
        legend(panels[-1])
    caption = (
        "InfoNCE estimates of the mutual information of correlated Gaussians; the line is min(I, log N), dots I; "
        "bars are 95 % t-intervals over seeds."
    )
    return finished(figure, NAME, caption)


def _panel(axes: Axes, found: Sequence[Estimate]) -> None:
    sizes = [estimate.batch_size for estimate in found]
    axes.plot(sizes, [estimate.bound for estimate in found], color=INK, linewidth=0.9, label="min(I, log N)")
    axes.axhline(found[0].information, color=GREY, linestyle=":", linewidth=0.9, label="I")
    for metric, colour in zip(CRITICS, sns.color_palette("colorblind", len(CRITICS)).as_hex(), strict=True):
        own = [(e.batch_size, e.critics[metric]) for e in found if metric in e.critics]
        axes.errorbar(
            [n for n, _ in own],
            [interval.mean for _, interval in own],
            [interval.half_width or 0.0 for _, interval in own],
            color=colour,
            marker=SHAPES[metric],
            linestyle="",
            elinewidth=0.8,
            label=CRITICS[metric],
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [str(size) for size in sizes], rotation=45, fontsize=6.5)
    axes.minorticks_off()
    axes.grid(axis="y")
