# The DAG. Paths contain a digest of their content (docs/design.md, section 5), so timestamps decide nothing.
import sys
from pathlib import Path
from shlex import quote


configfile: "params/run.yaml"


report: "workflow/report/workflow.rst"


container: "docker://python:3.11-slim"  # only with --sdm apptainer; `make setup` is the usual way


# Planning and jobs run the sources beside this file, also where another copy of them is installed.
SOURCE = str(Path(workflow.basedir) / "src")
sys.path.insert(0, SOURCE)
from selfsup.errors import InputError
from selfsup.pipeline.plan import Plan, refuse_force, suite_of

PROGRAMS = quote(str(Path(sys.executable).parent))
shell.prefix(
    "export PATH=%s:$PATH PYTHONPATH=%s${{PYTHONPATH:+:$PYTHONPATH}}; "
    % (PROGRAMS, quote(SOURCE))
)
reporting = any(word.startswith("--report") for word in sys.argv)
try:
    refuse_force(sys.argv)
    plan = Plan(suite_of(config))
    if reporting and "--report-after-run" not in sys.argv:
        plan.require_report()
except InputError as error:
    sys.exit(f"selfsup: {error}")


onstart:
    plan.check()
    plan.preload()
    plan.end_on_sigterm(workflow.scheduler)
    # The rate limiter starts a timer for each finished job that walks the DAG every second until the end.
    workflow.scheduler.job_rate_limiter = None


wildcard_constraints:
    digest="[0-9a-f]{12}",
    seed=r"\d+",
    name="[a-z0-9_-]+",


rule all:
    input:
        f"reports/{plan.suite}/manifest.json",
        [f"reports/{plan.suite}/index.html"] if reporting else [],


include: "workflow/rules/stages.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/named.smk"
