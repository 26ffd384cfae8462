"""A lock names every package that its packages need: pip refuses to install anything else."""

from importlib import metadata

import pytest
from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

LOCKS = sorted(ROOT.glob("requirements*.lock"))


def locked(lock):
    return {
        canonicalize_name(line.split("==")[0].split("[")[0])
        for line in lock.read_text().splitlines()
        if "==" in line[:60]
    }


def needed(package):
    """Return what an installed package needs here, without extras; nothing where it is not installed."""
    try:
        required = metadata.requires(package) or []
    except metadata.PackageNotFoundError:
        return set()
    found = set()
    for requirement in map(Requirement, required):
        try:
            applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        except UndefinedEnvironmentName:
            applies = False
        found |= {canonicalize_name(requirement.name)} if applies else set()
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_need_of_a_locked_package_is_locked(lock):
    packages = locked(lock)
    assert len(packages) > 90
    # What only torch's CUDA build needs is not in the locks of its CPU build.
    ours = packages - {"torch"} if "cpu" in lock.stem else packages
    assert {package: lacking for package in ours if (lacking := needed(package) - packages)} == {}
