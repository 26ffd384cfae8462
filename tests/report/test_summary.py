"""Numbers in prose come from the tables."""

from dataclasses import replace

import pytest

from selfsup.errors import InputError
from selfsup.report.scores import main_scores
from selfsup.report.summary import fill


def found(built):
    return {group.name: main_scores(group, built.rows(n)) for n, group in enumerate(built.content.groups)}


def test_placeholders_are_filled(built):
    rows = built.rows()
    at = (rows["variant"] == "simclr") & (rows["protocol"] == "fine_tune") & (rows["label_fraction"] == 0.01)
    mean = rows[at]["value"].mean()
    content = replace(built.content, summary="It reads {scenes/simclr/fine_tune@0.01} %.")
    assert fill(content, found(built)).startswith(f"It reads {mean:.1f} ± ")


def test_a_number_that_was_not_measured_says_so(built):
    content = replace(built.content, summary="It reads {scenes/simclr-no-colour/fine_tune@0.01}.")
    assert fill(content, found(built)) == "It reads not measured."


@pytest.mark.parametrize("name", ["{scenes/simclr/knm}", "{simclr}", "{}"])
def test_an_unknown_name_is_an_error(built, name):
    with pytest.raises(InputError, match="key summary names"):
        fill(replace(built.content, summary=f"It reads {name}."), found(built))
