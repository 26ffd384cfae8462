"""What training cost, as counts that are equal on every machine: examples through the encoder, and updates."""

import json
from collections.abc import Sequence

from selfsup.report.group import Group

SLACK = 1.05  # between budgets that count as equal: incomplete batches are left out


def budget(group: Group, variant: str, key: str = "images_through_encoder") -> int | None:
    """Return a count of the ``summary.json`` of a variant's first seed, None where it is missing."""
    member = group.first_seeds.get(variant)
    path = member.run / "summary.json" if member else None
    return int(json.loads(path.read_text(encoding="utf-8"))[key]) if path and path.exists() else None


def unequal_budgets(group: Group, variants: Sequence[str]) -> dict[str, int]:
    """Return the examples of the variant that was trained on the fewest and of that on the most, unless these are equal.

    Floors, which only measure BatchNorm's statistics, and encoders that are not trained do not count.
    """
    trained = {v: n for v in variants if group.roles.get(v) != "floor" and (n := budget(group, v))}
    if not trained:
        return {}
    fewest, most = (end(trained, key=lambda variant: trained[variant]) for end in (min, max))
    equal = trained[most] <= SLACK * trained[fewest]
    return {} if equal else {variant: trained[variant] for variant in (fewest, most)}
