# What needs no encoder and no data set: one experiment, one seed.
rule experiment:
    output:
        "data/results/{name}-experiment-{digest}/s{seed}/spec.json",
    log:
        "logs/experiment/{name}-{digest}/s{seed}.log",
    benchmark:
        "logs/benchmarks/experiment/{name}-{digest}/s{seed}.tsv"
    params:
        suite=plan.suite,
    shell:
        "selfsup experiment {output} --suite {params.suite} --log {log}"
