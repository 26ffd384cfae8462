# One method, one seed. The checkpoint of an unfinished run lies in data/.partial and is resumed.
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
