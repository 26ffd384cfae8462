"""How far off matches are: the share of them within each error."""

import h5py
import matplotlib as mpl
import numpy as np

from selfsup.report.content import Group
from selfsup.report.figures.style import GREY, STYLE, Drawing, canvas, finished, legend, palette
from selfsup.report.gallery import kept_file

BASELINES = {"colours": ("plain colours", "--"), "chance": ("any pixel", ":")}
LARGEST = 40.0  # percent of the diagonal; beyond it are a few of the worst guesses


def match_error(group: Group) -> Drawing | None:
    """Return the cumulative distribution of the match error, a line a variant and a baseline; None where none was measured.

    Source: Florence et al. 2018 (Dense Object Nets), section 5: the share of matches against the normalised error.
    """
    curves = {variant: found for variant in group.variants if (found := _curves(group, variant))}
    if not curves:
        return None
    share = 100 * np.linspace(0, 1, len(next(iter(curves.values()))["descriptors"]))
    with mpl.rc_context(STYLE):
        figure = canvas(5.2, 2.6)
        axes = figure.subplots()
        for variant, found in curves.items():
            axes.plot(found["descriptors"], share, color=palette(group)[variant], label=variant)
        beside = next(iter(curves.values()))
        for name, (label, dash) in BASELINES.items():
            axes.plot(beside[name], share, color=GREY, linestyle=dash, linewidth=0.9, label=label)
        axes.set_xlim(0, LARGEST)
        axes.set_ylim(0, 100)
        axes.set_xlabel("match error, % of the image's diagonal")
        axes.set_ylabel("matches within it, %")
        axes.grid()
        legend(axes)
    seeds = f"each quantile is the mean over {len(group.seeds)} seeds" if len(group.seeds) > 1 else "one seed"
    return finished(figure, f"{group.name}-match_error", f"Match errors on {group.name}, pairs of one object; {seeds}.")


def _curves(group: Group, variant: str) -> dict[str, np.ndarray]:
    """Return the quantiles of a variant's errors by what was compared, the mean over its seeds."""
    files = [kept_file(group, member, "correspondence") for member in group.members if member.variant == variant]
    found: dict[str, list[np.ndarray]] = {}
    for path in (file for file in files if file is not None):
        with h5py.File(path, "r") as file:
            for name, curve in file["errors"].items():
                found.setdefault(name, []).append(curve[()])
    return {name: np.mean(curves, 0) for name, curves in found.items()}
