"""Every mistake in params/ is one sentence with file, key and mend, before anything runs."""

import pytest
import yaml

from selfsup.config import suite as suites
from selfsup.config.recipe import _variant_title
from selfsup.errors import InputError
from selfsup.store.graph import graph
from tests.config.changes import edit
from tests.config.locks import lock_missing
from tests.conftest import forget


def rename(key, to, *parents):
    def change(content):
        for parent in parents:
            content = content[parent]
        content[to] = content.pop(key)

    return change


def put(value, *keys):
    def change(content):
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return change


MISTAKES = [
    (
        "methods/simclr.yaml",
        rename("epochs", "epoch"),
        r"params/methods/simclr\.yaml: key epochs is missing|did you mean epochs",
    ),
    (
        "methods/simclr.yaml",
        rename("temperature", "temprature", "hyper", "criterion"),
        r"params/methods/simclr\.yaml: unknown key hyper\.criterion\.temprature: did you mean temperature\?",
    ),
    ("methods/simclr.yaml", put(1, "hyper", "extra"), r"params/methods/simclr\.yaml: unknown key hyper\.extra"),
    (
        "methods/simclr.yaml",
        put("1e-3", "optimiser", "learning_rate"),
        r"optimiser\.learning_rate is '1e-3'.*write 1\.0e-3",
    ),
    (
        "methods/simclr.yaml",
        put(-1.0, "hyper", "criterion", "temperature"),
        r"hyper\.criterion\.temperature is -1\.0, but",
    ),
    ("methods/simclr.yaml", put(True, "epochs"), r"key epochs is True, but"),
    ("methods/simclr.yaml", put(-1, "epochs"), r"key epochs is -1, but input should be greater than or equal to 0"),
    ("methods/simclr.yaml", put("adam", "optimiser", "name"), r"optimiser\.name is 'adam': did you mean adamw\?"),
    ("methods/simclr.yaml", put("simclrr", "method"), r"key method names no module.*did you mean simclr"),
    (
        "methods/simclr.yaml",
        put("small_convv", "encoder", "backbone"),
        r"encoder\.backbone names no module.*small_conv",
    ),
    (
        "methods/simclr.yaml",
        put(20000, "batch_size"),
        r"batch_size is 20000, but params/data/scenes\.yaml has 6000 .*lower",
    ),
    ("evaluations/knn.yaml", put(0, "k"), r"params/evaluations/knn\.yaml: key k is 0, but"),
    ("evaluations/knn.yaml", put("knnn", "evaluation"), r"key evaluation names no module.*did you mean knn"),
    ("data/scenes.yaml", put("32", "size_px"), r"params/data/scenes\.yaml: key size_px is '32', but"),
    ("data/scenes.yaml", put("scenes", "source"), r"key source is for data sets made from files"),
    (
        "suites/quick.yaml",
        put("scene", "groups", 0, "data"),
        r"params/data/scene\.yaml is missing: did you mean scenes",
    ),
    (
        "suites/quick.yaml",
        rename("device", "devise"),
        r"params/suites/quick\.yaml: (key device is missing|unknown key devise)",
    ),
    (
        "suites/quick.yaml",
        put(["simclrr"], "groups", 0, "runs"),
        r"params/methods/simclrr\.yaml is missing: did you mean simclr",
    ),
    ("suites/quick.yaml", put([0, 0], "groups", 0, "seeds"), r"names a run or a seed twice"),
    ("suites/quick.yaml", put("cuda:1", "device"), r"key device is 'cuda:1', but"),
    (
        "suites/quick.yaml",
        put([{"protocol": "knn", "runs": ["nobody"]}], "groups", 0, "targets", 0, "evaluations"),
        r"target scenes: evaluation knn is for nobody, which is not a run of the group",
    ),
]


