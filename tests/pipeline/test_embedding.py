"""A user's images are embedded as pretraining saw them, each row with its file; neighbours and a map are pages of them."""

import csv
import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from selfsup.datasets.content.decoding import cover_square, decode
from selfsup.errors import InputError
from selfsup.nn.encoder import build, load_encoder, save_encoder
from selfsup.pipeline.embedding import embed, pages
from tests.browser import dump_dom

SIZE_PX = 16


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    (tmp_path / "weights").mkdir()
    save_encoder(build({"backbone": "small_conv", "width": 4}).eval(), tmp_path / "weights", SIZE_PX)
    return tmp_path / "weights"


@pytest.fixture
def photographs(tmp_path):
    """Images of any format and size, of two colours in two folders, and files that are none."""
    random = np.random.default_rng(0)
    for number in range(12):
        colour, suffix = ("red", "png") if number % 2 else ("blue", "jpg")
        shape = (20 + 3 * number, 50 - 2 * number, 3)
        pixels = random.integers(0, 60, shape, dtype=np.uint8)
        pixels[..., 0 if colour == "red" else 2] += 180
        file = tmp_path / "photographs" / colour / f"Bild {number:02d} <é>.{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)
    (tmp_path / "photographs" / "notes.txt").write_text("no image")
    return tmp_path / "photographs"


def test_each_row_is_what_the_encoder_says_of_its_file(weights, photographs):
    embeddings = embed.embed(weights, [photographs])
    encoder = load_encoder(str(weights))
    assert len(embeddings.files) == 12
    for file, row in zip(embeddings.files, embeddings.features, strict=True):
        square = torch.from_numpy(cover_square(decode(Path(file)), SIZE_PX, file).copy())
        with torch.no_grad():
            assert np.allclose(row, encoder(square[None])[0], atol=1e-6)


def test_a_layer_may_be_named(weights, photographs):
    encoder = load_encoder(weights)
    layer = next(iter(encoder.layers))
    assert embed.embed(weights, [photographs], layer).features.shape == (12, encoder.layers[layer])
    with pytest.raises(InputError, match=rf"--layer: this encoder has no head; its layers are {layer}"):
        embed.embed(weights, [photographs], "head")


@pytest.mark.parametrize("suffix", [".h5", ".csv"])
def test_files_and_numbers_are_written_and_read(weights, photographs, tmp_path, suffix):
    embeddings = embed.embed(weights, [photographs])
    out = tmp_path / "new" / f"mine{suffix}"
    embed.write(embeddings, out)
    if suffix == ".h5":
        again = embed.read(out)
        assert again.files == embeddings.files
        assert np.array_equal(again.features, embeddings.features)
        assert again.encoder == json.loads((weights / "encoder.json").read_text())["digest"]
    else:
        header, *rows = csv.reader(out.open())
        assert header[:2] == ["file", "f0"]
        assert [row[0] for row in rows] == embeddings.files
        assert np.allclose(np.array([row[1:] for row in rows], float), embeddings.features)


def test_a_file_of_several_places_is_embedded_once(weights, photographs):
    one = sorted(photographs.rglob("*.png"))[0]
    assert len(embed.embed(weights, [one, photographs, one]).files) == 12


def test_all_damaged_images_are_named_at_once_and_nothing_is_written(weights, photographs):
    for name in ("a.png", "b.jpg"):
        (photographs / name).write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"a\.png cannot be decoded.*; .*b\.jpg cannot be decoded"):
        embed.embed(weights, [photographs])


@pytest.mark.parametrize(
    ("places", "sentence"),
    [(["no-such"], "no-such is missing"), (["empty"], "empty holds no image")],
)
def test_places_without_images_are_said(weights, tmp_path, monkeypatch, places, sentence):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    with pytest.raises(InputError, match=sentence):
        embed.embed(weights, [Path(place) for place in places])


def test_encoders_of_no_images_and_no_runs_are_refused(tmp_path, photographs):
    with pytest.raises(InputError, match=r"has no encoder\.json; name a run's folder"):
        embed.embed(tmp_path, [photographs])
    save_encoder(build({"backbone": "small_conv", "width": 4, "input": "depth"}), tmp_path, SIZE_PX)
    with pytest.raises(InputError, match="encodes depth, and cannot embed image files"):
        embed.embed(tmp_path, [photographs])
    (tmp_path / "encoder.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match="is damaged"):
        embed.embed(tmp_path, [photographs])


def test_other_formats_are_refused(weights, photographs, tmp_path):
    embeddings = embed.embed(weights, [photographs])
    with pytest.raises(InputError, match=r"--out: mine\.npz is neither \.h5 nor \.csv"):
        embed.write(embeddings, Path("mine.npz"))
    with h5py.File(tmp_path / "other.h5", "w"):
        pass
    for file in ("other.h5", "missing.h5"):
        with pytest.raises(InputError, match=rf"{file} holds no embeddings .*`selfsup embed RUN FILES"):
            embed.read(tmp_path / file)


def test_neighbours_are_those_of_the_largest_cosine():
    features = np.array([[1, 0], [0.9, 0.1], [0, 1], [-1, 0], [2, 0.1]], np.float32)
    embeddings = embed.Embeddings([f"{n}.png" for n in range(5)], features, "")
    ((query, *nearest),) = pages.neighbours(embeddings, [Path("0.png")], 3)
    assert query == (0, 1.0)
    assert [n for n, _ in nearest] == [4, 1, 2]
    assert nearest[1][1] == pytest.approx(0.9 / np.hypot(0.9, 0.1))
    assert [row[0][0] for row in pages.neighbours(embeddings, [], 1)] == [0, 1, 2, 3, 4]
    with pytest.raises(InputError, match="-k: 5 neighbours of 5 images"):
        pages.neighbours(embeddings, [], 5)
    with pytest.raises(InputError, match=r"7\.png is not among the embedded images"):
        pages.neighbours(embeddings, [Path("7.png")], 1)


@pytest.mark.slow
def test_the_pages_show_files_and_images(weights, photographs, tmp_path):
    embeddings = embed.embed(weights, [photographs])
    pages.write_neighbours(embeddings, pages.neighbours(embeddings, [], 3), tmp_path / "neighbours.html")
    pages.write_map(embeddings, pages.positions(embeddings), tmp_path / "map.html")
    probe = """<script>document.querySelectorAll('circle')[3].dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));
    document.title = peek.hidden + '|' + name.textContent + '|' + image.style.backgroundPosition;</script></body>"""
    page = (tmp_path / "map.html").read_text()
    assert len(re.findall("<circle", page)) == 12
    assert page.count("hsl(") == 12 + 2
    (tmp_path / "map.html").write_text(page.replace("</body>", probe))
    dom = dump_dom(tmp_path / "map.html", tmp_path / "profile")
    title = re.search("<title>(.*?)</title>", dom)[1]
    assert title.startswith("false|")
    assert Path(embeddings.files[3]).name.replace("<", "&lt;").replace(">", "&gt;") in title
    assert title.endswith("|-288px 0px")
    rows = re.findall("<ol>.*?</ol>", (tmp_path / "neighbours.html").read_text(), re.S)
    assert len(rows) == 12
    assert all(row.count("<li>") == 4 for row in rows)


def test_a_map_of_too_few_images_is_a_sentence():
    with pytest.raises(InputError, match="3 images make no map; embed at least 5"):
        pages.positions(embed.Embeddings(["a", "b", "c"], np.eye(3, dtype=np.float32), ""))
