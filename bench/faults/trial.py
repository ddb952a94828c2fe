"""One trial: one program under one fault, in a fresh folder, and what came of it.

The process of a trial is a subreaper (see prctl(2)): whatever loses its parent below it becomes its
child, so that a process that empties its environment and leaves its session is found too. A
variable in the environment of the program finds what would escape even that. After each trial
all that is left is killed, and a trial that can't do that is an error, not a result.
"""

import ctypes
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple, Optional

LIMIT = 20  # seconds after which nobody waits for a program any more
AFTER = 1  # seconds from the end of the program to the count of what is left
SETTLED = 0.3  # seconds from the children being up to the first signal
CLEANED = 10  # seconds in which all that is left must be gone after a kill
LOOK = 0.005  # seconds between two looks
TAG = "FAULTS_TRIAL"
PR_SET_CHILD_SUBREAPER = 36


class Ended(NamedTuple):
    """What came of a trial; a program that had not ended has no code, and nothing is counted."""

    left: Optional[int]
    code: Optional[int]
    seconds: float
    mib: float
    trouble: str


def adopt():
    """Makes this process the parent of everything below it that loses its own."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def hear():
    """Hears all signals again: what nohup or a shell in the background ignores, children would."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def living():
    """Returns the parent of each process that is alive, which a zombie is not."""
    parents = {}
    for at in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = at.read_text(errors="replace").rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state not in "ZX":
            parents[int(at.parent.name)] = int(parent)
    return parents


def tagged(pid, tag):
    """Returns whether a process was started with the tag in its environment."""
    try:
        return f"{TAG}={tag}".encode() in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def below(parents):
    """Returns all processes below this one."""
    found, grown = set(), {os.getpid()}
    while grown:
        grown = {pid for pid, parent in parents.items() if parent in grown} - found
        found |= grown
    return found


def all_of(tag):
    """Returns all processes below this one, and any other that has the tag."""
    parents = living()
    found = below(parents)
    others = parents.keys() - found - {os.getpid()}
    return found | {pid for pid in others if tagged(pid, tag)}


def peak_mib(pid):
    """Returns the most memory that a process, or one below it, has had so far.

    It asks the kernel for children only, because a look at all processes is too slow where a trial
    takes a second.
    """
    peak = 0
    try:
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                peak = int(line.split()[1]) / 1024
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            peak = max([peak, *(peak_mib(child) for child in children.read_text().split())])
    except OSError:
        pass  # It has ended while it was looked at.
    return peak


class Trial:
    """A program under way: the hands that a fault has on it."""

    def __init__(self, folder, command, env, stdout, watched):
        self.folder = Path(folder)
        self.tag = f"{os.getpid()}-{time.monotonic_ns()}"
        self.said = open(self.folder / ".stderr", "w+b")
        self.code = None
        self.watched = watched
        self.mib = 0
        # Never waited for by itself: `reap` does that, for it and for all that is adopted.
        self.program = subprocess.Popen(
            command, cwd=folder, env={**env, TAG: self.tag}, stdin=subprocess.DEVNULL,
            stdout=stdout, stderr=self.said, start_new_session=True)

    def reap(self):
        """Takes the status of whatever has ended: init would do it at once, too."""
        try:
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG):
                if ended.si_pid == self.program.pid:
                    died = ended.si_code != os.CLD_EXITED
                    self.code = ended.si_status + (128 if died else 0)
                    self.program.returncode = self.code
        except ChildProcessError:
            pass

    def wait(self, what, limit):
        """Waits until something is so, or the program has ended; returns whether it is so."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            self.reap()
            if what():
                return True
            if self.code is not None:
                return False
            if self.watched:
                self.mib = max(self.mib, peak_mib(self.program.pid))
            time.sleep(LOOK)
        return False

    def wait_for(self, *names):
        """Waits for files that the children write."""
        if not self.wait(lambda: all((self.folder / name).exists() for name in names), LIMIT):
            raise RuntimeError(f"no {' or '.join(names)} was written")

    def settle(self, seconds=SETTLED):
        """Lets some time pass."""
        self.wait(lambda: False, seconds)

    def signal(self, number, group=False):
        """Sends a signal to the program alone, or to its process group, as a terminal does."""
        if self.code is None:
            (os.killpg if group else os.kill)(self.program.pid, number)

    def end(self, began, fault):
        """Waits for the end of the program, and counts what it left."""
        limit = max(LIMIT, fault.within)
        if not self.wait(lambda: self.code is not None, limit):
            return Ended(None, None, limit, self.mib, "")
        seconds = max(time.monotonic() - began, 0)
        counted = time.monotonic() + AFTER
        while time.monotonic() < counted:
            self.reap()
            time.sleep(LOOK)
        return Ended(len(all_of(self.tag)), self.code, seconds, self.mib, "")

    def clean(self):
        """Kills all that is left, until two looks in a row find nothing."""
        empty, end = 0, time.monotonic() + CLEANED
        while empty < 2:
            left = all_of(self.tag)
            empty = 0 if left else empty + 1
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.reap()
            time.sleep(LOOK)
            if time.monotonic() > end:
                raise SystemExit(f"these can't be killed: {sorted(left)}")

    def last_words(self):
        """Returns the end of what the program said on its standard error."""
        return (self.folder / ".stderr").read_bytes()[-1000:].decode(errors="replace").strip()


def write(folder, files):
    """Writes files; those that begin with `#!` can be executed."""
    for name, text in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if text.startswith("#!"):
            path.chmod(0o755)


def run(program, fault):
    """Runs one program under one fault, once."""
    adopt()
    hear()
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="runner-faults-", dir=shared) as folder:
        write(folder, {**program.files, "a": fault.a, "b": fault.b})
        env = {"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8", **program.env}
        command = list(program.command) + list(program.printing if fault.stdout else [])
        reader, stdout = opened(fault.stdout)
        trial = Trial(folder, command, env, stdout, watched=fault.mib > 0)
        os.close(stdout)
        try:
            return trial.end(fault.provoke(trial, reader), fault)
        except RuntimeError as trouble:
            return Ended(None, None, 0, 0, f"{trouble}\n{trial.last_words()}")
        finally:
            trial.clean()
            reader.close()


def opened(stdout):
    """Returns a reader and the standard output of a program; only of a pipe the two are joined."""
    if stdout == "pipe":
        reader, writer = os.pipe()
        return os.fdopen(reader, "rb"), writer
    return open(os.devnull, "rb"), os.open(stdout or os.devnull, os.O_WRONLY)
