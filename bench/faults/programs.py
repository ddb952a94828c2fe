"""The programs: the same job, `./a` and `./b` at the same time, in the format of each.

Each has the options that a careful user gives it: two at once, stop at the first failure, 2 s of
grace where that can be set. What is not found on PATH is not measured. Nothing is installed.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

GRACE = 2  # seconds, wherever a program lets one say


class Program(NamedTuple):
    """One program. `printing` is added where the fault is in standard output."""

    name: str
    source: str
    command: tuple
    files: dict = {}
    env: dict = {}
    grace: float = GRACE
    printing: tuple = ()
    needs: str = ""
    version: tuple = ()

    def is_there(self):
        """Returns whether it is installed."""
        return shutil.which(self.needs or self.command[0]) is not None

    def says_version(self):
        """Returns its version, as it says it itself."""
        asked = self.version or (self.command[0], "--version")
        said = subprocess.run(asked, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=60)
        found = re.search(r"\d+(\.\d+)+|\b20\d{6}\b", said.stdout + said.stderr)
        return found.group() if found else "?"

    def called(self):
        """Returns the command as the page shows it."""
        settings = [f"{name}={value}" for name, value in self.env.items()]
        words = (*settings, Path(self.command[0]).name, *self.command[1:])
        extra = f" [{' '.join(self.printing)}]" if self.printing else ""
        return " ".join(words).replace("|", "\\|") + extra


def package(scripts, **more):
    """Returns a package.json."""
    whole = {"name": "faults", "version": "1.0.0", "private": True, "scripts": scripts, **more}
    return json.dumps(whole, indent=2)


def ours(path):
    """Returns this runner, which lies at a path."""
    return Program("**runner**", "this project", (path, "job.toml", "-j", "2"), {
        "job.toml": f"""\
[defaults]
stop.grace = "{GRACE}s"

[process.a]
command = ["./a"]

