# One method, one seed. The checkpoint of an unfinished run lies in data/.partial and is resumed.
rule pretrain:
    input:
        plan.inputs,
    output:
        "data/runs/{name}-{digest}/s{seed}/spec.json",
    log:
        "logs/pretrain/{name}-{digest}/s{seed}.log",
    benchmark:
        "logs/benchmarks/pretrain/{name}-{digest}/s{seed}.tsv"
    threads: plan.threads
    resources:
        gpu=plan.gpus,
    shell:
        "selfsup pretrain {output} --suite {plan.suite} --log {log}"