NESTED = ("hyper", "augmentation")
MISTAKES += [
    (
        "methods/simclr.yaml",
        rename("color_strength", "color_strenght", *NESTED),
        r"simclr\.yaml: unknown key hyper\.augmentation\.color_strenght: did you mean color_strength\?",
    ),
    ("methods/simclr.yaml", put(3.0, *NESTED, "color_strength"), r"augmentation\.color_strength is 3\.0, but .* 2\.5"),
    ("methods/simclr.yaml", put("1e-1", *NESTED, "crop_scale_min"), r"crop_scale_min is '1e-1'.*write 1\.0e-1"),
    ("methods/simclr.yaml", put(0.1, *NESTED, "crop_scale_max"), r"key hyper\.augmentation: crop_scale_min is above"),
    (
        "methods/simclr.yaml",
        put(7, *NESTED),
        r"key hyper\.augmentation is 7, but it must be a group of keys, crop_scale",
    ),
    (
        "methods/simclr.yaml",
        put({"kind": "nonlinaer"}, "hyper", "head"),
        r"key hyper\.head\.kind is 'nonlinaer': did you mean nonlinear\?",
    ),
    (
        "methods/simclr.yaml",
        put({"out_dim": 4}, "hyper", "head"),
        r"hyper\.head\.kind is missing; it is one of none, l",
    ),
    ("methods/simclr.yaml", put({"kind": "linear"}, "hyper", "head"), r"key hyper\.head\.out_dim is missing; add it"),
    (
        "methods/simclr.yaml",
        put({"name": "nt_xent", "temperature": 0.2, "margin": 0.4}, "hyper", "criterion"),
        r"unknown key hyper\.criterion\.margin: known are name, temperature",
    ),
    (
        "methods/simclr.yaml",
        put({"name": "margin", "margin": 2.0, "negatives": "all"}, "hyper", "criterion"),
        r"key hyper\.criterion\.margin is 2\.0, but",
    ),
    (
        "methods/simclr.yaml",
        put({"name": "margin", "margin": 0.0, "negatives": "semi_hard"}, "hyper", "criterion"),
        r"key hyper\.criterion: no negative is farther .* set margin to 0\.4",
    ),
    (
        "methods/moco_v2.yaml",
        put(1.1, "hyper", "momentum"),
        r"key hyper\.momentum is 1\.1, but .*less than or equal to 1",
    ),
    (
        "methods/cpc_audio.yaml",
        put({"windows": 1, "own_window": False}, "hyper", "negatives"),
        r"key hyper\.negatives: one window without its own times has no negatives; set own_window to true",
    ),
    (
        "evaluations/label_propagation.yaml",
        put([], "radii"),
        r"label_propagation\.yaml: key radii: the list is empty; write one",
    ),
    (
        "evaluations/linear_probe.yaml",
        put([], "penalties"),
        r"linear_probe\.yaml: key penalties: the list is empty; write one",
    ),
    ("methods/random.yaml", put("movie", "hyper", "modality"), r"key hyper\.modality is 'movie', but"),
    ("suites/quick.yaml", rename("seeds", "seed", "groups", 0), r"unknown key groups\.0\.seed: did you mean seeds"),
    ("suites/quick.yaml", put([], "groups", 0, "seeds"), r"groups\.0\.seeds is \[\], but"),
    ("suites/quick.yaml", put("a/b", "groups", 0, "name"), r"groups\.0\.name is 'a/b', but"),
    (
        "suites/quick.yaml",
        put(["features"], "groups", 0, "targets", 0, "evaluations"),
        r"features is not an evaluation",
    ),
    ("suites/quick.yaml", lambda content: content["groups"].append(content["groups"][0]), r"two groups have one name"),
    ("methods/simclr.yaml", put(7, "schedule", "warmup_fraction"), r"schedule\.warmup_fraction is 7, but"),
    ("methods/simclr.yaml", put(1e18, "optimiser", "learning_rate"), r"optimiser\.learning_rate is 1e\+18, but"),
    ("methods/simclr.yaml", put(0.9, "optimiser", "momentum"), r"unknown key optimiser\.momentum: known are"),
]


@pytest.mark.parametrize(
    ("path", "change", "sentence"), MISTAKES, ids=[f"{p}-{i}" for i, (p, _, _) in enumerate(MISTAKES)]
)
def test_a_mistake_is_one_sentence(project, path, change, sentence):
    edit(project, path, change)
    with pytest.raises(InputError, match=sentence) as caught:
        graph("quick")
    assert "\n" not in str(caught.value)


def test_a_missing_lock_says_how_to_register(project):
    (project / "params" / "data" / "cifar10.lock").unlink()
    with pytest.raises(InputError, match=r"cifar10\.lock .*selfsup register"):
        graph("real-small")


