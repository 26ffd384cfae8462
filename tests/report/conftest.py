"""One fabricated report, built once for all tests of its parts."""

from dataclasses import dataclass
from pathlib import Path

import fabricate
import pandas as pd
import pytest

from selfsup.report.build import build
from selfsup.report.content import Content
from selfsup.report.rows import result_rows


@dataclass(frozen=True)
class Built:
    content: Content
    folder: Path

    def rows(self, group: int = 0) -> pd.DataFrame:
        return result_rows(self.content, self.content.groups[group])


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Built:
    content = fabricate.content(tmp_path_factory.mktemp("suite"))
    folder = tmp_path_factory.mktemp("report")
    build(content, folder)
    return Built(content, folder)
