"""Pictures of kind ``grid``: images in rows below captions, such as what each query found, the nearest first."""

import json

import h5py

from selfsup.report.content import Group, Scoring
from selfsup.report.gallery import Strip, first_member, kept_file, picture


def captioned_grids(group: Group, scoring: Scoring) -> list[Strip]:
    """Return one picture a variant, of its first seed: ``images`` uint8 (rows, columns, 3, H, W), a column a caption."""
    strips = []
    for variant in group.variants:
        file = kept_file(scoring, first_member(group, variant))
        if file is not None:
            with h5py.File(file, "r") as source:
                captions, images = json.loads(source.attrs["captions"]), source["images"][()]
            title = f"{group.title(variant)}, {scoring.title}: held-out examples, and below each what was found"
            name = f"{group.name}-{variant}-{scoring.slug}"
            strips.append(Strip(name, title, captions, picture(images)))
    return strips
