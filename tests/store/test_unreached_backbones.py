"""Transformers, libraries' architectures and imported weights can change without a run that has none of them."""

from selfsup.store.chains import chains

NEW = ("nn.network", "nn.preprocessing", "nn.imported", "nn.backbones.vit", "nn.backbones.library")


def test_runs_of_convolutions_reach_no_code_of_other_encoders():
    made = [artefact for _, group in chains("smoke") for chain in group for artefact in chain.every()]
    reached = {name for artefact in made for name in artefact.code.hashes}
    assert "selfsup.nn.encoder.StagedEncoder" in reached
    assert not [name for name in reached if name.startswith(tuple(f"selfsup.{module}" for module in NEW))]
