"""Published numbers keep their paper's decimals, data and place, and stand beside the right variant only."""

from collections import Counter

import pytest

from selfsup.report.papers import published_table, references, reported_cell
from tests.report.fabricate import REPORTED


def test_one_row_stands_beside_a_method():
    chosen = [(table["kind"], row["method"]) for table in REPORTED.values() for row in table["rows"] if row["beside"]]
    assert chosen
    assert max(Counter(chosen).values()) == 1, "two rows stand beside one method"


@pytest.mark.parametrize(
    ("variant", "kind", "text"),
    [
        ("random", "paper", "72.50"),
        ("simclr", "paper", "94.0"),
        ("simclr_resnet18", "paper", "94.0"),
        ("simclr-no-colour", "paper", ""),
        ("moco_v2", "paper", "67.5"),
        ("moco_v2", "peer", "92.94"),
        ("supervised", "peer", ""),
        ("context_encoder_reconstruction", "paper", "21.0"),
        ("context_encoder_adversarial", "paper", ""),
        ("colorization_regression", "paper", ""),
        ("split_brain_depth", "paper", ""),
        ("cpc_image_resnet18", "paper", "48.7"),
    ],
)
def test_the_number_beside_a_variant(variant, kind, text):
    cell = reported_cell(REPORTED, variant, kind)
    assert cell.text == text
    assert bool(cell.note) == bool(text), "a number says of what data and encoder it is"


def test_a_unit_that_is_no_percentage_is_printed(built):
    cells = [row[1].text for row in published_table(built.content).rows]
    assert "18.58 dB" in cells
    assert "9.37" in cells


def test_references_name_each_paper_once(built):
    lines = [text for text, _ in references(built.content)]
    assert sum("2002.05709" in line for line in lines) == 1
    assert "dkobak/simclr-cifar10" in lines
