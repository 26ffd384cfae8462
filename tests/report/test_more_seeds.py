"""Runs of one group can have different numbers of seeds; every text says so."""

from dataclasses import replace

import pytest

from selfsup.report.figures.style import over_seeds
from selfsup.report.main_table import main_table
from selfsup.report.provenance import provenance
from selfsup.report.rows import result_rows
from selfsup.report.scores import main_scores


@pytest.fixture
def uneven(built):
    """The fabricated suite, of which SimCLR alone keeps its last seed."""
    group = built.content.groups[0]
    members = [member for member in group.members if member.seed < 2 or member.variant == "simclr"]
    return replace(built.content, groups=[replace(group, members=members)])


def test_each_row_counts_its_own(uneven):
    group = uneven.groups[0]
    table = main_table(group, main_scores(group, result_rows(uneven, group)))
    n = next(n for n, column in enumerate(table.columns) if column.key == "seeds")
    counts = {row[0].text: row[n].value for row in table.rows}
    assert counts[group.title("simclr")] == 3
    assert {count for title, count in counts.items() if title != group.title("simclr")} == {2}
    assert not any("of 3 seeds" in cell.note for row in table.rows for cell in row)
    assert "over 2 to 3 seeds of pretraining alone" in table.notes[0]


def test_captions_and_provenance_say_so(uneven, built):
    group = uneven.groups[0]
    assert over_seeds(group, "bars are") == "mean over 2 to 3 seeds, bars are 95 % t-intervals."
    assert over_seeds(built.content.groups[0], "bars are") == "mean over 3 seeds, bars are 95 % t-intervals."
    lines = dict(provenance(uneven))
    assert lines[f"data {group.name}"].endswith(f"; seeds 0, 1; {group.title('simclr')}: 0, 1, 2")


def test_one_seed_has_no_interval(built):
    group = built.content.groups[0]
    single = replace(group, members=[member for member in group.members if member.seed == 0])
    assert (single.seeds, single.repeated) == ("one seed", False)
    assert over_seeds(single, "bars are") == "one seed, no interval."


def test_a_protocol_that_more_seeds_leave_out_scores_the_variant(built):
    """A target of fewer seeds than the group: claims about it are judged by the seeds that it has."""
    group = built.content.groups[0]
    members = [m if m.seed < 2 else replace(m, measures={}) for m in group.members]
    assert replace(group, members=members).protocols_on(group.targets[0]) == group.protocols_on(group.targets[0])
    none = replace(group, members=[replace(member, measures={}) for member in group.members])
    assert not any(none.protocols_on(group.targets[0]).values())
