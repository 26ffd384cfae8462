# What a method's recipe needs ready-made, once: a set of permutations, the statistics of a training set's colours.
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
