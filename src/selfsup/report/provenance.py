"""What a report was made from and on; nothing here differs between two equal runs."""

import yaml

from selfsup.report.content import Content


def provenance(content: Content) -> list[list[str]]:
    """Return suite, machine settings, data and protocols as (name, text) pairs."""
    lines = [
        ["suite", content.suite],
        ["digest", content.digest],
        ["device", f"{content.device}, {content.precision}, {content.threads} thread{'s' * (content.threads > 1)}"],
    ]
    for group in content.groups:
        recipe = ", ".join(f"{key} {value}" for key, value in group.data_recipe.items())
        lines.append([f"data {group.name}", f"{recipe}; seeds {', '.join(map(str, group.seeds))}"])
    for name, parameters in content.protocols.items():
        lines.append([f"protocol {name}", ", ".join(f"{key} {value}" for key, value in parameters.items())])
    return lines


def recipes(content: Content) -> dict[str, str]:
    """Return each variant's recipe as YAML, with the runs that it made."""
    found = {}
    for group in content.groups:
        for variant in group.variants:
            members = [member for member in group.members if member.variant == variant]
            runs = "".join(f"# {member.run}\n" for member in members)
            recipe = yaml.safe_dump(members[0].recipe, sort_keys=False, allow_unicode=True) if members else ""
            found[f"{variant} on {group.name}"] = runs + recipe
    return found
