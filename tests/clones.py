"""A clone of the working tree, with its own sources, parameters and data."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass
class Clone:
    """A working copy with its own sources, parameters and data."""

    folder: Path

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the project in the clone; its output is in the error where it fails."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(**environment), capture_output=True, text=True
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}")
        return done

    def environment(self, **more: str) -> dict[str, str]:
        bin_folder = Path(sys.executable).parent
        own = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "PYTHONPATH": str(self.folder / "src")}
        return {**os.environ, **own, **more}

    def snakemake(self, *words: str, check: bool = True, suite: str = "smoke") -> subprocess.CompletedProcess[str]:
        return self.run("snakemake", *words, "--config", f"suite={suite}", check=check)

    def snakemake_offline(self) -> None:
        """Run the smoke suite, without a network where the system lets us take it away."""
        prefix = ["unshare", "--map-root-user", "--net"]
        taken = shutil.which("unshare") is not None and subprocess.run([*prefix, "true"], check=False).returncode == 0
        self.run(*(prefix if taken else []), "snakemake", "--config", "suite=smoke")

    def planned(self, suite: str = "smoke") -> dict[str, int]:
        """Return {rule: jobs} of what Snakemake would do now."""
        done = self.snakemake("--dry-run", "--quiet", "rules", suite=suite)
        lines = [line.split() for line in (done.stdout + done.stderr).splitlines()]
        counts = {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}
        return {rule: count for rule, count in counts.items() if rule not in ("total", "all")}

    def copy(self, folder: Path) -> "Clone":
        """Return a copy whose files are hard links where they are large, and its own where they are edited."""
        shutil.copytree(self.folder, folder, copy_function=_link_data, ignore=shutil.ignore_patterns(".snakemake"))
        return Clone(folder)

    def begin(self) -> None:
        """Make it a git repository with an author."""
        self.run("git", "init", "--quiet")
        self.run("git", "config", "user.email", "test@localhost")
        self.run("git", "config", "user.name", "test")

    def commit(self) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--allow-empty", "--quiet", "--message", "a revision")

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def bytes(self) -> dict[str, bytes]:
        """Return every file below data/ and reports/."""
        tops = (self.folder / "data", self.folder / "reports")
        return {
            str(f.relative_to(self.folder)): f.read_bytes()
            for top in tops
            for f in sorted(top.rglob("*"))
            if f.is_file()
        }


def write_suite(folder: Path, name: str, groups: str) -> None:
    """Write ``params/suites/<name>.yaml`` below a folder, a suite of these groups on a CPU."""
    header = f"title: {name}\nsummary: a test\ndevice: cpu\nprecision: float32\nthreads: 1\ngroups:\n"
    (folder / "params" / "suites" / f"{name}.yaml").write_text(header + groups.strip("\n") + "\n", encoding="utf-8")


def _link_data(source: str, target: str) -> None:
    os.link(source, target) if "/data/" in source or "/.archive/" in source else shutil.copy2(source, target)


def clone(folder: Path) -> Clone:
    """Return a fresh clone of the working tree: what git tracks, and what it would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    shutil.rmtree(folder / "reports", ignore_errors=True)
    return Clone(folder)
