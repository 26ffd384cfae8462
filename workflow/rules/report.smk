# One report per suite, at fixed paths. Its manifest is written last, names all its files and is the only declared output;
# the digest in the manifest, not a timestamp, decides whether the report is up to date.
rule report:
    input:
        lambda wildcards: plan.report_inputs(wildcards.suite),
    output:
        "reports/{suite}/manifest.json",
    log:
        "logs/report/{suite}.log",
    shell:
        "selfsup report --suite {wildcards.suite} --log {log}"
