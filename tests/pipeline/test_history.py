"""The report states what was carried, and which tables mix machines."""

import json

from selfsup.pipeline.history import history
from selfsup.store.graph import graph
from tests.clones import Clone

MADE_WITH = {"instruction_set": "avx512f", "torch": "2.14.1", "threads": 1}


def place(artefact, **more):
    artefact.folder.mkdir(parents=True)
    artefact.target.write_text(json.dumps({"made_with": MADE_WITH} | more))


def test_one_kind_of_machine_and_no_carried_results_need_no_sentence(project):
    for artefact in graph("smoke").by_folder.values():
        place(artefact)
    assert history(graph("smoke")) == []


def test_the_commit_is_named_with_the_state_of_the_tree(project):
    made = Clone(project)
    made.begin()
    made.commit()
    commit = made.run("git", "rev-parse", "HEAD").stdout[:12]
    assert history(graph("smoke")) == [
        f"Published from a working tree at commit {commit}, without changes to tracked files."
    ]
    (project / "dvc.lock").write_text("schema: '2.0'\n")  # what `dvc repro` writes, committed with the report
    (project / "reports" / "smoke").mkdir(parents=True)
    (project / "reports" / "smoke" / "metrics.json").write_text("{}\n")
    made.commit()
    assert f"at commit {commit}, without changes" in history(graph("smoke"))[0]
    (project / "params" / "run.yaml").write_text("suite: smoke\n")
    assert history(graph("smoke")) == [
        f"Published from a working tree at commit {commit}, with changes to tracked files."
    ]


def test_a_table_of_two_machines_and_carried_results_are_stated(project):
    proof = {"revision": "f" * 40, "sample": ["a", "b"], "compared": 7}
    weights = [a for a in graph("smoke").by_folder.values() if a.kind == "weights"]
    other = {**MADE_WITH, "instruction_set": "avx2"}
    place(weights[0], made_with=other)
    for artefact in weights[1:]:
        place(artefact, carried=proof)
    carried, mixed = history(graph("smoke"))
    assert f"{len(weights) - 1} of {len(weights)} artefacts" in carried
    assert "carried from revision ffffffffffff" in carried
    assert "all 7 files were equal" in carried
    assert "avx2" in mixed
    assert "avx512f" in mixed
