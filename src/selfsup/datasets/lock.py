"""The lock of a registered data set: the hash of its examples. Planning reads it, preparation verifies it.

A lock is ``{"splits": {split: {"examples": int, "digest": sha256}}, "classes": [...], "labelled": bool,
"grey": bool, "size_px": int or None}``: whether no image has colour, and the common side of square images. Where preparing
will hold out a test set, ``copies`` of the split ``all`` says which examples are equal. This module imports neither torch
nor numpy nor h5py.
"""

import hashlib
import itertools
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from selfsup.errors import InputError

Splits = Mapping[str, tuple[Sequence[str], Sequence[int | str]]]  # keys and labels
KEYS: dict[str, Any] = {"splits": dict, "classes": list, "labelled": bool, "grey": bool, "size_px": (int, type(None))}


def make_lock(
    splits: Splits,
    *,
    classes: Sequence[str] = (),
    grey: bool,
    size_px: int | None = None,
) -> dict[str, Any]:
    """Return the lock of splits, {split: (keys, labels) of its examples in order}; labelled where there are classes.

    Prints to the standard error what the splits share, and how many equal examples have different labels.
    """
    for sentence in (*_shared(splits), *_contradictory(splits)):
        print(sentence, file=sys.stderr)
    locked: dict[str, dict[str, Any]] = {
        split: {"examples": len(keys), "digest": digest(keys, labels)} for split, (keys, labels) in splits.items()
    }
    if "all" in splits and (copies := copies_of(splits["all"][0])):
        locked["all"]["copies"] = copies
    return {"splits": locked, "classes": [*classes], "labelled": bool(classes), "grey": grey, "size_px": size_px}


def content_of(key: str) -> str:
    """Return the hash of an example's content from its key, which numbers equal ones."""
    return key.partition("-")[0]


def copies_of(keys: Sequence[str]) -> list[list[int]]:
    """Return [first row, count] of each group of equal examples; ``keys`` are in order, so that equal ones are adjacent."""
    groups, first = [], 0
    for _, group in itertools.groupby(keys, content_of):
        if (count := len(list(group))) > 1:
            groups.append([first, count])
        first += count
    return groups


def held_out(examples: int, copies: Sequence[Sequence[int]], test_fraction: float) -> int | None:
    """Return how many of ``examples`` become the test set: equal ones stay together. None where all of them are equal."""
    inside = {row for first, count in copies for row in range(first + 1, first + count)}
    target = examples - math.floor(examples * (1 - test_fraction))
    borders = (row for row in range(1, examples) if row not in inside)
    return min(borders, key=lambda row: abs(row - target), default=None)


def _shared(splits: Splits) -> Iterator[str]:
    """Yield a sentence for each two splits that have equal examples."""
    contents = {split: [content_of(key) for key in keys] for split, (keys, _) in splits.items()}
    for one, other in itertools.combinations(sorted(contents), 2):
        both = set(contents[one]) & set(contents[other])
        counts = [
            f"{sum(content in both for content in contents[split])} examples of {split}" for split in (one, other)
        ]
        if both:
            yield f"{counts[0]} and {counts[1]} are equal; a score on test is then partly one on training examples"


def _contradictory(splits: Splits) -> Iterator[str]:
    """Yield a sentence where equal examples of a split have different labels."""
    for split, (keys, labels) in splits.items():
        by_content: dict[str, set[int | str]] = {}
        for key, label in zip(keys, labels, strict=True):
            by_content.setdefault(content_of(key), set()).add(label)
        if contradictory := sum(len(found) > 1 for found in by_content.values()):
            yield f"{contradictory} different examples of {split} are there with more than one label"


def digest(keys: Sequence[str], labels: Sequence[int | str]) -> str:
    """Return the sha256 of ordered examples, one line each: key and label (or a hash of its captions)."""
    lines = "".join(f"{key} {label}\n" for key, label in zip(keys, labels, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()


def read_lock(path: Path) -> dict[str, Any]:
    """Return the lock in a YAML file; InputError where it is missing or invalid."""
    try:
        lock = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{path} does not exist; put the files into SELFSUP_DATA_ROOT/{path.stem} and run `selfsup register {path.stem}`"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise _broken(path, "is not valid YAML") from None
    if not isinstance(lock, dict) or set(lock) != set(KEYS):
        raise _broken(path, f"must have the keys {', '.join(sorted(KEYS))}")
    for key, kind in KEYS.items():
        if not isinstance(lock[key], kind):
            raise _broken(path, f"has an invalid value for {key}")
    for split, content in lock["splits"].items():
        if not isinstance(content, dict) or set(content) - {"copies"} != {"examples", "digest"}:
            raise _broken(path, f"must have examples and digest for the split {split}")
    return lock


def write_lock(path: Path, lock: dict[str, Any]) -> None:
    """Write a lock as YAML with sorted keys: equal locks give equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(yaml.safe_dump(lock, sort_keys=True, allow_unicode=True), encoding="utf-8")
    partial.replace(path)


def check_lock(root: Path, actual: dict[str, Any], lock: dict[str, Any]) -> None:
    """Raise InputError where the files' ``actual`` lock differs from the registered one, for the first difference."""
    fix = f"restore the files, or register them again with `selfsup register {root.name}`"
    lock_file = f"params/data/{root.name}.lock"
    for key in ("classes", "labelled", "grey"):
        if actual[key] != lock[key]:
            raise InputError(f"{root} differs from {lock_file} in {key} ({actual[key]}, not {lock[key]}); {fix}")
    if set(actual["splits"]) != set(lock["splits"]):
        names, locked_names = (" and ".join(sorted(each["splits"])) for each in (actual, lock))
        raise InputError(f"{root} has the splits {names}, but {lock_file} has {locked_names}; {fix}")
    for name, split in actual["splits"].items():
        locked = lock["splits"][name]
        if split != locked:
            raise InputError(
                f"the split {name} of {root} ({split['examples']} examples) is not the one in {lock_file} "
                f"({locked['examples']} examples); {fix}"
            )


def checked_count(split: str, count: int | None, available: int, root: Path) -> int:
    """Return ``count``, or all ``available`` examples where it is None; InputError where fewer are available."""
    if count is not None and count > available:
        raise InputError(f"{split}_examples is {count}, but {root} has only {available}; lower it")
    return available if count is None else count


def _broken(path: Path, problem: str) -> InputError:
    return InputError(f"{path} {problem}; restore it from git, or register the data set again")
