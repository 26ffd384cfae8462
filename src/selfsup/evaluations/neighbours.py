"""What the features call similar: the nearest training images of test images, shown, and how many have their class."""

import torch
from pydantic import PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.bootstrap import mean
from selfsup.evaluations.pictures.rows import EXAMPLES, write_rows
from selfsup.evaluations.reading import files
from selfsup.evaluations.reading.objects import images
from selfsup.nn.pooling import Pooling
from selfsup.results import Measure

NEEDS = ("target", "features")
SHOWN = {
    "title": "Similar images",
    "metrics": {
        "precision": {"title": "of the query's class", "unit": "% of neighbours", "better": "higher"},
        "cosine": {"title": "cosine of the nearest", "unit": "", "better": "none", "decimals": 3},
    },
    "names": {"chance": "any training images"},
    "pictures": "grid",
    "pictures_title": "held-out images, and their nearest training images from left to right",
    "note": "Neighbours by the cosine of the last layer's features, without labels; these only count how many share the class.",
}
CHUNK = 500


def evaluate(inputs: Inputs, *, neighbours: PositiveInt, pooling: Pooling) -> list[Measure]:
    """Return ``cosine``, the mean similarity of a test image and its nearest training image, and where the data have labels
    ``precision``, the share of its nearest training images that have its class.

    The baseline ``chance`` is the share of all training images that have the class of a test image. Examples are shown of
    classes in turn, as they first occur.

    Args:
        neighbours: nearest training images.
        pooling: how a map becomes a vector.

    Source: Doersch et al. 2015 (Context prediction), section 4.1 and figure 4.
    """
    layer = files.layers(inputs.features)[-1]
    train, test = (F.normalize(rows.double(), dim=1) for rows in files.features(inputs.features, layer, pooling))
    if neighbours > len(train):
        raise InputError(f"key neighbours is {neighbours}, but there are {len(train)} training images; lower it")
    nearest = [(chunk @ train.T).topk(neighbours, dim=1) for chunk in test.split(CHUNK)]
    cosine, index = (torch.cat(parts) for parts in zip(*nearest, strict=True))
    measures = [mean("cosine", "", cosine[:, 0])]
    queries = torch.arange(min(EXAMPLES, len(test)))
    try:
        labels, test_labels = files.labels(inputs.features)
    except NotApplicable:
        pass
    else:
        same = (labels[index] == test_labels[:, None]).double().mean(1)
        prior = labels.bincount(minlength=int(test_labels.max()) + 1).double() / len(labels)
        measures += [
            mean("precision", "%", 100 * same),
            mean("precision", "%", 100 * prior[test_labels], baseline="chance"),
        ]
        queries = one_of_each(test_labels)[:EXAMPLES]
    pixels, test_pixels = (images(inputs.target / f"{split}.h5").numpy() for split in ("train", "test"))
    columns = {"image": test_pixels[queries.numpy()]}
    write_rows(inputs, columns | {f"{n + 1}": pixels[index[queries, n].numpy()] for n in range(neighbours)})
    return measures


def one_of_each(labels: Tensor) -> Tensor:
    """Return the index of the first example of each class in turn, in the order of the examples, then of the second ones."""
    seen: dict[int, int] = {}
    rank = torch.zeros(len(labels), dtype=torch.int64)
    for n, label in enumerate(labels.tolist()):
        rank[n] = seen[label] = seen.get(label, -1) + 1
    return rank.argsort(stable=True)
