"""Transformers, libraries' architectures and imported weights can change without a run that has none of them."""

from selfsup.store.graph import graph

PATCHES = "selfsup.nn.patch_grid.PatchGridEncoder"
NEW = ("nn.network", "nn.inputs.preprocess_as", "nn.imported", "nn.backbones.vit", "nn.backbones.library")


def test_runs_of_convolutions_reach_no_code_of_other_encoders():
    made = list(graph("smoke").artefacts())
    reached = {name for artefact in made for name in artefact.code.hashes}
    assert "selfsup.nn.encoder.StagedEncoder" in reached
    assert not [name for name in reached if name.startswith(tuple(f"selfsup.{module}" for module in NEW))]


def test_runs_without_patches_reach_no_code_of_their_encoder():
    chains = {chain.run.name: chain for chain in graph("smoke").chains}
    for run, reaches in {"cpc_image": True, "simclr": False, "random": False}.items():
        made = [chains[run].weights, *chains[run].features.values()]
        assert [PATCHES in artefact.code.hashes for artefact in made] == [reaches] * len(made), run
