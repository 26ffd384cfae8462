# One rule per stage, all of one form: its command makes one artefact, the folder of the output, for each seed of a run in turn.
_stages = {
    # Data sets as HDF5, once; a user's files are verified against params/data/*.lock.
    "prepare": "data/prepared/{name}-{digest}",
    # Tensors that a recipe needs before training, once for all seeds: permutations, colour statistics, a vocabulary.
    "table": "data/tables/{name}-{digest}",
    # One recipe. An unfinished run resumes from its checkpoint in data/.partial.
    "pretrain": "data/weights/{name}-{digest}",
    # Features of every example from every layer of a frozen encoder; the job verifies that it stayed frozen.
    "features": "data/features/{name}-{digest}",
    # All protocols of one run in one process; measures that are in the store already are not repeated.
    "evaluate": "data/results/{name}-evaluations-{digest}",
    # One experiment: measurements without an encoder or a data set.
    "experiment": "data/results/{name}-experiment-{digest}",
}
for _stage, _folder in _stages.items():
    _on_device = _stage in ("pretrain", "features", "evaluate")
    # Where two groups of a suite have other seeds, a rule for each list of seeds: its digests tell which runs are its own.
    for _suffix, _seeds, _digest in plan.batches(_stage):
        _outputs = [f"{_folder}/s{seed}/spec.json" for seed in _seeds] or [
            f"{_folder}/spec.json"
        ]

        rule:
            name:
                _stage + _suffix
            input:
                plan.inputs(_outputs),
            output:
                update(_outputs),  # a seed that exists is kept
            log:
                f"logs/{_stage}/{{name}}-{{digest}}.log",
            wildcard_constraints:
                digest=_digest,
            threads: plan.threads if _on_device else 1
            resources:
                gpu=plan.gpus if _on_device else 0,
            params:
                stage=_stage,
                suite=plan.suite,
                strict="--strict" if config.get("strict") else "",
            shell:
                "selfsup {params.stage} {output} --suite {params.suite} --log {log} {params.strict}"
