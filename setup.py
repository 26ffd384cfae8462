"""Puts the recipes and the workflow into the wheel, where `selfsup init` finds them; all else is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PROJECT = ("Snakefile", "dvc.yaml", "params", "profiles", "workflow")


class BuildWithProject(build_py):
    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "selfsup" / "project"
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            for name in PROJECT:
                (shutil.copytree if Path(name).is_dir() else shutil.copy2)(name, target / name)


setup(cmdclass={"build_py": BuildWithProject})
