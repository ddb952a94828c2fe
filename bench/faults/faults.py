"""The faults: two children, what is done to them or to the program, and what is right then.

Each program runs `./a` and `./b` at the same time, whatever its format is; they write `a.up` and
`b.up` once they are in the state that matters. A fault is named after its id in the list of faults
that this project is tested against.
"""

import fcntl
import signal
import struct
import termios
import time
from functools import partial
from typing import Callable, NamedTuple

from trial import LIMIT

NO_END = 600  # seconds that a child stays which nobody ends
BRIEF, LONG = 2, 8  # seconds that a child goes on printing when nobody stops it
SECOND = 0.5  # seconds between the first and the second Ctrl-C
BEYOND = 2  # seconds that an end may take beyond the grace
LINE = 256  # MiB of one line
FULL = 5  # seconds in which a pipe that nobody reads is full; some programs hold output back

NOT_0 = ()  # any exit code but 0

SH = "#!/bin/sh\n"
FINE = SH + "echo >b.up\nuntil [ -e a.up ]; do sleep 0.05; done\nsleep 1\n"
QUIET = "</dev/null >/dev/null 2>&1"

# Cleans up and exits 0 when it is asked to stop: its parent alone knows that this was no success.
ORDERLY = SH + f"""
trap 'kill $!; exit 0' INT TERM HUP
sleep {NO_END} {QUIET} &
echo >${{0##*/}}.up
wait
"""

# Neither it nor its own child hears a signal that can be ignored.
DEAF = SH + f"""
trap '' INT TERM HUP
sleep {NO_END} &
echo >${{0##*/}}.up
sleep {NO_END}
"""

# Ends well, and leaves a process in a session of its own.
NEW_SESSION = SH + f"""
setsid sh -c 'echo >left.up; exec sleep {NO_END}' {QUIET} &
until [ -e left.up ]; do sleep 0.01; done
echo >a.up
exit 0
"""

# Ends well, and leaves a daemon: its parent is gone, its session, environment and files are new.
DAEMON = SH + f"""
env -i /usr/bin/setsid -f /bin/sh -c '(echo >left.up; exec /bin/sleep {NO_END}) & exit 0' {QUIET}
until [ -e left.up ]; do sleep 0.01; done
echo >a.up
exit 0
"""

# All of that at once, none of which hears a signal.
WORST = SH + f"""
trap '' INT TERM HUP
setsid sh -c 'sleep {NO_END} & exec sleep {NO_END}' {QUIET} &
env -i /usr/bin/setsid -f /bin/sh -c '(echo >left.up; exec /bin/sleep {NO_END}) & exit 0' {QUIET}
(sh -c 'sleep {NO_END} & wait' & wait) &
until [ -e left.up ]; do sleep 0.01; done
echo >a.up
sleep {NO_END}
"""

# Ends well, and leaves a process that keeps its standard output open.
KEEPS_PIPE = SH + f"""
sleep {NO_END} &
echo >a.up
exit 0
"""

KILLS_ITSELF = SH + "echo >a.up\nkill -9 $$\n"
PRINTS_ONE = SH + "echo >${0##*/}.up\necho this is ${0##*/}\n"
PRINTS_ON = f"""
echo >${{0##*/}}.up
while [ $turns -gt 0 ]; do echo this is ${{0##*/}}; sleep 0.1; turns=$((turns - 1)); done
"""
PRINTS_A_WHILE = SH + f"turns={BRIEF * 10}" + PRINTS_ON
PRINTS_LONG = SH + f"turns={LONG * 10}" + PRINTS_ON
FLOODS = SH + """
echo >${0##*/}.up
while :; do echo this is a line that nobody will ever read; done
"""
HUGE_LINE = SH + f"""
echo >a.up
head -c {LINE << 20} /dev/zero | tr '\\0' a
echo >a.done
"""
WAITS = SH + "echo >b.up\nuntil [ -e a.done ]; do sleep 0.05; done\n"


class Fault(NamedTuple):
    """One fault. The end may take `within` seconds, or if `graced` some beyond the grace."""

    id: str
    title: str
    a: str
    b: str
    provoke: Callable
    right: str
    codes: tuple = (0,)
    within: float = 5
    graced: bool = False
    stdout: str = ""
    mib: float = 0

    def bound(self, program):
        """Returns the seconds in which a program must end."""
        return program.grace + BEYOND if self.graced else self.within


def nothing(trial, _):
    """Waits until the children have done what is wrong by themselves."""
    trial.wait_for("a.up")
    return time.monotonic()


