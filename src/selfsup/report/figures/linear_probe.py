"""The headline as a picture: every seed, its mean and interval."""

import matplotlib as mpl

from selfsup.report.content import Group
from selfsup.report.figures.style import RULE, STYLE, Drawing, canvas, finished, palette, spread
from selfsup.report.headline import Scores


def linear_probe(group: Group, scores: Scores) -> Drawing | None:
    """Return the dot plot of the first linear probe, variants from top to bottom in the suite's order."""
    probe = group.first_protocol("linear_probe")
    found = [(score, score.interval) for (_, key), score in scores.items() if key == probe and score.interval]
    if not found:
        return None
    colours = palette(group)
    with mpl.rc_context(STYLE):
        figure = canvas(5.2, 0.6 + 0.27 * len(found))
        axes = figure.subplots()
        for place, (score, interval) in enumerate(found):
            colour = colours[score.variant]
            if interval.half_width is not None:
                axes.plot([interval.low, interval.high], [place, place], color=colour, alpha=0.5)
            axes.plot(list(score.values.values()), [place] * len(score.values), "o", color=colour, ms=3, mfc="none")
            axes.plot([interval.mean], [place], "|", color=colour, ms=11, mew=1.8)
        axes.set_yticks(range(len(found)), [score.variant for score, _ in found])
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_xlabel("top-1 accuracy, %")
        axes.grid(axis="y", color=RULE)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    caption = f"Linear probe on {group.name}; circles are seeds, the bar their mean; {spread(group, 'lines are')}"
    return finished(figure, f"{group.name}-linear_probe", caption)
