# Every layer of a frozen encoder on every example, into HDF5; the encoder is proved frozen.
rule features:
    input:
        plan.inputs("data/features/{name}-{digest}/s{seed}"),
    output:
        "data/features/{name}-{digest}/s{seed}/spec.json",
    log:
        "logs/features/{name}-{digest}/s{seed}.log",
    benchmark:
        "logs/benchmarks/features/{name}-{digest}/s{seed}.tsv"
    threads: plan.threads
    resources:
        gpu=plan.gpus,
    params:
        suite=plan.suite,
    shell:
        "selfsup features {output} --suite {params.suite} --log {log}"
