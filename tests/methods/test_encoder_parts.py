"""Every recipe with an encoder that its method may not expect builds, or says in one sentence why not."""

import contextlib
from dataclasses import replace

import pytest

from selfsup.errors import InputError
from selfsup.methods.base import Method
from selfsup.nn import encoder
from tests.methods.recipes import FILES, info_of, method_class, recipe, table_of

VIT = {"backbone": "vit", "size_px": 32, "patch_px": 8, "width": 8, "depth": 1, "heads": 2}


def part_of(name):
    description = recipe(name)["encoder"]
    return description["parts"][0] if "parts" in description else description


@pytest.mark.parametrize("name", [name for name in FILES if not name.endswith("_resnet18")])
@pytest.mark.parametrize("kind", ["two parts", "Transformer"])
def test_another_encoder_is_built_or_refused_in_one_sentence(name, kind):
    description = VIT if kind == "Transformer" else {"parts": [part_of(name)] * 2}
    info = info_of(name)
    hyper = recipe(name)["hyper"]
    if "batch_norm_splits" in hyper:
        hyper["batch_norm_splits"] = 1
    info = replace(info, table=table_of(name, info))
    with contextlib.suppress(InputError):  # any other exception is a traceback for the user
        method = method_class(name).from_recipe(encoder.build(description), info, hyper)
        assert isinstance(method, Method)
        assert method.encoder.input


def test_video_colorization_refuses_two_parts():
    parts = {"parts": [part_of("video_colorization"), part_of("video_colorization") | {"input": "ab"}]}
    sentence = "encoder.input is lightness and ab, which reveals the colours.*; set encoder.input: lightness"
    with pytest.raises(InputError, match=sentence):
        method_class("video_colorization").from_recipe(
            encoder.build(parts), info_of("video_colorization"), recipe("video_colorization")["hyper"]
        )
