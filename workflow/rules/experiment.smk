# One experiment, one seed: measurements without an encoder or a data set.
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
