"""Views of a batch: pairs of one augmentation, and several crops of several sizes from a list of them."""

import torch

from selfsup.methods.base import LossOutput, Method
from selfsup.methods.parts.view_pairs import draw_views, make_views
from selfsup.nn import encoder
from selfsup.seeds import generator
from selfsup.specs.augmentation import Augmentation
from selfsup.testing.trials import EXAMPLES, INFO, STEP, batch
from tests.methods.recipes import build


class MultiCrop(Method):
    """Large crops and small ones, as SwAV and DINO have them, each by an augmentation of its own."""

    def __init__(self, encoder, info, *, crops: list[Augmentation]):
        super().__init__(encoder, info)
        self.crops = crops

    def asked(self):
        return {f"crop {number}": crop for number, crop in enumerate(self.crops, start=1)}

    def draw(self, examples, generator):
        return draw_views(self.asked(), examples, generator, self.info.size_px)

    def views(self, batch, draws):
        return make_views(self.asked(), batch["image"], draws, self.info.size_px)

    def loss(self, views, extras, step):
        first, *others = (self.encoder(view) for view in views.values())
        return LossOutput(sum((other - first).square().mean() for other in others))

    def panels(self, views):
        return []


def test_several_crops_of_several_sizes_are_a_list_of_augmentations():
    large = {"crop_scale_min": 0.4, "color_strength": 0.5}
    small = {
        "crop_scale_min": 0.05,
        "crop_scale_max": 0.4,
        "color_strength": 0.5,
        "blur_probability": 0.5,
        "size_px": 16,
    }
    network = encoder.build({"backbone": "small_conv", "width": 4})
    method = MultiCrop.from_recipe(network, INFO, {"crops": [large, large, small, small]})
    assert method.crops[2] == Augmentation(**small)
    draws = method.draw(EXAMPLES, generator(0, "views"))
    views = method.views(batch(), draws)
    assert [view.shape[-1] for view in views.values()] == [32, 32, 16, 16]
    area = draws["crop 3.box"][:, 2:].prod(1)
    assert (area <= 0.45 * 32 * 32).all()
    assert not torch.equal(views["crop 1"], views["crop 2"])
    assert method.loss(views, {}, STEP).loss > 0


def test_a_pair_is_two_independent_draws_of_one_augmentation():
    method = build("simclr")
    draws = method.draw(EXAMPLES, generator(0, "views"))
    assert not torch.equal(draws["view 1.box"], draws["view 2.box"])
    again = draw_views({"view 1": method.augmentation}, EXAMPLES, generator(0, "views"), 32)
    assert all(torch.equal(rows, draws[name]) for name, rows in again.items())
