"""What the benches share: run commands in turn, keep the medians, print a table.

Every way of doing one piece of work is run once per round, so that other work on the machine
disturbs all of them alike. `measure.c` says what each run cost, with everything that it started.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parent
ROOT = HOME.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


class Cost(NamedTuple):
    """What one run cost."""

    seconds: float
    cpu: float
    mib: float


class Way(NamedTuple):
    """One way of doing the work: its name, a command, and how much work it does."""

    name: str
    command: list
    work: float


def arguments(about, rounds):
    """Reads the command line that all benches have."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--scale", type=float, default=1.0, help="a part of the work: 0.1")
    parser.add_argument("--runner", help="a built runner; default: cargo build --release")
    return parser.parse_args()


def build(arguments):
    """Builds the runner and the small C programs; returns the path of the runner."""
    TARGET.mkdir(exist_ok=True)
    for source in ["measure.c", "spawn/floor.c", "queue/give.c", "queue/worker.c"]:
        program = TARGET / Path(source).stem
        subprocess.run(["cc", "-O2", "-o", program, HOME / source], check=True)
    if arguments.runner:
        return Path(arguments.runner).resolve()
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    return TARGET / "release" / "runner"


def folder():
    """Makes a folder for the work: in memory where that exists, so that no disk is measured."""
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    return tempfile.TemporaryDirectory(prefix="runner-bench-", dir=shared)


def is_there(program):
    """Returns whether a peer is installed; says so when it is not."""
    found = shutil.which(program) is not None
    if not found:
        print(f"skipped: `{program}` is not installed")
    return found


def run(command, cwd):
    """Runs a command and returns what it cost; it must succeed."""
    result = Path(cwd) / ".cost"
    words = [TARGET / "measure", result, *command]
    with open(Path(cwd) / ".printed", "w+") as printed:
        subprocess.run(words, cwd=cwd, stdout=subprocess.DEVNULL, stderr=printed, check=True)
        seconds, cpu, kib, code = result.read_text().split()
        if int(code) != 0:
            printed.seek(0)
            raise SystemExit(f"{command} ended with {code}: {printed.read()[-2000:]}")
    shutil.rmtree(Path(cwd) / ".runner", ignore_errors=True)
    return Cost(float(seconds), float(cpu), int(kib) / 1024)


def compare(ways, rounds, cwd):
    """Runs each way once per round; returns the costs of each, in the order of rounds."""
    costs = {way.name: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            costs[way.name].append(run(way.command, cwd))
    return costs


def medians(costs):
    """Returns the median of each part of several costs."""
    return Cost(*(statistics.median(part) for part in zip(*costs)))


def ratio(ours, floor, of):
    """Returns the median over the rounds of how one compares with the other in that round."""
    return statistics.median(of(a) / of(b) for a, b in zip(ours, floor))


def table(title, head, rows):
    """Prints a Markdown table."""
    print(f"\n{title}\n")
    widths = [max(len(str(row[n])) for row in [head, *rows]) for n in range(len(head))]

    def line(row):
        first, *rest = (str(cell) for cell in row)
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(rest, widths[1:])]
        print("| " + " | ".join(cells) + " |", flush=True)

    line(head)
    print("|" + "|".join("-" * (w + 1) + (":" if n else "-") for n, w in enumerate(widths)) + "|")
    for row in rows:
        line(row)


def this_machine():
    """Returns what is measured on, and how busy it is."""
    model = "unknown"
    for text in Path("/proc/cpuinfo").read_text().splitlines():
        if text.startswith("model name"):
            model = text.split(":")[1].strip()
    system = os.uname()
    load = os.getloadavg()
    return (f"{model}, {len(os.sched_getaffinity(0))} CPUs, {system.sysname} {system.release}, "
            f"load {load[0]:.1f} {load[1]:.1f} {load[2]:.1f}")


def machine():
    """Prints what was measured on."""
    print(this_machine())
