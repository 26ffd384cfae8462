# Targets by name: `snakemake features_simclr`, `snakemake pretrain_all`. One seed: `selfsup pretrain FOLDER`, without Snakemake.
for _name, _targets in plan.named().items():

    rule:
        name:
            _name
        input:
            _targets,
