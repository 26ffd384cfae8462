"""What a report was made from; it is the same in two equal runs."""

import json
from typing import Any

import yaml

from selfsup.report.content import Content
from selfsup.report.group import Group, Member


def provenance(content: Content) -> list[list[str]]:
    """Return suite, machine settings, data, tables and protocols as [name, text]."""
    lines = [
        ["suite", content.suite],
        ["digest", content.digest],
        ["device", f"{content.device}, {content.precision}, {content.threads} thread{'s' * (content.threads > 1)}"],
    ]
    for group in content.groups:
        lines += _data(group)
        tables = {variant: table_scalars(group.seeds_of(variant)) for variant in group.variants}
        lines += [
            [f"table of {group.title(variant)}", f"{'; '.join(scalars)}; on {group.name}"]
            for variant, scalars in tables.items()
            if scalars
        ]
    lines.append(["features", _listed(content.features)])
    for name, protocol in content.protocols.items():
        lines.append([f"protocol {name}", _listed({"evaluation": protocol.evaluation, **protocol.arguments})])
    return [*lines, *(["history", sentence] for sentence in content.history)]


def _data(group: Group) -> list[list[str]]:
    texts = {
        data.name: _listed({"name": data.name, **data.data_recipe}) for data in (group.pretrain_data, *group.targets)
    }
    pretrained = texts.pop(group.pretrain_data.name)
    variants: dict[str, list[str]] = {}
    for variant in group.variants:
        variants.setdefault(", ".join(str(m.seed) for m in group.seeds_of(variant)), []).append(group.title(variant))
    first, *others = variants or [""]
    seeds = "".join([first, *(f"; {', '.join(variants[more])}: {more}" for more in others)])
    scored = [[f"scored on, {group.name}", text] for text in texts.values()]
    return [[f"data {group.name}", f"{pretrained}; seeds {seeds}"], *scored]


def _listed(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())


def recipes(content: Content) -> dict[str, str]:
    """Return each variant's recipe as YAML, with its runs and its table's scalars as comments."""
    texts = {}
    for group in content.groups:
        for variant in group.variants:
            members = group.seeds_of(variant)
            runs = "".join(f"# {member.run}\n" for member in members)
            scalars = "".join(f"# table: {line}\n" for line in table_scalars(members))
            recipe = yaml.safe_dump(members[0].recipe, sort_keys=False, allow_unicode=True) if members else ""
            texts[f"{group.title(variant)} on {group.name}"] = runs + scalars + recipe
    return texts


def table_scalars(members: list[Member]) -> list[str]:
    """Return the scalars of a variant's table, such as the mean Hamming distance of its permutations, by seed where
    seeds differ."""
    by_seed = {}
    for member in members:
        path = member.run / "summary.json"
        scalars = json.loads(path.read_text(encoding="utf-8")).get("table", {}) if path.exists() else {}
        if scalars:
            by_seed[member.seed] = ", ".join(f"{name.replace('_', ' ')} {value:.6g}" for name, value in scalars.items())
    if len(set(by_seed.values())) == 1:
        return [next(iter(by_seed.values()))]
    return [f"seed {seed}: {text}" for seed, text in by_seed.items()]
