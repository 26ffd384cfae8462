"""What a recipe says of its encoder, or of several side by side: checked key by key, with defaults filled in."""

import pytest

from selfsup.config.lookup import encoder
from selfsup.errors import InputError
from selfsup.report.rows import encoder_name
from selfsup.store.artefact import backbones

LIGHTNESS = {"backbone": "small_conv", "width": 12, "input": "lightness"}
AB = {"backbone": "small_conv", "input": "ab"}


def test_parts_are_checked_each_by_its_own_backbone():
    assert encoder({"parts": [LIGHTNESS, AB]}, "file") == {"parts": [LIGHTNESS, {**AB, "width": 24}]}


def test_rgb_is_what_an_encoder_sees_unless_it_says_so():
    whole = {"backbone": "small_conv", "width": 24}
    assert encoder({**whole, "input": "rgb"}, "file") == encoder(whole, "file") == whole


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({**LIGHTNESS, "input": "lightnes"}, r"^file: key encoder\.input is 'lightnes'; did you mean lightness\?"),
        ({"parts": [LIGHTNESS, {**AB, "input": ["ab"]}]}, r"^file: key encoder\.parts\.1\.input is \['ab'\]"),
        (
            {"parts": [LIGHTNESS, {**AB, "widht": 12}]},
            r"^file: unknown key encoder\.parts\.1\.widht: did you mean width",
        ),
        ({"parts": [{"input": "ab"}]}, r"^file: key encoder\.parts\.0\.backbone names no module"),
        ({"parts": [LIGHTNESS], "width": 12}, r"^file: key encoder\.parts is .* no key beside it"),
        ({"parts": []}, r"^file: key encoder\.parts is \[\]; make it a list"),
        ({"parts": LIGHTNESS}, r"^file: key encoder\.parts is .*; make it a list"),
    ],
)
def test_a_mistake_is_one_sentence(content, sentence):
    with pytest.raises(InputError, match=sentence):
        encoder(content, "file")


def test_every_part_names_its_code_and_its_place_in_the_report():
    parts = {"parts": [LIGHTNESS, {"backbone": "resnet", "depth": 18}]}
    resnet, small_conv = (f"selfsup.nn.backbones.{name}.build" for name in ("resnet", "small_conv"))
    assert sorted(backbones({"encoder": parts})) == [resnet, small_conv]
    assert backbones(AB) == [small_conv]
    assert encoder_name({"encoder": parts}) == "small_conv input=lightness width=12 + resnet depth=18"
