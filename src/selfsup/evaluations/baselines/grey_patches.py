"""Raw grey patches: what a network must beat that says to know more of a place than its pixels."""

from torch import Tensor
from torch.nn import functional as F

from selfsup.nn.inputs import preprocess


def grey_patches(images: Tensor, *, stride: int, patch_px: int) -> Tensor:
    """Return unit vectors (N, D, H', W'): the lightness of ``patch_px`` x ``patch_px`` pixels around each place of
    ``stride`` x ``stride`` pixels of images uint8 (N, 3, H, W); beyond the border its last pixels go on."""
    lightness = preprocess(images, "lightness")
    height, width = lightness.shape[2:]
    grid = (-(-height // stride), -(-width // stride))
    before = (patch_px - stride) // 2
    after = patch_px - stride - before
    margin = (before, after + grid[1] * stride - width, before, after + grid[0] * stride - height)
    patches = F.unfold(F.pad(lightness, margin, mode="replicate"), patch_px, stride=stride)
    return F.normalize(patches.unflatten(2, grid), dim=1)
