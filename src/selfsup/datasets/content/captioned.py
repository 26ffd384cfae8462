"""Images with captions as a source: which file says what, checked before a single image is decoded."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from selfsup.datasets.content.decoding import decode
from selfsup.datasets.content.sources import Example, Source

Captions = Mapping[Path, list[str]]


def captioned_source(root: Path, splits: Mapping[str, Captions]) -> Source:
    """Return the source of images and their captions by split; equal images come in the order of their captions."""
    captions: list[list[str]] = []
    examples: dict[str, Iterator[Example]] = {}
    for split, said in splits.items():
        files = sorted(said, key=lambda file: said[file])
        examples[split] = _decoded(files, len(captions))
        captions += [said[file] for file in files]
    return Source(root, [], dict(examples), captions)


def shortened(captions: list[list[str]], phrasings: int | None) -> list[list[str]]:
    """Return the first so many captions of each image, all where it is None."""
    return [own[:phrasings] for own in captions]


def _decoded(files: list[Path], first_row: int) -> Iterator[Example]:
    for row, file in enumerate(files, first_row):
        yield Example(decode(file), row, str(file))
