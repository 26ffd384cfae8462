"""The pictures of a group's evaluations, by the kind that each declares."""

from selfsup.report.captioned_grid import captioned_grids
from selfsup.report.content import Group
from selfsup.report.gallery import Strip
from selfsup.report.matches import matches
from selfsup.report.tracks import tracks

KINDS = {"grid": captioned_grids, "matches": matches, "tracks": tracks}


def pictures(group: Group) -> list[Strip]:
    """Return what the evaluations kept for the report, in the order of the suite."""
    return [
        strip
        for scoring in group.scorings
        if scoring.protocol.shown.pictures
        for strip in KINDS[scoring.protocol.shown.pictures](group, scoring)
    ]