[process.b]
command = ["./b"]
"""}, printing=("--output", "json"))


MAKEFILE = ".PHONY: all a b\nall: a b\na b:\n\t@./$@\n"
PROCFILE = "a: ./a\nb: ./b\n"
SCRIPTS = {"a": "./a", "b": "./b"}

# Wireit answers nothing outside of a package.
WIREIT_VERSION = """\
cd "$(dirname "$(readlink -f "$(command -v wireit)")")/.." && grep '"version"' package.json"""

DEBIAN = [
    Program("sh", "Debian dash", ("sh", "both"), {"both": "./a & ./b & wait\n"},
            version=("dpkg-query", "-W", "dash")),
    Program("make", "Debian make", ("make", "-j2"), {"Makefile": MAKEFILE}),
    Program("make -O", "Debian make", ("make", "-j2", "-O"), {"Makefile": MAKEFILE}),
    Program("bmake", "Debian bmake", ("bmake", "-j2"), {"Makefile": MAKEFILE},
            version=("bmake", "-V", "MAKE_VERSION")),
    Program("xargs", "Debian findutils", ("xargs", "-a", "items", "-P2", "-n1", "sh"),
            {"items": "./a\n./b\n"}),
    Program("parallel", "Debian parallel",
            ("parallel", "-j2", "--halt", "now,fail=1", "--termseq", f"TERM,{GRACE}000,KILL,200",
             "./{}", ":::", "a", "b")),
    Program("ninja", "Debian ninja-build", ("ninja", "-j2"), {
        "build.ninja": "rule run\n  command = ./$in\nbuild out.a: run a\nbuild out.b: run b\n"}),
    Program("rake", "Debian rake", ("rake", "-m", "-j2"), {
        "Rakefile": 'task default: [:a, :b]\ntask(:a) { sh "./a" }\ntask(:b) { sh "./b" }\n'}),
    Program("foreman", "Debian ruby-foreman", ("foreman", "start", "-t", str(GRACE)),
            {"Procfile": PROCFILE}, version=("foreman", "version")),
]

PYPI = [
    Program("just", "PyPI rust-just", ("just", "all"), {
        "justfile": "[parallel]\nall: a b\n\na:\n    @./a\n\nb:\n    @./b\n"}),
    Program("task", "PyPI go-task-bin", ("task", "--parallel", "--failfast", "a", "b"), {
        "Taskfile.yml": "version: '3'\nsilent: true\ntasks:\n  a: ./a\n  b: ./b\n"}),
    Program("honcho", "PyPI honcho", ("honcho", "start"), {"Procfile": PROCFILE}, grace=5,
            version=("honcho", "version")),
    Program("poe", "PyPI poethepoet", ("poe", "all"), {
        "poe_tasks.toml": '[tasks]\na.cmd = "./a"\nb.cmd = "./b"\nall.parallel = ["a", "b"]\n'}),
    Program("doit", "PyPI doit", ("doit", "-n2", "-v2"), {
        "dodo.py": 'def task_both():\n    for name in "ab":\n'
                   '        yield {"name": name, "actions": [f"./{name}"]}\n'}),
    Program("invoke", "PyPI invoke", ("invoke", "both"), {
        "tasks.py": "from invoke import task\n\n\n@task\ndef both(c):\n"
                    '    all = [c.run(f"./{name}", asynchronous=True) for name in "ab"]\n'
                    "    for one in all:\n        one.join()\n"}),
    Program("scons", "PyPI scons", ("scons", "-j2", "-Q"), {
        "SConstruct": 'for name in "ab":\n    Command(f"out.{name}", [], f"./{name}")\n'}),
    Program("snakemake", "PyPI snakemake", ("snakemake", "--cores", "2", "--quiet", "all"), {
        "Snakefile": 'rule all:\n    input: "out.a", "out.b"\n\nrule one:\n'
                     '    output: touch("out.{name}")\n    wildcard_constraints: name="[ab]"\n'
                     '    shell: "./{wildcards.name}"\n'}),
]

NPM = [
    Program("concurrently", "npm concurrently",
            ("concurrently", "--kill-others-on-fail", "--kill-timeout", f"{GRACE}000",
             "./a", "./b")),
    Program("run-p", "npm npm-run-all2", ("run-p", "a", "b"), {"package.json": package(SCRIPTS)}),
    Program("wireit", "npm wireit", ("npm", "run", "both"), {"package.json": package(
        {"both": "wireit", "a": "wireit", "b": "wireit"},
        wireit={"both": {"dependencies": ["a", "b"]},
                "a": {"command": "./a"}, "b": {"command": "./b"}})},
            env={"WIREIT_PARALLEL": "2", "WIREIT_FAILURES": "kill"},
            needs="wireit", version=("sh", "-c", WIREIT_VERSION)),
    Program("zx", "npm zx", ("zx", "both.mjs"), {
        "both.mjs": 'await Promise.all(["a", "b"].map(n => $({stdio: "inherit"})`./${n}`));\n'}),
    Program("turbo", "npm turbo",
            ("turbo", "run", "a", "b", "--concurrency=2", "--no-daemon", "--ui=stream",
             "--force", "--dangerously-disable-package-manager-check"),
            {"package.json": package(SCRIPTS, packageManager="npm@10.0.0"),
             "package-lock.json": json.dumps({
                 "name": "faults", "lockfileVersion": 3, "packages": {"": {"name": "faults"}}}),
             "turbo.json": json.dumps({"tasks": {"a": {"cache": False}, "b": {"cache": False}}})},
            env={"TURBO_TELEMETRY_DISABLED": "1"}),
    Program("nf", "npm foreman", ("nf", "start"), {"Procfile": PROCFILE}),
    Program("mise", "npm mise", ("mise", "run", "--jobs", "2", "a", ":::", "b"), {
        "mise.toml": '[tasks.a]\nrun = "./a"\n\n[tasks.b]\nrun = "./b"\n'},
            env={"MISE_YES": "1", "MISE_TRUSTED_CONFIG_PATHS": "/"}),
]

ALL = [*DEBIAN, *PYPI, *NPM]
