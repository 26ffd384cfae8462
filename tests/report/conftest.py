"""One fabricated report, built once for all tests of its parts, in a folder with `data/`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from selfsup.report.build import build
from selfsup.report.content import Content
from selfsup.report.rows import result_rows
from tests.report import fabricate_images


@dataclass(frozen=True)
class Built:
    content: Content
    folder: Path

    def rows(self, group: int = 0) -> pd.DataFrame:
        return result_rows(self.content, self.content.groups[group])


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("suite")


@pytest.fixture(scope="session")
def built(place, tmp_path_factory) -> Built:
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        content = fabricate_images.with_images(Path("data"))
        build(content, folder)
    return Built(content, folder)


@pytest.fixture(scope="module", autouse=True)
def _in_the_folder_of_data(place) -> Iterator[None]:
    """Paths of a report are relative, as the store's are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        yield
