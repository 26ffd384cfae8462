"""Help texts of the command line: values come from the code, so that no list goes out of date."""

import argparse
import re
from collections.abc import Iterator

from selfsup import cli, extensions
from selfsup.pipeline import register
from tests.conftest import ROOT

DATASETS = extensions.ROOT / "datasets"


def arguments() -> Iterator[argparse.Action]:
    """Every argument of every command, and every command."""
    commands = next(a for a in cli._parser()._actions if isinstance(a, argparse._SubParsersAction))
    yield from commands._choices_actions
    for command in commands.choices.values():
        yield from command._actions


def test_every_dataset_from_files_can_be_registered():
    registering = [f.stem for f in sorted(DATASETS.glob("*.py")) if "\ndef register(" in f.read_text(encoding="utf-8")]
    assert len(registering) >= 10
    assert register.datasets() == registering


def test_no_help_text_lists_values_by_hand():
    """A list of names in a text goes out of date; ``choices`` come from the code and are printed by argparse."""
    params = [file.stem for file in (ROOT / "params").glob("*/*.yaml")]
    names = {*register.datasets(), *params} - {"features"}
    for argument in arguments():
        assert len(names & set(re.findall(r"\w+", argument.help or ""))) < 2, argument.help
