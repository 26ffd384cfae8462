"""A few held-out captions, and below each the images that a run found nearest to it."""

import json

import h5py

from selfsup.report.content import Group
from selfsup.report.gallery import Strip, first_member, kept_file, picture

TITLE = "Held-out captions, and below each the nearest held-out images of {}, the nearest first"


def retrieved(group: Group) -> list[Strip]:
    """Return one picture a variant that was asked for retrieval: a column a caption, a row a rank; its first seed's."""
    strips = []
    for variant in group.variants:
        file = kept_file(group, first_member(group, variant), "retrieval")
        if file is not None:
            with h5py.File(file, "r") as source:
                captions, images = json.loads(source.attrs["captions"]), source["images"][()]
            strips.append(Strip(f"{group.name}-{variant}-retrieved", TITLE.format(variant), captions, picture(images)))
    return strips
