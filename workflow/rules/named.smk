# Targets by name: `snakemake features_simclr`, `snakemake pretrain_all`; one seed: snakemake $(selfsup where ...)/spec.json
for _name, _targets in plan.named().items():

    rule:
        name:
            _name
        input:
            _targets,
