"""The report as a paper, by typst, from the same tables and figures."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst


def paper(parts: dict[str, Any], folder: Path) -> bytes:
    """Return report.pdf; figures and strips are read from ``folder``. Equal parts give equal bytes.

    Everything is passed as one JSON value, so no text is ever read as typst markup. Fonts are those inside typst.
    """
    template = files("selfsup.report").joinpath("templates/report.typ").read_bytes()
    values = {"report": json.dumps(parts, sort_keys=True, ensure_ascii=False)}
    compiler = typst.Compiler(template, root=folder, ignore_system_fonts=True, sys_inputs=values)
    document = compiler.compile(timestamp=0)
    assert isinstance(document, bytes)
    return document
