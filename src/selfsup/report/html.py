"""The report as one page that works from disk: no network, its numbers' records inside."""

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def page(parts: dict[str, Any]) -> str:
    """Return index.html, drawn from finished tables, drawings and strips by ``templates/index.html``."""
    environment = Environment(
        loader=PackageLoader("selfsup.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["for_script"] = for_script
    return environment.get_template("index.html").render(parts)


def for_script(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
