"""Two views for the losses of pairs, their cosine by hand, and FaceNet's semi-hard negative by a loop."""

import torch


def cosine(u, v):
    """sim(u, v) of SimCLR's section 2.1, one component at a time."""
    dot = sum(u[d] * v[d] for d in range(len(u)))
    return dot / (sum(a * a for a in u) ** 0.5 * sum(b * b for b in v) ** 0.5)


def pairs(count=5, features=3, noise=0.9):
    """Rows of unlike lengths, each a noisy copy of its positive, so that negatives stand on both sides of it."""
    generator = torch.Generator().manual_seed(4)
    first = torch.randn(count, features, generator=generator, dtype=torch.float64)
    second = 1.7 * first + noise * torch.randn(count, features, generator=generator, dtype=torch.float64) + 0.2
    return first.detach().requires_grad_(), second.detach().requires_grad_()


def anchors(first, second):
    """Yield each row's cosine with its positive and those with its negatives, a list."""
    z = [*first, *second]
    for i in range(len(z)):
        j = (i + len(first)) % len(z)
        yield cosine(z[i], z[j]), [cosine(z[i], z[k]) for k in range(len(z)) if k not in (i, j)]


def semi_hard(positive, negatives, margin=float("inf")):
    """Of the negatives farther than the positive, within the margin, the nearest: a list of one, or of none."""
    found = [s for s in negatives if positive - margin < s < positive]
    return [max(found, key=lambda s: s.item())] if found else []
