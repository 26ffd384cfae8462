"""What a run is compared with others as, and which untrained runs a self-supervised one must be above."""

from functools import partial

from selfsup.config import signature
from selfsup.config.recipe import Run
from selfsup.config.suite import Group, modality


def role(run: Run) -> str | None:
    """Return the role of a run that is not self-supervised, a key of the report's ANCHORS: its method's, or untrained."""
    if run.imported:
        return None
    declared: str | None = signature.constant(f"methods.{run.method}", "ROLE")
    return declared if run.recipe["epochs"] or declared == "classical" else "floor"  # a formula has nothing to train


def floors(group: Group) -> dict[str, list[str]]:
    """Return for each run without a role the group's floors: first those of its method, then those of its input."""
    every = [run for run in group.runs if role(run) == "floor"]
    return {
        run.name: [f.name for f in sorted(every, key=partial(_distance, run))] for run in group.runs if not role(run)
    }


def _distance(run: Run, floor: Run) -> tuple[bool, bool]:
    inputs = {modality(r).removeprefix("labelled_") for r in (run, floor)}
    return floor.method != run.method, len(inputs) > 1
