"""The lock of a registered data set: the hash of its examples. Planning reads it, preparation verifies it.

A lock is ``{"splits": {split: {"examples": int, "digest": sha256}}, "classes": [...], "labelled": bool,
"grey": bool, "size_px": int or None}``, grey where no image has a colour; imports neither torch nor numpy nor h5py.
"""

from pathlib import Path
from typing import Any

import yaml

from selfsup.errors import InputError

KEYS: dict[str, Any] = {"splits": dict, "classes": list, "labelled": bool, "grey": bool, "size_px": (int, type(None))}


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
    for split, facts in lock["splits"].items():
        if not isinstance(facts, dict) or set(facts) != {"examples", "digest"}:
            raise _broken(path, f"must have examples and digest for the split {split}")
    return lock


def write_lock(path: Path, lock: dict[str, Any]) -> None:
    """Write a lock as YAML with sorted keys: equal locks, equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(yaml.safe_dump(lock, sort_keys=True, allow_unicode=True), encoding="utf-8")
    partial.replace(path)


def _broken(path: Path, problem: str) -> InputError:
    return InputError(f"{path} {problem}; restore it from git, or register the data set again")
