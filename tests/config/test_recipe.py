"""Every mistake in params/ is one sentence with file, key and mend, before anything runs."""

import pytest
import yaml

from selfsup.config import suite as suites
from selfsup.errors import InputError
from selfsup.store.artefact import chains
from tests.conftest import forget


def edit(project, path, change):
    file = project / "params" / path
    content = yaml.safe_load(file.read_text())
    change(content)
    file.write_text(yaml.safe_dump(content))
    forget()


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
        rename("temperature", "temprature", "hyper"),
        r"params/methods/simclr\.yaml: .*temperature",
    ),
    ("methods/simclr.yaml", put(1, "hyper", "extra"), r"params/methods/simclr\.yaml: unknown key hyper\.extra"),
    (
        "methods/simclr.yaml",
        put("1e-3", "optimiser", "learning_rate"),
        r"optimiser\.learning_rate is '1e-3'.*write 1\.0e-3",
    ),
    ("methods/simclr.yaml", put(-1.0, "hyper", "temperature"), r"hyper\.temperature is -1\.0, but"),
    ("methods/simclr.yaml", put(True, "epochs"), r"key epochs is True, but"),
    ("methods/simclr.yaml", put("adam", "optimiser", "name"), r"optimiser\.name is 'adam', but"),
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
        put([{"protocol": "knn", "runs": ["nobody"]}], "groups", 0, "evaluations"),
        r"asks for nobody; runs are",
    ),
]


MISTAKES += [
    ("suites/quick.yaml", put([], "groups", 0, "seeds"), r"groups\.0\.seeds is \[\], but"),
    ("suites/quick.yaml", put("a/b", "groups", 0, "name"), r"groups\.0\.name is 'a/b', but"),
    ("suites/quick.yaml", put(["features"], "groups", 0, "evaluations"), r"features is no evaluation"),
    ("suites/quick.yaml", lambda content: content["groups"].append(content["groups"][0]), r"two groups have one name"),
    ("methods/simclr.yaml", put(7, "schedule", "warmup_fraction"), r"schedule\.warmup_fraction is 7, but"),
    ("methods/simclr.yaml", put(0.9, "optimiser", "momentum"), r"key optimiser is .*momentum is a key of sgd"),
]


@pytest.mark.parametrize(
    ("path", "change", "sentence"), MISTAKES, ids=[f"{p}-{i}" for i, (p, _, _) in enumerate(MISTAKES)]
)
def test_a_mistake_is_one_sentence(project, path, change, sentence):
    edit(project, path, change)
    with pytest.raises(InputError, match=sentence) as caught:
        chains("quick")
    assert "\n" not in str(caught.value)


def test_a_missing_lock_says_how_to_adopt(project):
    (project / "params" / "data" / "cifar10.lock").unlink()
    with pytest.raises(InputError, match=r"cifar10\.lock .*selfsup adopt"):
        chains("real-small")


def test_broken_yaml_names_its_line(project):
    (project / "params" / "methods" / "simclr.yaml").write_text("method: simclr\n  epochs: [1\n")
    with pytest.raises(InputError, match=r"simclr\.yaml, line \d+: not valid YAML"):
        chains("quick")


def test_data_that_a_method_cannot_eat_is_refused(project):
    def ask_for_depth(content):
        content["groups"][0]["runs"] = ["split_brain_depth"]
        content["groups"][0]["evaluations"] = ["knn"]

    edit(project, "suites/real-small.yaml", ask_for_depth)
    with pytest.raises(
        InputError, match=r"split_brain_depth\.yaml: .*needs images with depth, and .*cifar10-10k.yaml has none"
    ):
        chains("real-small")


def test_every_suite_of_the_project_resolves(project):
    for name in suites.names():
        assert chains(name)


def test_equal_recipes_are_one_run(project):
    def twins(content):
        content["groups"][0]["runs"] = ["simclr", {"method": "simclr", "name": "twin", "set": {"epochs": 4}}]
        content["groups"][0]["evaluations"] = ["knn"]

    edit(project, "suites/quick.yaml", twins)
    simclr, twin = (chain for chain in chains("quick")[0][1] if chain.seed == 0)
    assert simclr.run.name != twin.run.name
    assert simclr.pretrained.folder == twin.pretrained.folder


def test_the_paper_and_comments_are_no_part_of_a_digest(project):
    before = [chain.pretrained.digest for chain in chains("quick")[0][1]]
    edit(project, "methods/simclr.yaml", put("Somebody", "paper", "authors"))
    assert [chain.pretrained.digest for chain in chains("quick")[0][1]] == before
