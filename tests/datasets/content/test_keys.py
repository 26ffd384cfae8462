import hashlib

from selfsup.datasets.content.keys import content_hash, numbered


def test_the_hash_covers_shape_and_pixels() -> None:
    assert content_hash(bytes(12), 2, 2) == hashlib.sha256(b"2 2 3\n" + bytes(12)).hexdigest()
    assert (
        len({content_hash(bytes(12), 1, 4), content_hash(bytes(12), 4, 1), content_hash(bytes([1, *bytes(11)]), 1, 4)})
        == 3
    )


def test_equals_are_numbered_from_the_second_on() -> None:
    assert numbered(["a", "b", "a", "a"]) == ["a", "b", "a-2", "a-3"]
