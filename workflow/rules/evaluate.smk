# All protocols of one run and seed in one process; measures that the store already has are not repeated.
rule evaluate:
    input:
        plan.inputs("data/results/{name}-evaluations-{digest}/s{seed}"),
    output:
        "data/results/{name}-evaluations-{digest}/s{seed}/spec.json",
    log:
        "logs/evaluate/{name}-{digest}/s{seed}.log",
    benchmark:
        "logs/benchmarks/evaluate/{name}-{digest}/s{seed}.tsv"
    threads: plan.threads
    resources:
        gpu=plan.gpus,
    params:
        suite=plan.suite,
    shell:
        "selfsup evaluate {output} --suite {params.suite} --log {log}"
