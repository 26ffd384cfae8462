"""A suite whose data sets are not registered: one sentence when it is asked for, and no obstacle to the others."""

from pathlib import Path

import pytest

from selfsup.config import suite as suites
from selfsup.errors import InputError
from selfsup.store import disk
from selfsup.store.graph import graph
from tests.config.locks import lock_missing

SUITE = "real-video"


def test_it_names_the_data_set_and_the_command_that_registers_it(project):
    with pytest.raises(InputError, match=r"jhmdb.lock does not exist; .* run `selfsup register jhmdb`"):
        graph(SUITE)


def test_it_is_in_no_list_of_planned_suites_until_its_data_sets_are_registered(project):
    assert SUITE in suites.names()
    assert SUITE not in list(suites.registered())
    lock_missing(project)
    assert list(suites.registered()) == suites.names()


def test_other_suites_are_searched_without_it(project):
    folder = graph("smoke").chains[0].weights.folder
    assert disk.locate(folder, "quick").folder == folder
    with pytest.raises(InputError, match="no suite leads to it"):
        disk.locate(Path("data/weights/random-000000000000/s0"), "smoke")


def test_both_trainings_are_scored_on_masks_and_joints(project):
    lock_missing(project)
    groups = {group.name: chains for group, chains in graph(SUITE).groups}
    assert {chain.prepared.params["dataset"] for chain in groups["kinetics"]} == {"kinetics"}
    for chains in groups.values():
        assert {chain.run.name for chain in chains} == {"random_video", "video_colorization"}
        assert all(list(c.measures) == [(data, "label_propagation") for data in ("davis", "jhmdb")] for c in chains)
