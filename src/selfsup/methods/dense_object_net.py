"""Dense Object Nets: a descriptor for every pixel, the same wherever the same point of an object is seen."""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.losses.pixelwise_contrastive import match_loss, non_match_loss
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Step, Views
from selfsup.methods.parts.image_pairs import check_full_resolution, pair_images, pair_panel
from selfsup.nn.encoder import Encoder
from selfsup.views import correspondences

SORTS = ("object", "background", "across")
SHOWN_MATCHES = 4


class DenseObjectNet(Method):
    """Descriptors by the pixelwise contrastive loss, from pairs of images whose correspondences are known.

    ``sampling`` says what a match is and what must differ. ``single_object``: matches are on one object seen twice,
    non-matches elsewhere on it and on the background; what it makes of other objects is left open, so those of a class
    may come out alike. ``class_consistent``: the points of two objects of a class match too. ``multi_object_distinct``:
    non-matches are on every other object also, of the same image and of the batch's next pair.

    Args:
        sampling: which pixels match and which must differ.
        matches: matches of each pair of images.
        non_matches: non-matches of each sort for each match.
        least_distance_px: non-matches on the object are at least this far from the match.
        margin: distance in descriptor space that non-matches on objects must keep.
        background_margin: distance that non-matches on the background must keep.
        hard_negative_scaling: whether the loss is a mean over the non-matches within the margin alone.

    Source: Florence et al. 2018 (Dense Object Nets), section 3, and the authors' published code for the sorts of pairs.
    Differs: a batch holds several pairs, where the paper's step takes one; matches are where the data say, which for
    rendered scenes is exact, where the paper's come from depth images of a static scene. Class consistency emerges in
    the paper from many objects under ``single_object``; with ``class_consistent`` it is trained, on pairs that know the class.
    """

    modality = "image_pair"

    def __init__(
        self,
        encoder: Encoder,
        info: DataInfo,
        *,
        sampling: Literal["single_object", "class_consistent", "multi_object_distinct"],
        matches: PositiveInt,
        non_matches: PositiveInt,
        least_distance_px: NonNegativeFloat,
        margin: PositiveFloat,
        background_margin: PositiveFloat,
        hard_negative_scaling: bool,
    ) -> None:
        super().__init__(encoder, info)
        check_full_resolution(encoder, info)
        self.sampling = sampling
        self.matches = matches
        self.non_matches = non_matches
        self.least_distance_px = least_distance_px
        self.margin = margin
        self.background_margin = background_margin
        self.hard_negative_scaling = hard_negative_scaling

    def draw(self, examples: int, generator: torch.Generator) -> Draws:
        """Return the uniform numbers that choose pixels."""
        return correspondences.draw(examples, generator, matches=self.matches, non_matches=self.non_matches)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return both images in [0, 1] and the pixels chosen, int64, counted in all images of one side.

        ``query`` of the first and ``match`` of the second (N, M); ``object``, ``background`` and, where objects are to be
        distinct, ``across`` (N, M, K), non-matches in the second. ``<name>_counts`` is false where there was none to choose.
        """
        masks = batch["first_mask"], batch["second_mask"]
        match_of, known = correspondences.matched_pixels(batch["match"])
        if self.sampling != "class_consistent":
            known = known & (masks[0] == masks[1].flatten()[match_of])
        query, counts = correspondences.choose(known, draws["match"])
        match = match_of.flatten()[query]
        found = {"query": query, "match": match, "match_counts": counts.expand_as(query)}
        return pair_images(batch) | found | self._non_matches(match, counts, masks[1], draws)

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the sum of the losses of matches and of each sort of non-matches."""
        first, second = (self._descriptors(views[side]) for side in ("first", "second"))
        query = first[views["query"]]
        matched = match_loss(query, second[views["match"]], views["match_counts"])
        total, metrics = matched, {"match_loss": matched.detach()}
        for sort in [sort for sort in SORTS if sort in views]:
            loss, hard = non_match_loss(
                query[:, :, None],
                second[views[sort]],
                views[f"{sort}_counts"],
                self.background_margin if sort == "background" else self.margin,
                self.hard_negative_scaling,
            )
            total = total + loss
            metrics |= {f"{sort}_loss": loss.detach(), f"{sort}_hard_share": hard.detach()}
        return LossOutput(total, metrics)

    def panels(self, views: Views) -> list[Panel]:
        """Return a few pairs with some of their matches marked."""
        marked = [views[name][:, :SHOWN_MATCHES] for name in ("query", "match", "match_counts")]
        return [pair_panel("Marks of one colour must get one descriptor", views, marked)]

    def _non_matches(self, match: Tensor, counts: Tensor, mask: Tensor, draws: Draws) -> Views:
        """Return the non-matches of each sort in the second images, whose masks these are (N, H, W)."""
        distinct = self.sampling == "multi_object_distinct"
        thing = mask > 0
        pixel, there = correspondences.choose(thing, draws["object"])
        far = correspondences.distance_px(pixel, match[..., None], mask.shape[2]) >= self.least_distance_px
        same = distinct | (mask.flatten()[pixel] == mask.flatten()[match][..., None])
        empty, is_empty = correspondences.choose(~thing, draws["background"])
        chosen = {"object": (pixel, there & far & same), "background": (empty, is_empty)}
        if distinct:
            pairs = torch.arange(len(mask), device=mask.device).roll(-1)
            other, is_other = correspondences.choose(thing[pairs], draws["across"])
            shift = (pairs - pairs.roll(1)) * mask[0].numel()
            chosen["across"] = (other + shift[:, None, None], is_other & (len(mask) > 1))
        return {
            name: value
            for sort, (index, valid) in chosen.items()
            for name, value in ((sort, index), (f"{sort}_counts", (valid & counts[..., None]).expand_as(index)))
        }

    def _descriptors(self, images: Tensor) -> Tensor:
        """Return the descriptors of all pixels of all images (N H W, D)."""
        return list(self.encoder.maps(images).values())[-1].movedim(1, -1).flatten(0, -2)
