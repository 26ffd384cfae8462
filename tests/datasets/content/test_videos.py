"""Videos on disk: the order of frames, and what is wrong with them."""

import re

import numpy as np
import pytest
from PIL import Image

from selfsup.datasets.content.videos import frame_folder, videos_below
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "files as people have them: sound, masks, boxes, clips, folders", "their own values, or one sentence"
)


def frame(number, size=(12, 8)):
    return Image.new("RGB", size, (number, 2 * number, 0))


def write_frames(folder, numbers, name="{:05d}.png"):
    folder.mkdir(parents=True)
    for number in numbers:
        frame(number).save(folder / name.format(number))
    return folder


@pytest.mark.parametrize("name", ["{:05d}.png", "img{}.png", "frame_{:03d}.bmp"])
def test_frames_come_by_their_numbers(tmp_path, name):
    video = frame_folder(write_frames(tmp_path / "v", range(8, 13), name))
    assert [image.getpixel((0, 0))[0] for image in video.frames()] == [8, 9, 10, 11, 12]


def test_a_missing_frame_is_named(tmp_path):
    folder = write_frames(tmp_path / "v", [0, 1, 3])
    with pytest.raises(InputError, match=re.escape(f"{folder} has no frame 2 after 00001.png")):
        frame_folder(folder)


def test_a_folder_without_frames_and_a_frame_without_a_number(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty has no frames"):
        frame_folder(tmp_path / "empty")
    with pytest.raises(InputError, match=r"cover\.png has no number"):
        frame_folder(write_frames(tmp_path / "v", [1], "cover.png"))


def test_a_damaged_frame_is_named(tmp_path):
    folder = write_frames(tmp_path / "v", range(3))
    (folder / "00001.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"00001\.png cannot be decoded"):
        list(frame_folder(folder).frames())


def write_film(path, frames=6):
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (32, 24))
    for number in range(frames):
        writer.write(np.full((24, 32, 3), 40 * number, np.uint8))
    writer.release()
    return path


def test_video_files_are_read_frame_by_frame(tmp_path):
    (tmp_path / "dance").mkdir()
    write_film(tmp_path / "dance" / "a.mp4")
    write_frames(tmp_path / "run" / "b", range(4))
    film, folder = videos_below(tmp_path)
    levels = [np.asarray(image).mean() for image in film.frames()]
    assert levels == pytest.approx([0, 40, 80, 120, 160, 200], abs=6)
    assert len(list(folder.frames())) == 4


def test_a_damaged_video_is_named(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video")
    (video,) = videos_below(tmp_path)
    with pytest.raises(InputError, match=r"a\.mp4 cannot be decoded"):
        list(video.frames())


def test_nothing_there(tmp_path):
    with pytest.raises(InputError, match="has neither"):
        videos_below(tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        videos_below(tmp_path / "missing")


def test_two_files_for_one_frame_are_refused(tmp_path):
    """Optical flow beside the images, or one frame in two formats: the order of a directory decides nothing."""
    folder = write_frames(tmp_path / "v", range(3), "img_{:05d}.png")
    write_frames(tmp_path / "w", range(3), "flow_x_{:05d}.png")
    (tmp_path / "w" / "flow_x_00001.png").rename(folder / "flow_x_00001.png")
    with pytest.raises(InputError, match=r"two files for one frame, flow_x_00001\.png and img_00001\.png; keep one"):
        frame_folder(folder)


def test_links_to_videos_are_followed_and_what_is_left_out_is_told(tmp_path, capsys):
    write_frames(tmp_path / "disk" / "v", range(3))
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "link").symlink_to(tmp_path / "disk")
    (tmp_path / "videos" / "notes.srt").touch()
    assert [video.path.name for video in videos_below(tmp_path / "videos")] == ["v"]
    assert "1 files are left out: 1 .srt" in capsys.readouterr().err
