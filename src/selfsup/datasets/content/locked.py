"""Whether a user's files are still those that were adopted, and the sentence for where they are not."""

from pathlib import Path
from typing import Any

from selfsup.errors import InputError


def check_locked(root: Path, facts: dict[str, Any], lock: dict[str, Any]) -> None:
    """Raise InputError for the first of ``facts`` (splits, classes, labelled, grey) that the lock says otherwise."""
    mend = f"restore the files, or adopt them anew with `selfsup adopt {root.name}`."
    locked_in = f"params/data/{root.name}.lock"
    for key in ("classes", "labelled", "grey"):
        if facts[key] != lock[key]:
            raise InputError(f"{root} has other {key} than {locked_in} ({facts[key]}, not {lock[key]}): {mend}")
    if set(facts["splits"]) != set(lock["splits"]):
        there, locked = (" and ".join(sorted(names["splits"])) for names in (facts, lock))
        raise InputError(f"{root} has the splits {there}, but {locked_in} locks {locked}: {mend}")
    for split, found in facts["splits"].items():
        if found != lock["splits"][split]:
            count = lock["splits"][split]["examples"]
            raise InputError(
                f"the split {split} of {root} ({found['examples']} examples) is not the one in {locked_in} "
                f"({count} examples): {mend}"
            )
