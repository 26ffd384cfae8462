"""Numbers in prose come from the tables."""

from dataclasses import replace

import pytest

from selfsup.errors import InputError
from selfsup.report.claims import Verdict
from selfsup.report.intervals import Interval
from selfsup.report.scores import main_scores
from selfsup.report.summary import fill, sentences


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


def test_what_was_contradicted_is_said_with_its_difference(built):
    names = sorted(built.content.claims)[:3]
    interval = Interval(-6.7, 3.3, 5)
    judged = {
        (names[0], "scenes"): Verdict("contradicted", interval),
        (names[1], "scenes"): Verdict("reproduced", interval),
        (names[2], "scenes"): Verdict("contradicted", interval, kind="sanity"),
    }
    *kinds, last = sentences(built.content, judged)
    assert kinds[0] == "Claims of papers with a published difference, 2 verdicts: 1 contradicted, 1 reproduced."
    first, third = (built.content.claims[name].sentence.removesuffix(".") for name in (names[0], names[2]))
    minus = "\N{MINUS SIGN}"
    difference = f"(scenes: {minus}6.7 [{minus}10.0, {minus}3.4])"
    assert last == f"Contradicted: {first} {difference}; {third} {difference}."
    assert not any(
        text.startswith("Contradicted")
        for text in sentences(built.content, {(names[1], "scenes"): Verdict("reproduced", interval)})
    )
