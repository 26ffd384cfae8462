# One recipe, one seed. An unfinished run resumes from its checkpoint in data/.partial.
rule pretrain:
    input:
        plan.inputs("data/weights/{name}-{digest}/s{seed}"),
    output:
        "data/weights/{name}-{digest}/s{seed}/spec.json",
    log:
        "logs/pretrain/{name}-{digest}/s{seed}.log",
    benchmark:
        "logs/benchmarks/pretrain/{name}-{digest}/s{seed}.tsv"
    threads: plan.threads
    resources:
        gpu=plan.gpus,
    params:
        suite=plan.suite,
    shell:
        "selfsup pretrain {output} --suite {params.suite} --log {log}"
