# One suite, one report, at stable paths; its manifest's digest, not a clock, says whether it holds.
rule report:
    input:
        lambda wildcards: reports.stale(wildcards.suite),
        ancient(lambda wildcards: plan.results(wildcards.suite)),
    output:
        expand("reports/{{suite}}/{file}", file=reports.FILES),
    log:
        "logs/report/{suite}.log",
    benchmark:
        "logs/benchmarks/report/{suite}.tsv"
    shell:
        "selfsup report --suite {wildcards.suite} --log {log}"
