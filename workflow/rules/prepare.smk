# Data sets into HDF5, once; a user's files are verified against params/data/*.lock.
rule prepare:
    output:
        "data/prepared/{name}-{digest}/spec.json",
    log:
        "logs/prepare/{name}-{digest}.log",
    benchmark:
        "logs/benchmarks/prepare/{name}-{digest}.tsv"
    params:
        suite=plan.suite,
    shell:
        "selfsup prepare {output} --suite {params.suite} --log {log}"
