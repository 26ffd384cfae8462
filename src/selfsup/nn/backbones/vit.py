"""The Vision Transformer: patches of an image as tokens, a class token, and blocks of attention."""

import math
from collections import OrderedDict
from typing import Literal

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.nn.network import Network
from selfsup.nn.pooling import Tokens, VectorPooling


def build(
    *,
    in_channels: PositiveInt = 3,
    size_px: PositiveInt,
    patch_px: PositiveInt,
    width: PositiveInt,
    depth: PositiveInt,
    heads: PositiveInt,
    mlp_ratio: PositiveFloat = 4.0,
    positions: Literal["learned", "sincos"] = "learned",
    class_token: bool = True,
    pooling: VectorPooling = "mean",
) -> "VisionTransformer":
    """Return layers block1 to block<depth> and ``norm``, the norm of the last block's tokens; each of ``width`` channels.

    ``size_px`` is the side of the images that the learned positions are for; for others they are interpolated. ViT-S/16 is
    width 384, depth 12, heads 6. ``pooling`` makes an image's feature from ``norm``.

    Args:
        size_px: side in pixels of the images that learned positions are for.
        patch_px: side in pixels of a patch.
        width: features of a token.
        depth: transformer blocks.
        heads: attention heads of each block.
        mlp_ratio: width of a block's hidden layer, as a multiple of the width.
        positions: embeddings of positions: learned, or sines and cosines.
        class_token: whether a class token comes before the patches.
        pooling: how the tokens of ``norm`` become an image's feature.
    """
    if size_px % patch_px:
        raise InputError(
            f"encoder.size_px is {size_px}, no multiple of encoder.patch_px, {patch_px}; change one of them"
        )
    if width % heads or (positions == "sincos" and width % 4):
        raise InputError(f"encoder.width is {width}; make it a multiple of encoder.heads, {heads}, and of 4 for sincos")
    if pooling == "class_token" and not class_token:
        raise InputError("encoder.pooling is class_token; set encoder.class_token to true")
    hidden_width = round(mlp_ratio * width)
    network = VisionTransformer(in_channels, patch_px, width, depth, heads, hidden_width, class_token, pooling)
    if positions == "learned":
        network.learn_positions(size_px // patch_px)
    return network


class VisionTransformer(Network):
    """Images (N, C, H, W), H and W multiples of the patch, to tokens; parameters have the names of timm, DINO and MAE.

    Source: Dosovitskiy et al. 2021 (ViT), section 3.1, and 3.2 for images of other sizes; Xavier's initialisation as in
    its published code. Fixed sine and cosine positions: Chen et al. 2021 (MoCo v3), section 5.
    Differs: all biases start at 0, where the published code draws those of the MLP from N(0, 1e-6).
    """

    def __init__(
        self,
        in_channels: int,
        patch_px: int,
        width: int,
        depth: int,
        heads: int,
        hidden_width: int,
        class_token: bool,
        pooling: VectorPooling,
    ) -> None:
        blocks = [f"block{number + 1}" for number in range(depth)]
        super().__init__(
            dict.fromkeys([*blocks, "norm"], width),
            pooling,
            patch_px=patch_px,
            attention_heads=dict.fromkeys(blocks, heads),
        )
        embedding = nn.Conv2d(in_channels, width, patch_px, patch_px)
        self.patch_embed = nn.Sequential(OrderedDict(proj=embedding))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width)) if class_token else None
        self.pos_embed: nn.Parameter | None = None
        self.blocks = nn.ModuleList(Block(width, heads, hidden_width) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        _initialise(embedding)

    def learn_positions(self, side: int) -> None:
        """Learn the positions of a grid of ``side`` x ``side`` patches, and the class token's."""
        count = side**2 + (self.cls_token is not None)
        self.pos_embed = nn.Parameter(0.02 * torch.randn(1, count, self.norm.normalized_shape[0]))

    @property
    def published(self) -> nn.Module:
        return self

    def forward(self, x: Tensor, keep: Tensor | None = None) -> dict[str, Tokens]:
        z, grid = self._embed(x, keep)
        layers = {}
        for name, block in zip(self.layers, self.blocks, strict=False):
            z = block(z)
            layers[name] = self._layer(z, grid, keep)
        return layers | {"norm": self._layer(self.norm(z), grid, keep)}

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        z, _ = self._embed(x, None)
        weights = {}
        for name, block in zip(self.layers, self.blocks, strict=False):
            assert isinstance(block, Block)
            weights[name] = block.attn.weights(block.norm1(z))
            z = block(z)
        return weights

    def _layer(self, z: Tensor, grid: tuple[int, int], keep: Tensor | None) -> Tokens:
        if self.cls_token is None:
            return Tokens(z, grid, None, keep)
        return Tokens(z[:, 1:], grid, z[:, 0], keep)

    def _embed(self, x: Tensor, keep: Tensor | None) -> tuple[Tensor, tuple[int, int]]:
        """Return the tokens (N, L, D) before the first block, the class token first, and the grid of all patches."""
        if x.shape[2] % self.patch_px or x.shape[3] % self.patch_px:
            raise InputError(
                f"images are {x.shape[2]} x {x.shape[3]} pixels, no multiple of encoder.patch_px, {self.patch_px}; "
                "change one of them"
            )
        embedded = self.patch_embed(x)
        grid = (embedded.shape[2], embedded.shape[3])
        of_class, of_patches = self._positions(grid, x.device)
        z = embedded.flatten(2).transpose(1, 2) + of_patches
        if keep is not None:
            z = z.gather(1, keep[:, :, None].expand(-1, -1, z.shape[2]))
        if self.cls_token is not None:
            z = torch.cat([(self.cls_token + of_class).expand(len(z), -1, -1), z], 1)
        return z, grid

    def _positions(self, grid: tuple[int, int], device: torch.device) -> tuple[Tensor, Tensor]:
        """Return the position of the class token (1, 1, D), and those of the patches (1, h x w, D)."""
        if self.pos_embed is None:
            width = self.norm.normalized_shape[0]
            return torch.zeros(1, 1, width, device=device), sincos(grid, width).to(device)[None]
        count = int(self.cls_token is not None)
        of_class, learned = self.pos_embed[:, :count], self.pos_embed[:, count:]
        side = math.isqrt(learned.shape[1])
        if grid == (side, side):
            return of_class, learned
        square = learned.transpose(1, 2).reshape(1, -1, side, side)
        return of_class, F.interpolate(square, grid, mode="bicubic", align_corners=False).flatten(2).transpose(1, 2)


def sincos(grid: tuple[int, int], width: int) -> Tensor:
    """Return positions (h x w, D): sines, then cosines of the column at D / 4 frequencies, then those of the row.

    Frequencies are 10000^(-4 i / D), i from 0.
    """
    frequencies = 10_000.0 ** (-torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    rows, columns = torch.meshgrid(*(torch.arange(side, dtype=torch.float64) for side in grid), indexing="ij")
    angles = [positions.flatten()[:, None] * frequencies for positions in (columns, rows)]
    return torch.cat([wave for angle in angles for wave in (angle.sin(), angle.cos())], 1).float()


class Block(nn.Module):
    """Attention to all tokens, then two layers on each; each with a norm before it, each added to z (N, L, D)."""

    def __init__(self, width: int, heads: int, hidden_width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        fc1, fc2 = nn.Linear(width, hidden_width), nn.Linear(hidden_width, width)
        self.mlp = nn.Sequential(OrderedDict(fc1=fc1, act=nn.GELU(), fc2=fc2))
        _initialise(fc1)
        _initialise(fc2)

    def forward(self, z: Tensor) -> Tensor:
        z = z + self.attn(self.norm1(z))
        out: Tensor = z + self.mlp(self.norm2(z))
        return out


class Attention(nn.Module):
    """Multi-head self-attention, softmax(q k / sqrt(D / heads)) v."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        _initialise(self.qkv, matrices=3)
        _initialise(self.proj)

    def forward(self, z: Tensor) -> Tensor:
        attended: Tensor = F.scaled_dot_product_attention(*self._query_key_value(z))
        projected: Tensor = self.proj(attended.transpose(1, 2).flatten(2))
        return projected

    def weights(self, z: Tensor) -> Tensor:
        """Return (N, heads, L, L): the attention of each token (row) to each token (column)."""
        query, key, _ = self._query_key_value(z)
        scores: Tensor = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
        return scores.softmax(3)

    def _query_key_value(self, z: Tensor) -> Tensor:
        """(3, N, heads, L, D / heads)"""
        joint: Tensor = self.qkv(z)
        return joint.reshape(*z.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)


def _initialise(layer: nn.Linear | nn.Conv2d, matrices: int = 1) -> None:
    """Initialise the stacked matrices of a layer's weight by Xavier's rule, its biases with 0."""
    for matrix in layer.weight.data.flatten(1).chunk(matrices):
        nn.init.xavier_uniform_(matrix)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
