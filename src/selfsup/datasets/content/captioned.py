"""Images with captions as a source: all captions are checked before the first image is decoded."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from selfsup.datasets.content.decoding import decode
from selfsup.datasets.content.sources import Example, Source

Captions = Mapping[Path, list[str]]


def captioned_source(root: Path, splits: Mapping[str, Captions]) -> Source:
    """Return the source of images and their captions by split; equal images are ordered by their captions."""
    captions: list[list[str]] = []
    examples: dict[str, Iterator[Example]] = {}
    for split, by_file in splits.items():
        files = sorted(by_file, key=lambda file: by_file[file])
        examples[split] = _decoded(files, len(captions))
        captions += [by_file[file] for file in files]
    return Source(root, [], dict(examples), captions)


def shortened(captions: list[list[str]], phrasings: int | None) -> list[list[str]]:
    """Return the first ``phrasings`` captions of each image, or all where it is None."""
    return [own[:phrasings] for own in captions]


def _decoded(files: list[Path], first_row: int) -> Iterator[Example]:
    for row, file in enumerate(files, first_row):
        yield Example(decode(file), row, str(file))
