"""Examples are ordered in place, in about the memory of their images."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from selfsup.datasets.content.sources import Example, read_examples, reorder

pytestmark = pytest.mark.counts(
    "files as people have them: sound, masks, boxes, clips, folders", "their own values, or one sentence"
)


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_put_into_an_order_in_place(seed):
    random = np.random.default_rng(seed)
    array = random.integers(0, 255, (37, 3, 2)).astype(np.uint8)
    order = random.permutation(37).tolist()
    expected = array[order]
    reorder(array, order)
    assert np.array_equal(array, expected)


def test_images_follow_the_order_of_their_hashes():
    random = np.random.default_rng(0)
    pixels = random.integers(0, 255, (700, 8, 8, 3)).astype(np.uint8)
    examples = [Example(Image.fromarray(image), n, str(n)) for n, image in enumerate(pixels)]
    found = read_examples(examples, 8)
    assert found.images.shape == (700, 3, 8, 8)
    assert sorted(found.keys) == found.keys
    for image, label in zip(found.images, found.labels, strict=True):
        assert np.array_equal(image.transpose(1, 2, 0), pixels[label])
    assert read_examples(examples, None).keys == found.keys


READ = """
import numpy as np, resource
from PIL import Image
from selfsup.datasets.content.sources import Example, read_examples
random = np.random.default_rng(0)
def examples():
    for n in range(12_000):
        yield Example(Image.fromarray(random.integers(0, 255, (64, 64, 3)).astype(np.uint8)), 0, "")
import itertools; read_examples(itertools.islice(examples(), 10), 64)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
images = read_examples(examples(), 64).images
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / images.nbytes)
"""


def test_reading_needs_about_the_memory_of_the_images():
    done = subprocess.run([sys.executable, "-c", READ], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1.3
