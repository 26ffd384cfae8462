"""A headless browser for tests of pages; without one they skip, unless REQUIRE_BROWSER=1 says that there must be one."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--dump-dom"),
]


def browser() -> str:
    """Return the browser's command, or skip the test."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail("REQUIRE_BROWSER=1, but there is no chromium: install one")
    pytest.skip("no chromium on this machine")


def dump_dom(page: Path, profile: Path, state: str = "", wait_ms: int = 2000) -> str:
    """Return the page's HTML after its script has run, ``wait_ms`` of its own time at most; ``state`` is the address after #."""
    own = [f"--virtual-time-budget={wait_ms}", f"--user-data-dir={profile}"]
    command = [browser(), *FLAGS, *own, page.as_uri() + (f"#{state}" if state else "")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
