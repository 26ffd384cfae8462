# One suite, one report, at stable paths; its manifest, written last and the only declared output,
# names every file of it. The manifest's digest, not a clock, says whether it holds.
rule report:
    input:
        lambda wildcards: publish.stale(wildcards.suite),
        ancient(lambda wildcards: plan.results(wildcards.suite)),
    output:
        "reports/{suite}/manifest.json",
    log:
        "logs/report/{suite}.log",
    benchmark:
        "logs/benchmarks/report/{suite}.tsv"
    shell:
        "selfsup report --suite {wildcards.suite} --log {log}"
