"""How far off answers are: the share of them within each error."""

import h5py
import matplotlib as mpl
import numpy as np

from selfsup.config.shown import Figure as Asked
from selfsup.report.content import Group, Scoring
from selfsup.report.figures.style import GREY, STYLE, Drawing, canvas, finished, legend, palette
from selfsup.report.gallery import kept_file

DASHES = ("--", ":", "-.")


def curve(group: Group, scoring: Scoring, asked: Asked) -> Drawing | None:
    """Return the cumulative distribution of an error, a line a variant and a baseline; None where none was measured.

    Source: Florence et al. 2018 (Dense Object Nets), section 5: the share of matches against the normalised error.
    """
    curves = {variant: found for variant in group.variants if (found := _curves(group, scoring, asked, variant))}
    if not curves:
        return None
    shown = scoring.protocol.shown
    metric, beside = shown.metrics[asked.metric], next(iter(curves.values()))
    share = 100 * np.linspace(0, 1, len(beside[asked.method]))
    with mpl.rc_context(STYLE):
        figure = canvas(5.2, 2.6)
        axes = figure.subplots()
        for variant, found in curves.items():
            axes.plot(found[asked.method], share, color=palette(group)[variant], label=group.title(variant))
        names = [name for name in beside if name != asked.method]
        for name, dash in zip(names, DASHES, strict=False):
            axes.plot(beside[name], share, color=GREY, linestyle=dash, linewidth=0.9, label=shown.name(name))
        axes.set_xlim(0, asked.end)
        axes.set_ylim(0, 100)
        axes.set_xlabel(
            ", ".join(part for part in (metric.title.removeprefix("mean "), metric.unit, metric.note) if part)
        )
        axes.set_ylabel("share within it, %")
        axes.grid()
        legend(axes)
    seeds = f"each quantile is the mean over {len(group.seeds)} seeds" if len(group.seeds) > 1 else "one seed"
    name = f"{group.name}-{scoring.slug}-curve"
    return finished(figure, name, f"{shown.title} on {group.name}: the share within each error; {seeds}.")


def _curves(group: Group, scoring: Scoring, asked: Asked, variant: str) -> dict[str, np.ndarray]:
    """Return the quantiles of a variant's errors by what was measured, the mean over its seeds."""
    files = [kept_file(scoring, member) for member in group.members if member.variant == variant]
    found: dict[str, list[np.ndarray]] = {}
    for path in (file for file in files if file is not None):
        with h5py.File(path, "r") as file:
            for name, quantiles in file[asked.curves].items():
                found.setdefault(name, []).append(quantiles[()])
    return {name: np.mean(quantiles, 0) for name, quantiles in found.items()}
