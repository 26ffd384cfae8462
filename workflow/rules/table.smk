# Tensors that a recipe needs before training, made once for all seeds: permutations, colour statistics, a vocabulary.
rule table:
    input:
        plan.inputs("data/tables/{name}-{digest}"),
    output:
        "data/tables/{name}-{digest}/spec.json",
    log:
        "logs/table/{name}-{digest}.log",
    benchmark:
        "logs/benchmarks/table/{name}-{digest}.tsv"
    params:
        suite=plan.suite,
    shell:
        "selfsup table {output} --suite {params.suite} --log {log}"
