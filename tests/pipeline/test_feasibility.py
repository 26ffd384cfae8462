"""Every suite of the project fits its data: each of its methods is built with the properties of the data."""

import pytest
import torch

from selfsup.config import suite
from selfsup.errors import InputError
from selfsup.pipeline import feasibility
from tests.clones import write_suite
from tests.config.locks import lock_missing
from tests.conftest import ROOT

SUITES = sorted(file.stem for file in (ROOT / "params" / "suites").glob("*.yaml"))


slow = [pytest.param(name, marks=pytest.mark.slow) for name in SUITES if name != "smoke"]


@pytest.mark.parametrize("name", ["smoke", *slow])
def test_a_shipped_suite_can_be_served(project, name):
    lock_missing(project)
    if suite.load(name).device == "cpu" or torch.cuda.is_available():
        feasibility.check(name)
        return
    with pytest.raises(
        InputError, match=f"params/suites/{name}.yaml: .*no GPU"
    ):  # and no recipe's own sentence before it
        feasibility.check(name)


OWN = """
  - name: scenes
    data: scenes
    seeds: [0]
    runs: [context_encoder]
    targets:
      - {data: scenes, evaluations: [linear_probe]}
"""


def test_a_factor_of_an_unknown_objective_is_named(project):
    file = project / "params" / "methods" / "context_encoder.yaml"
    file.write_text(file.read_text().replace("{discriminator: 0.1}", "{discriminatr: 0.1}"))
    write_suite(project, "own", OWN)
    with pytest.raises(
        InputError, match=r"context_encoder\.yaml: optimiser\.objective_factors names discriminatr; did you mean"
    ):
        feasibility.check("own")
