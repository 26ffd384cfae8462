"""What a report was made from and on; nothing here differs between two equal runs."""

import json

import yaml

from selfsup.report.content import Content, Data, Member


def provenance(content: Content) -> list[list[str]]:
    """Return suite, machine settings, data and protocols as (name, text) pairs."""
    lines = [
        ["suite", content.suite],
        ["digest", content.digest],
        ["device", f"{content.device}, {content.precision}, {content.threads} thread{'s' * (content.threads > 1)}"],
    ]
    for group in content.groups:
        lines.append(
            [f"data {group.name}", f"{_recipe(group.pretrain_data)}; seeds {', '.join(map(str, group.seeds))}"]
        )
        others = [target for target in group.targets if target.name != group.pretrain_data.name]
        lines += [[f"scored on, {group.name}", _recipe(target)] for target in others]
        for variant in group.variants:
            info = table_facts([member for member in group.members if member.variant == variant])
            if info:
                lines.append([f"table of {group.title(variant)}", f"{'; '.join(info)}; on {group.name}"])
    for name, protocol in content.protocols.items():
        keys = {"evaluation": protocol.evaluation, **protocol.arguments}
        lines.append([f"protocol {name}", ", ".join(f"{key} {value}" for key, value in keys.items())])
    return [*lines, *(["history", sentence] for sentence in content.history)]


def _recipe(data: Data) -> str:
    return ", ".join(f"{key} {value}" for key, value in {"name": data.name, **data.data_recipe}.items())


def recipes(content: Content) -> dict[str, str]:
    """Return each variant's recipe as YAML, with the runs that it made."""
    found = {}
    for group in content.groups:
        for variant in group.variants:
            members = [member for member in group.members if member.variant == variant]
            runs = "".join(f"# {member.run}\n" for member in members)
            recipe = yaml.safe_dump(members[0].recipe, sort_keys=False, allow_unicode=True) if members else ""
            info = "".join(f"# table: {line}\n" for line in table_facts(members))
            found[f"{group.title(variant)} on {group.name}"] = runs + info + recipe
    return found


def table_facts(members: list[Member]) -> list[str]:
    """Return what a variant's table says of itself, such as the mean Hamming distance of its permutations, by seed
    where seeds differ."""
    by_seed = {}
    for member in members:
        path = member.run / "summary.json"
        info = json.loads(path.read_text(encoding="utf-8")).get("table", {}) if path.exists() else {}
        if info:
            by_seed[member.seed] = ", ".join(f"{name.replace('_', ' ')} {value:.6g}" for name, value in info.items())
    if len(set(by_seed.values())) == 1:
        return [next(iter(by_seed.values()))]
    return [f"seed {seed}: {text}" for seed, text in by_seed.items()]