def runs(_, __):
    """Does nothing: the program may end before it starts anything."""
    return time.monotonic()


def send(trial, _, numbers, group=False):
    """Sends signals once the children are up, the second a little after the first."""
    trial.wait_for("a.up", "b.up")
    trial.settle()
    for turn, number in enumerate(numbers):
        if turn > 0:
            trial.settle(SECOND)
        trial.signal(number, group)
    return time.monotonic()


def sends(*numbers, **more):
    """Returns what sends these signals."""
    return partial(send, numbers=numbers, **more)


def reads_once(trial, pipe):
    """Is `head -1`: reads what comes first, and goes away."""
    trial.wait_for("b.up")
    if trial.wait(lambda: waiting(pipe) > 0, LIMIT):
        pipe.read1()
    pipe.close()
    return time.monotonic()


def reads_nothing(trial, pipe):
    """Lets the pipe fill up, and then asks the program to stop."""
    trial.wait_for("a.up", "b.up")
    held = -1
    end = time.monotonic() + FULL
    while time.monotonic() < end:
        before, held = held, waiting(pipe)
        if held == before > 0:
            break
        trial.settle(1)
    trial.signal(signal.SIGTERM)
    return time.monotonic()


def waiting(pipe):
    """Returns how many bytes lie in a pipe."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4))[0]


LIFECYCLE = [
    Fault("P1", "TERM, deaf children", DEAF, DEAF, sends(signal.SIGTERM),
          "SIGTERM to the program while two children and a child of each ignore it: 0 left, 143, "
          "at most 2 s after its grace, which is 2 s wherever it can be set",
          (143,), graced=True),
    Fault("P2", "new session", NEW_SESSION, FINE, nothing,
          "a child leaves a process in a new session and exits 0: 0 left, 0", within=LIMIT),
    Fault("P3", "daemon", DAEMON, FINE, nothing,
          "a child leaves a daemon (forked twice, new session, no environment, no descriptor of "
          "its own) and exits 0: 0 left, 0", within=LIMIT),
    Fault("P4", "`kill -9`", WORST, ORDERLY, sends(signal.SIGKILL),
          "SIGKILL to the program while all of these run, deaf to signals: 0 left a second later",
          (137,)),
    Fault("P18", "child killed", KILLS_ITSELF, FINE, nothing,
          "a child dies by SIGKILL: not 0", NOT_0, LIMIT),
]

SIGNALS = [
    Fault("S1", "one INT", ORDERLY, ORDERLY, sends(signal.SIGINT),
          "SIGINT to the program alone; its children clean up and exit 0: 0 left, 130, within 5 s",
          (130,)),
    Fault("S5", "one TERM", ORDERLY, ORDERLY, sends(signal.SIGTERM),
          "the same with SIGTERM: 0 left, 143, within 5 s", (143,)),
    Fault("S12", "INT to the group", ORDERLY, ORDERLY, sends(signal.SIGINT, group=True),
          "SIGINT to the whole process group, as a terminal sends it: 0 left, 130, within 5 s",
          (130,)),
    Fault("S2", "INT twice, deaf children", DEAF, DEAF, sends(signal.SIGINT, signal.SIGINT),
          "a second SIGINT, half a second after the first, while the children ignore both: 0 "
          "left, 130, within 1 s", (130,), 1),
    Fault("S17", "TERM, stdout not read", FLOODS, FLOODS, reads_nothing,
          "SIGTERM while standard output is a pipe that is full and that nobody reads: 0 left, "
          "143, at most 2 s after its grace", (143,), graced=True, stdout="pipe"),
]

OUTPUT = [
    Fault("S9", "`\\| head -1`", PRINTS_A_WHILE, PRINTS_LONG, reads_once,
          f"the reader of standard output goes away after a line, while a child prints on for "
          f"{LONG} s: 0 left, not 0, at most 2 s after its grace",
          NOT_0, graced=True, stdout="pipe"),
    Fault("O1", "pipe kept open", KEEPS_PIPE, FINE, nothing,
          "a child exits 0 and leaves a process that keeps its standard output open: 0 left, 0, "
          "within 5 s"),
    Fault("O6", "stdout full", PRINTS_ONE, PRINTS_ONE, runs,
          "standard output is `/dev/full`: not 0", NOT_0, LIMIT, stdout="/dev/full"),
    Fault("O4", "huge line", HUGE_LINE, WAITS, nothing,
          f"a child prints a line of {LINE} MiB: no process takes more than 64 MiB, 0, within 60 s",
          within=60, mib=64),
]
