"""Targets by name are what results need, and every folder that DVC has as an output is there after any suite."""

import yaml

from selfsup.pipeline.plan import Plan
from selfsup.store import disk
from tests.config.changes import edit
from tests.conftest import ROOT


def test_features_that_no_evaluation_reads_are_no_target(project):
    named = Plan("smoke").named()
    assert not named["features_random_video"]
    assert not named["features_video_colorization"]
    assert named["evaluate_video_colorization"]
    assert named["features_simclr"]
    assert set(named["features_simclr"]) <= set(named["features_all"])


def test_every_output_of_dvcs_stage_exists_after_a_suite_that_makes_few_of_them(project):
    edit(project, "suites/smoke.yaml", lambda content: content.update(groups=content["groups"][:1], experiments=[]))
    assert disk.sweep("smoke") == []
    stage = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["pipeline"]
    folders = [name for entry in stage["outs"] for name in entry if name.startswith("data/")]
    assert len(folders) == 7
    assert all((project / name).is_dir() for name in folders)
