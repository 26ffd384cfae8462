"""Dense Object Nets: a descriptor for every pixel, equal in all images of the same point of an object."""

from typing import Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.losses.pixelwise_contrastive import match_loss, non_match_sums
from selfsup.methods.base import DataInfo, Draws, Extras, LossOutput, Method, Panel, Step, Views
from selfsup.methods.parts.image_pairs import check_full_resolution, pair_images, pair_panel
from selfsup.nn.encoder import Encoder
from selfsup.views import correspondences

KINDS = ("object", "background", "across")
SHOWN_MATCHES = 4


class DenseObjectNet(Method):
    """Descriptors by the pixelwise contrastive loss, from pairs of images with known correspondences.

    ``sampling`` defines matches and non-matches. ``single_object``: matches are on one object in two images, non-matches
    elsewhere on it and on the background; other objects are unconstrained, so those of a class may get equal descriptors.
    ``class_consistent``: the points of two objects of a class match too. ``multi_object_distinct``: non-matches are also
    on every other object, of the same image and of the batch's next pair.

    Args:
        sampling: which pixels match and which must differ.
        matches: matches of each pair of images.
        non_matches: non-matches of each kind for each match.
        least_distance_px: non-matches on the object are at least this far from the match.
        margin: distance in descriptor space that non-matches on objects must keep.
        background_margin: distance that non-matches on the background must keep.
        hard_negative_scaling: whether the loss of non-matches is a mean over only those within their margin.

    Source: Florence et al. 2018 (Dense Object Nets), section 3, and the authors' published code for the kinds of pairs.
    Differs: a batch holds several pairs, where the paper's step takes one, and one of two different objects is a step of
    its own, where here pixels of other objects are in the mean over non-matches. Matches are those of the data, exact for
    rendered scenes, where the paper's come from depth images of a static scene. Class consistency emerges in the paper
    from many objects under ``single_object``; ``class_consistent`` trains it, on pairs labelled by class.
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
        return correspondences.draw(examples, generator, matches=self.matches, non_matches=self.non_matches)

    def views(self, batch: Views, draws: Draws) -> Views:
        """Return both images in [0, 1] and sampled pixels, int64 indices into all first or all second images.

        ``query`` of the first and ``match`` of the second (N, M); ``object``, ``background`` and, for distinct objects,
        ``across`` (N, M, K), non-matches in the second. ``<name>_counts`` is false where there was no candidate.
        """
        masks = batch["first_mask"], batch["second_mask"]
        match_of, known = correspondences.matched_pixels(batch["match"])
        if self.sampling != "class_consistent":
            known = known & (masks[0] == masks[1].flatten()[match_of])
        query, counts = correspondences.choose(known, draws["match"])
        match = match_of.flatten()[query]
        matches = {"query": query, "match": match, "match_counts": counts.expand_as(query)}
        return pair_images(batch) | matches | self._non_matches(match, counts, masks[1], draws)

    def loss(self, views: Views, extras: Extras, step: Step) -> LossOutput:
        """Return the loss of matches plus the mean over the non-matches of all kinds, the hard ones or all; the metric
        ``<kind>_loss`` is a kind's part of it."""
        first, second = (self._descriptors(views[side]) for side in ("first", "second"))
        query = first[views["query"]]
        matched = match_loss(query, second[views["match"]], views["match_counts"])
        sums = {
            kind: non_match_sums(
                query[:, :, None],
                second[views[kind]],
                views[f"{kind}_counts"],
                self.background_margin if kind == "background" else self.margin,
            )
            for kind in KINDS
            if kind in views
        }
        losses, hard, every = (torch.stack(of_kinds) for of_kinds in zip(*sums.values(), strict=True))
        losses = losses / (hard if self.hard_negative_scaling else every).sum().clamp(min=1)
        metrics = {"match_loss": matched.detach()}
        for kind, loss, share in zip(sums, losses.detach(), hard / every.clamp(min=1), strict=True):
            metrics |= {f"{kind}_loss": loss, f"{kind}_hard_share": share}
        return LossOutput(matched + losses.sum(), metrics)

    def panels(self, views: Views) -> list[Panel]:
        marked = [views[name][:, :SHOWN_MATCHES] for name in ("query", "match", "match_counts")]
        return [pair_panel("Marks of one colour must have equal descriptors", views, marked)]

    def _non_matches(self, match: Tensor, counts: Tensor, mask: Tensor, draws: Draws) -> Views:
        """Return the non-matches of each kind in the second images, of masks (N, H, W)."""
        distinct = self.sampling == "multi_object_distinct"
        foreground = mask > 0
        pixel, exists = correspondences.choose(foreground, draws["object"])
        far = correspondences.distance_px(pixel, match[..., None], mask.shape[2]) >= self.least_distance_px
        same = distinct | (mask.flatten()[pixel] == mask.flatten()[match][..., None])
        samples = {
            "object": (pixel, exists & far & same),
            "background": correspondences.choose(~foreground, draws["background"]),
        }
        if distinct:
            pairs = torch.arange(len(mask), device=mask.device).roll(-1)
            other, is_other = correspondences.choose(foreground[pairs], draws["across"])
            shift = (pairs - pairs.roll(1)) * mask[0].numel()
            samples["across"] = (other + shift[:, None, None], is_other & (len(mask) > 1))
        return {
            name: value
            for kind, (index, valid) in samples.items()
            for name, value in ((kind, index), (f"{kind}_counts", (valid & counts[..., None]).expand_as(index)))
        }

    def _descriptors(self, images: Tensor) -> Tensor:
        """Return the descriptors of all pixels of all images (N H W, D)."""
        return list(self.encoder.maps(images).values())[-1].movedim(1, -1).flatten(0, -2)
