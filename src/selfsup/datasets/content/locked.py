"""Checks of a user's files against their lock and against the number of examples that a recipe asks for."""

from pathlib import Path
from typing import Any

from selfsup.errors import InputError


def check_locked(root: Path, facts: dict[str, Any], lock: dict[str, Any]) -> None:
    """Raise InputError for the first of ``facts`` (splits, classes, labelled, grey) that differs from the lock."""
    fix = f"restore the files, or register them again with `selfsup register {root.name}`"
    lock_file = f"params/data/{root.name}.lock"
    for key in ("classes", "labelled", "grey"):
        if facts[key] != lock[key]:
            raise InputError(f"{root} differs from {lock_file} in {key} ({facts[key]}, not {lock[key]}); {fix}")
    if set(facts["splits"]) != set(lock["splits"]):
        actual, locked = (" and ".join(sorted(names["splits"])) for names in (facts, lock))
        raise InputError(f"{root} has the splits {actual}, but {lock_file} has {locked}; {fix}")
    for name, split in facts["splits"].items():
        locked = lock["splits"][name]
        if split != locked:
            raise InputError(
                f"the split {name} of {root} ({split['examples']} examples) is not the one in {lock_file} "
                f"({locked['examples']} examples); {fix}"
            )


def checked_count(split: str, count: int | None, available: int, root: Path) -> int:
    """Return how many examples of a split to prepare: ``count``, or all ``available`` ones where it is None.

    Raises InputError where fewer are available.
    """
    if count is not None and count > available:
        raise InputError(f"{split}_examples is {count}, but {root} has only {available}; lower it")
    return available if count is None else count
