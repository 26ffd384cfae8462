# Features of every example from every layer of a frozen encoder, into HDF5; the job verifies that it stayed frozen.
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
