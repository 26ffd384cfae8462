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


# The parts of a report with their captions, for `snakemake --report`; the rule above has made them, so this one has no command.
if reporting:

    rule parts:
        input:
            ancient("reports/{suite}/manifest.json"),
        output:
            report(
                "reports/{suite}/index.html",
                caption="../report/page.rst",
                category="Report",
            ),
            report(
                directory("reports/{suite}/tables"),
                patterns=["{name}.csv"],
                caption="../report/table.rst",
                category="Tables",
                labels={"table": "{name}"},
            ),
            report(
                directory("reports/{suite}/figures"),
                patterns=["{name}.svg"],
                caption="../report/figure.rst",
                category="Figures",
                labels={"figure": "{name}"},
            ),
