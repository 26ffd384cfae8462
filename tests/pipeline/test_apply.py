"""`selfsup apply`: a trained method on a user's own images and clips, and one sentence for what does not fit."""

import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from selfsup import cli
from selfsup.pipeline import jobs
from selfsup.progress import Progress
from selfsup.store.graph import graph
from selfsup.views.lab import rgb_to_lab
from tests.conftest import ROOT, forget

SMALL = {"epochs": 1, "batch_size": 8}
RUNS = {
    "images": ["simclr", "colorization", "colorization_regression", "lightness_to_ab", "context_encoder"],
    "clips": ["video_colorization"],
}
DATA = {
    "images": {"dataset": "scenes", "size_px": 32, "train_examples": 16, "test_examples": 8, "seed": 0},
    "clips": {
        "dataset": "moving_scenes",
        "size_px": 32,
        "frames": 4,
        "train_examples": 8,
        "test_examples": 2,
        "seed": 0,
    },
}


def suite():
    groups = [
        {
            "name": data,
            "data": data,
            "seeds": [0],
            "runs": [{"method": run, "name": run, "set": SMALL} for run in runs],
            "targets": [{"data": data, "evaluations": ["knn" if data == "images" else "label_propagation"]}],
        }
        for data, runs in RUNS.items()
    ]
    machine = {"device": "cpu", "precision": "float32", "threads": 1}
    return {"title": "tiny", "summary": "tiny", **machine, "groups": groups}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A project with the weights of every run above, after a step or two."""
    folder = tmp_path_factory.mktemp("apply")
    shutil.copytree(ROOT / "params", folder / "params")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, content in DATA.items():
            Path("params/data", f"{name}.yaml").write_text(yaml.safe_dump(content))
        Path("params/suites/tiny.yaml").write_text(yaml.safe_dump(suite()))
        Path("params/run.yaml").write_text("suite: tiny\n")
        forget()
        for artefact in graph("tiny").by_folder.values():
            if artefact.kind in ("prepared", "table", "weights"):
                jobs.run(artefact, Progress("tiny"))
        yield folder
    forget()


@pytest.fixture
def apply(trained, tmp_path, monkeypatch, capsys):
    """Run the command in that project; return the paths that it prints, or the sentence with which it fails."""
    monkeypatch.chdir(trained)

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["selfsup", "apply", *map(str, words), "--out", str(tmp_path / "out")])
        capsys.readouterr()
        try:
            cli.main()
        except SystemExit:
            return capsys.readouterr().err.strip()
        return [Path(line) for line in capsys.readouterr().out.splitlines()]

    return command


def image(file, height=37, width=50, seed=0, mode="RGB"):
    """Write smooth random colours and return the file."""
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 5, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR).convert(mode).save(file)
    return file


def mask(file, rows, columns, height=37, width=50, colour=(255, 255, 255)):
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[rows, columns] = colour
    Image.fromarray(pixels).save(file)
    return file


def clip(folder, frames=3):
    """Write a bright square that moves to the right over grey noise, and the mask of its first place."""
    folder.mkdir()
    noise = np.random.default_rng(0).integers(60, 90, (48, 64, 3), dtype=np.uint8)
    for number in range(frames):
        pixels = noise.copy()
        pixels[16:32, 16 + 2 * number : 32 + 2 * number] = (250, 200, 40)
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")
    return folder, mask(folder.parent / "first.png", slice(16, 32), slice(16, 32), 48, 64, (0, 200, 80))


def read(file):
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


def lightness(pixels):
    return rgb_to_lab(torch.tensor(pixels).movedim(-1, 0)[None] / 255)[0, 0]


@pytest.mark.parametrize("run", ["colorization", "colorization_regression", "lightness_to_ab"])
def test_images_are_coloured_at_their_own_size_and_keep_their_lightness(apply, tmp_path, run):
    grey = image(tmp_path / "grey.png", mode="L")
    wide, colour = image(tmp_path / "wide.png", 24, 90, 1), image(tmp_path / "colour.jpg", seed=2)
    *files, sheet = apply(run, grey, wide, colour)
    assert len(files) == 3
    assert sheet.is_file()
    for source, file in zip((grey, wide, colour), files, strict=True):
        before, after = read(source), read(file)
        assert file.name.startswith(source.stem)
        assert before.shape == after.shape
        assert (lightness(before) - lightness(after)).abs().median() < 0.5
    assert np.ptp(read(files[0]), axis=-1).max() > 0


def test_weights_are_named_by_their_folder_too(apply, tmp_path):
    folder = graph("tiny").chains[1].weights.folder
    first, _ = apply("colorization", image(tmp_path / "a.png"))
    named = read(first)
    again, _ = apply(folder, tmp_path / "a.png")
    assert np.array_equal(named, read(again))
    assert apply(folder, tmp_path / "a.png", "--seed", 0).startswith("selfsup: --seed: ")


@pytest.mark.parametrize(
    ("rows", "columns"), [(slice(5, 12), slice(20, 26)), (slice(30, 37), slice(44, 50)), (slice(0, 30), slice(0, 50))]
)
def test_only_the_hole_is_filled_and_nothing_of_it_is_seen(apply, tmp_path, rows, columns):
    """Also at the edge, where the network sees the image mirrored, and where the hole is most of the image."""
    file = image(tmp_path / "a.png")
    hole = mask(tmp_path / "hole.png", rows, columns)
    filled = read(apply("context_encoder", file, "--mask", hole)[0])
    inside = read(hole)[..., 0] > 0
    before = read(file)
    assert np.array_equal(filled[~inside], before[~inside])
    assert not np.array_equal(filled[inside], before[inside])
    other = before.astype(np.uint8)
    other[inside] = 255 - other[inside]
    Image.fromarray(other).save(file)
    assert np.array_equal(filled, read(apply("context_encoder", file, "--mask", hole)[0]))


def test_without_a_mask_a_square_in_the_middle_is_filled(apply, tmp_path):
    file = image(tmp_path / "a.png", 40, 64)
    changed = (read(apply("context_encoder", file)[0]) != read(file)).any(-1)
    rows, columns = changed.any(1).nonzero()[0], changed.any(0).nonzero()[0]
    found = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    assert found == (15, 25, 27, 37)  # four blocks: a quarter each


def test_labels_of_the_first_frame_are_propagated(apply, tmp_path):
    folder, first = clip(tmp_path / "clip")
    *files, _ = apply("video_colorization", folder, "--mask", first)
    labels = [read(file) for file in files]
    assert [file.name.partition("-")[0] for file in files] == ["000", "001", "002"]
    assert {tuple(colour) for frame in labels for colour in frame.reshape(-1, 3)} == {(0, 0, 0), (0, 200, 80)}
    objects = [frame[..., 1] > 0 for frame in labels]
    assert (objects[0] == (read(first)[..., 1] > 0)).mean() > 0.95


def test_colours_of_the_first_frame_are_propagated(apply, tmp_path):
    """The later frames need no colours."""
    folder, _ = clip(tmp_path / "clip")
    for file in sorted(folder.glob("*.png"))[1:]:
        Image.open(file).convert("L").save(file)
    *files, sheet = apply("video_colorization", folder)
    assert sheet.is_file()
    for source, file in zip(sorted(folder.glob("*.png")), files, strict=True):
        assert read(source).shape == read(file).shape
        assert np.ptp(read(file)[18:30, 22:30], axis=-1).mean() > 40


def test_a_video_is_as_good_as_its_frames(apply, tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "a.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    folder, first = clip(tmp_path / "clip")
    for file in sorted(folder.glob("*.png")):
        writer.write(cv2.imread(str(file)))
    writer.release()
    *files, _ = apply("video_colorization", tmp_path / "a.avi", "--mask", first)
    assert [file.name.rpartition("-")[0] for file in files] == ["a-00001", "a-00002", "a-00003"]
    assert (read(files[0])[20:28, 20:28] == (0, 200, 80)).all()


def noise(file, text=b"no image"):
    file.write_bytes(text)
    return file


def animation(file):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(file, save_all=True, append_images=frames[1:])
    return file


def truncated(file):
    image(file)
    return noise(file, file.read_bytes()[:80])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (lambda d: ("nosuch", image(d / "a.png")), "suite tiny has no run nosuch; known are "),
        (lambda d: ("simclr", image(d / "a.png")), "simclr predicts neither colours nor missing pixels; "),
        (lambda d: ("colorization", d / "none.png"), "none.png is missing; name image files"),
        (lambda d: ("colorization", d), "is a folder; name image files"),
        (lambda d: ("colorization", noise(d / "a.png")), "a.png cannot be decoded as an image; "),
        (lambda d: ("colorization", truncated(d / "a.jpg")), "a.jpg cannot be decoded as an image; "),
        (lambda d: ("colorization", animation(d / "a.gif")), "a.gif is an animation; "),
        (lambda d: ("colorization", image(d / "a.png"), image(d / "a.jpg")), "several files are called a, "),
        (
            lambda d: ("colorization", image(d / "a.png"), "--mask", mask(d / "m.png", 1, 1)),
            "--mask: colorization fills no holes, it colours the whole image; leave it out",
        ),
        (
            lambda d: ("context_encoder", image(d / "a.png"), "--mask", mask(d / "m.png", 1, 1, 8, 9)),
            "m.png has 9x8 pixels, {d}/a.png 50x37; draw the mask",
        ),
        (
            lambda d: ("context_encoder", image(d / "a.png"), "--mask", mask(d / "m.png", 1, 1, colour=0)),
            "m.png is all black; ",
        ),
        (lambda d: ("video_colorization", image(d / "a.gif")), "a.gif is no video (.avi, "),
        (lambda d: ("video_colorization", d / "none"), "none is missing; name a video"),
        (lambda d: ("video_colorization", noise(d / "a.mp4")), "a.mp4 cannot be decoded as a video; "),
        (lambda d: ("video_colorization", d, d), "takes one clip, not 2 files; "),
        (lambda d: ("video_colorization", clip(d / "c", 1)[0]), "c has one frame; "),
        (
            lambda d: ("video_colorization", clip(d / "c")[0], "--mask", mask(d / "m.png", 1, 1)),
            "m.png has 50x37 pixels, ",
        ),
        (
            lambda d: ("video_colorization", clip(d / "c")[0], "--mask", image(d / "m.png", 48, 64)),
            "colours, none of them black; paint the background black",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(apply, tmp_path, words, sentence):
    refused = apply(*words(tmp_path))
    assert isinstance(refused, str)
    assert refused.startswith("selfsup: ")
    assert len(refused.splitlines()) == 1
    assert sentence.replace("{d}", str(tmp_path)) in refused
    assert not list((tmp_path / "out").glob("*"))


def test_what_a_run_lacks_is_one_sentence(apply, tmp_path):
    file = image(tmp_path / "a.png")
    chain = graph("tiny").chains[1]
    copy = tmp_path / "project" / chain.weights.folder
    shutil.copytree(chain.weights.folder, copy)
    assert f"{chain.prepared.folder} is missing, and " in apply(copy, file)
    assert "is not of a pretrained method" in apply(chain.prepared.folder, file)
    for parent in (chain.prepared, chain.table):
        shutil.copytree(parent.folder, tmp_path / "project" / parent.folder)
    assert len(apply(copy, file)) == 2
    spec = copy / "spec.json"
    spec.write_text(spec.read_text().replace('"decoder_width": 96', '"decoder_width": 48'))
    assert "does not fit the method of its recipe" in apply(copy, file)
    spec.write_text(spec.read_text().replace('"decoder_width"', '"decoder_widht"'))
    assert "unknown key hyper.decoder_widht" in apply(copy, file)
