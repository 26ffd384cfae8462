"""What training cost is said beside every table and claim that compares unequal budgets."""

import json
from dataclasses import replace

from selfsup.report.budgets import budget, unequal_budgets
from selfsup.report.claims import verdicts
from selfsup.report.claims_table import claims_table
from selfsup.report.main_table import main_table
from selfsup.report.scores import main_scores


def with_budget(group, folder, **counts):
    """Return the group with other numbers of examples of some variants."""
    for variant, count in counts.items():
        (folder / variant).mkdir()
        facts = {"steps": 10, "images_through_encoder": count}
        (folder / variant / "summary.json").write_text(json.dumps(facts))
    members = [replace(m, run=folder / m.variant) if m.variant in counts else m for m in group.members]
    return replace(group, members=members)


def test_equal_budgets_and_floors_are_not_mentioned(built, tmp_path):
    group = built.content.groups[0]
    assert budget(group, "random") == 0
    assert unequal_budgets(group, group.variants) == {}
    slightly = with_budget(group, tmp_path, simclr=78000, random=20000)
    assert unequal_budgets(slightly, group.variants) == {}


def test_unequal_budgets_stand_below_the_table_and_beside_the_claim(built, tmp_path):
    rows = built.rows()
    group = with_budget(built.content.groups[0], tmp_path, simclr=40000)
    table = main_table(group, main_scores(group, rows))
    assert "Examples are not equal here: from 40,000 (SimCLR) to 80,000 (Supervised)." in table.notes
    content = replace(built.content, groups=[group])
    found = claims_table(content, verdicts(content, {group.name: rows}))
    notes = {row[0].text: row[4].note for row in found.rows}
    claims = {claim.sentence: {claim.first.run, claim.second.run} for claim in content.claims.values()}
    trained = {text for text in notes if claims[text] == {"simclr", "supervised"}}  # an untrained run has no budget
    assert {text for text, note in notes.items() if note} == trained
    assert {note for note in notes.values() if note} == {"80,000 against 40,000 examples"}
