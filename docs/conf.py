"""The documentation's pages, by Sphinx: `make docs`. Formulas are MathML, so that no page needs a script or a network."""

import shutil
import sys
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

import pages  # noqa: E402

EXAMPLE = HERE.parent / "reports" / pages.SUITE / "index.html"  # where it has been made; git does not hold it
project = "selfsup"
author = "The selfsup authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["own_images.ipynb"]
html_theme = "furo"
html_title = "selfsup"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sphinx = False
autodoc_typehints = "description"
autodoc_member_order = "bysource"
suppress_warnings = ["myst.header"]


def _add_formula(translator: object, node: nodes.Element) -> None:
    display = "block" if isinstance(node, nodes.math_block) else "inline"
    formula = convert(node.astext(), display=display)
    translator.body.append(f'<div class="formula">{formula}</div>' if display == "block" else formula)  # type: ignore[attr-defined]
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Write the pages that are generated, append to each method's page what its runs scored, and add the report as an example."""
    pages.write(HERE / "generated")
    app.add_html_math_renderer("mathml", (_add_formula, None), (_add_formula, None))
    app.connect("source-read", _append_scores)
    app.connect("build-finished", _add_example)


def _append_scores(app: Sphinx, name: str, source: list[str]) -> None:
    folder, _, page = name.rpartition("/")
    if folder == "methods":
        source[0] += pages.scores(page)
    elif name == "index" and EXAMPLE.exists():
        source[0] = source[0].replace(
            "Where to go on:", 'Where to go on:\n\n- <a href="example.html">A report, as an example</a>.', 1
        )


def _add_example(app: Sphinx, error: Exception | None) -> None:
    if error is None and EXAMPLE.exists():
        shutil.copy2(EXAMPLE, Path(app.outdir) / "example.html")