def test_broken_yaml_names_its_line(project):
    (project / "params" / "methods" / "simclr.yaml").write_text("method: simclr\n  epochs: [1\n")
    with pytest.raises(InputError, match=r"simclr\.yaml, line \d+: not valid YAML"):
        graph("quick")


def test_data_that_a_method_cannot_eat_is_refused(project):
    def ask_for_depth(content):
        content["groups"][0]["runs"] = ["split_brain_depth"]
        content["groups"][0]["targets"][0]["evaluations"] = ["knn"]

    edit(project, "suites/real-small.yaml", ask_for_depth)
    with pytest.raises(
        InputError, match=r"split_brain_depth\.yaml: .*needs images with depth, and .*cifar10-10k.yaml has none"
    ):
        graph("real-small")


def test_every_suite_of_the_project_resolves(project):
    lock_missing(project)
    for name in suites.names():
        assert graph(name)


def variant(project, **changes):
    """Return the hyper-parameters of a variant of simclr in the first group of quick."""

    def ask(content):
        content["groups"][0]["runs"] = [{"method": "simclr", "name": "other", "set": changes}]
        content["groups"][0]["targets"] = [{"data": "scenes", "evaluations": ["knn"]}]

    edit(project, "suites/quick.yaml", ask)
    return graph("quick").groups[0][1][0].run.recipe["hyper"]


def test_a_variant_reaches_inside_groups_of_keys(project):
    plain = variant(project)
    changed = variant(project, **{"hyper.augmentation.color_strength": 0.0, "hyper.head": {"kind": "none"}})
    assert changed["augmentation"] == plain["augmentation"] | {"color_strength": 0.0}
    assert changed["head"] == {"kind": "none"}
    assert changed["criterion"] == plain["criterion"]
    with pytest.raises(InputError, match=r"run other: unknown key hyper\.augmentation\.strength: did you mean"):
        variant(project, **{"hyper.augmentation.strength": 0.0})
    with pytest.raises(InputError, match=r"set names hyper\.augment\.x, but augment is not a group.*mean augmentation"):
        variant(project, **{"hyper.augment.x": 0.0})


def test_equal_recipes_are_one_run(project):
    def twins(content):
        content["groups"][0]["runs"] = ["simclr", {"method": "simclr", "name": "twin", "set": {"epochs": 4}}]
        content["groups"][0]["targets"] = [{"data": "scenes", "evaluations": ["knn"]}]

    edit(project, "suites/quick.yaml", twins)
    simclr, twin = (chain for chain in graph("quick").groups[0][1] if chain.seed == 0)
    assert simclr.run.name != twin.run.name
    assert simclr.weights.folder == twin.weights.folder


def test_the_paper_and_comments_are_no_part_of_a_digest(project):
    before = [chain.weights.digest for chain in graph("quick").groups[0][1]]
    edit(project, "methods/simclr.yaml", put("Somebody", "paper", "authors"))
    assert [chain.weights.digest for chain in graph("quick").groups[0][1]] == before


def test_an_option_that_is_off_and_not_set_is_no_part_of_a_recipe(project):
    """So that a new one, off by default, changes no recipe; set to what it is anyway, it changes none either."""
    content = yaml.safe_load((project / "params/methods/simclr.yaml").read_text())
    assert content["hyper"]["augmentation"].pop("blur_probability") == 0.0
    (project / "params/methods/simclr.yaml").write_text(yaml.safe_dump(content))
    forget()
    hyper = variant(project)
    assert not {"size_px", "blur_probability"} & set(hyper["augmentation"])
    assert hyper == variant(project, **{"hyper.augmentation.blur_probability": 0.0})
    assert variant(project, **{"hyper.augmentation.blur_probability": 0.1})["augmentation"]["blur_probability"] == 0.1
    assert hyper["augmentation"]["flip_probability"] == 0.5  # not off: what it is by default decides the result


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("simclr-no-colour", "SimCLR, no colour"),
        ("simclr-temperature-0-05", "SimCLR, temperature 0.05"),
        ("simclr-head-linear-16", "SimCLR, head linear 16"),
        ("simclr-width-10-2", "SimCLR, width 10 2"),
    ],
)
def test_a_variant_is_named_by_what_differs(name, title):
    assert _variant_title(name, "simclr", "SimCLR") == title
