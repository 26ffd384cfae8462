"""Maps of the embeddings: a point per image, in the class's colour, with the images behind the points."""

import base64
import io
import json
import re
from dataclasses import replace

import h5py
import numpy as np
import pytest
from PIL import Image

from selfsup.report.figures.maps import point_map
from tests.report.fabricate_images import MAP_CLASSES


@pytest.fixture
def drawn(built):
    group = built.content.groups[0]
    (scoring,) = (s for s in group.scorings if s.protocol.evaluation == "embedding_map")
    return group, scoring, point_map(group, scoring)


def points(svg, panel):
    (found,) = re.findall(rf'<g id="points-{panel}">(.*?)</g>\s*</g>', svg, re.S)
    return re.findall(r'<use [^>]*x="([\d.-]+)" y="([\d.-]+)" style="fill: (#\w+)', found)


def test_a_point_per_image_where_the_evaluation_put_it(drawn):
    group, scoring, plot = drawn
    for panel, variant in enumerate(("random", "simclr")):
        with h5py.File(scoring.pictures(group.first_seeds[variant])) as file:
            position, label = file["position"][()], file["label"][()]
        found = points(plot.svg, panel)
        at = np.array([[float(x), float(y)] for x, y, _ in found])
        assert len(at) == 30
        for axis, sign in ((0, 1), (1, -1)):  # y of SVG points down
            assert np.corrcoef(at[:, axis], position[:, axis])[0, 1] == pytest.approx(sign, abs=1e-4)
        colours = {(int(n), colour) for n, (*_, colour) in zip(label, found, strict=True)}
        assert len(colours) == 3


def test_behind_the_points_are_their_images_and_classes(drawn):
    *_, plot = drawn
    behind = json.loads(plot.behind)
    assert behind["classes"] == [MAP_CLASSES[n % 3] for n in range(30)]
    data = base64.b64decode(behind["sheet"].split(",")[1])
    sheet = np.asarray(Image.open(io.BytesIO(data)))
    assert sheet.shape == (16, 25 * 8, 3)
    for n in range(30):
        row, column = divmod(n, behind["columns"])
        assert int(sheet[8 * row + 4, 8 * column + 4, 0]) == pytest.approx(8 * n, abs=6)


def test_the_page_has_them_and_the_file_of_the_figure_has_not(built, drawn):
    *_, plot = drawn
    page = (built.folder / "index.html").read_text()
    assert page.count('class="behind"') == 1
    assert "<b>fig</b>" not in page
    assert "base64" not in (built.folder / "figures" / f"{plot.name}.svg").read_text()


def test_without_labels_points_are_grey_and_without_a_map_there_is_no_figure(built, drawn, tmp_path):
    group, scoring, _ = drawn
    without = replace(group, members=[m for m in group.members if m.variant == "rotation"])
    assert point_map(without, scoring) is None
    path = scoring.pictures(group.first_seeds["random"])
    with h5py.File(path, "r+") as file:
        kept = file["label"][()]
        file["label"][:] = -1
    try:
        plot = point_map(replace(group, members=[group.first_seeds["random"]], variants=["random"]), scoring)
    finally:
        with h5py.File(path, "r+") as file:
            file["label"][:] = kept
    assert {colour for *_, colour in points(plot.svg, 0)} == {"#8a8a8a"}
    assert set(json.loads(plot.behind)["classes"]) == {""}
