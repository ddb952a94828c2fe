//! Wire: what the engine asks of the spawner, what the spawner reports, and both as bytes.
//!
//! An own format because the two halves are one program: nothing to version, and the spawner can
//! point `execve` straight into a received message, where every text already ends in NUL. Reading
//! trusts nothing: a malformed message is [`Garbled`], never a panic. Unaware of sockets.

mod bytes;

use std::ffi::{CStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use self::bytes::{
    put_head, put_text, put_u32, take_i32, take_text, take_texts, take_u8, take_u32, take_u64,
};
use crate::event::Leftover;

/// Number of an attempt, counted up by the engine and never used twice.
pub(super) type Id = u64;

/// Descriptors that a child can be given: 0 to 4, and the job server's.
pub(super) const TARGETS: u8 = 6;

/// The number of the job server's descriptor: above those that a child speaks over, and one that
/// scripts seldom use for their own.
pub const JOB_SERVER: u8 = 8;

/// Returns the number at which a child finds the descriptor of a target.
pub(super) fn number_of(target: u8) -> u8 {
    if target + 1 == TARGETS { JOB_SERVER } else { target }
}

/// What the engine asks of the spawner.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request<'a> {
    /// Start a child.
    Start(Start<'a>),
    /// Send a signal to a child's group.
    Signal {
        /// The attempt.
        id: Id,
        /// The signal's number.
        signal: i32,
    },
    /// Kill all that belongs to an attempt.
    Kill {
        /// The attempt.
        id: Id,
    },
    /// Stop all that was started, or let it go on.
    Pause {
        /// Whether it is to stop.
        on: bool,
    },
    /// Put the terminal back in order if the engine dies, or no longer.
    Guard {
        /// Whether to.
        on: bool,
    },
}

/// How to start a child.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Start<'a> {
    /// The attempt.
    pub(super) id: Id,
    /// Bit n: a descriptor for target n travels along, in the order of targets.
    pub(super) given: u8,
    /// How it lives.
    pub(super) manner: Manner,
    /// Working directory.
    pub(super) cwd: &'a CStr,
    /// Path of the program.
    pub(super) program: &'a CStr,
    /// Arguments, the name of the program first.
    pub(super) argv: Vec<&'a CStr>,
    /// Environment, as `NAME=value`.
    pub(super) env: Vec<&'a CStr>,
}

/// How a child lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Manner {
    /// Whether it owns the terminal.
    pub(super) interactive: bool,
    /// Whether what outlives its leader may live on.
    pub(super) may_leak: bool,
}

/// What the spawner reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Report {
    /// A child runs: its `execve` is done.
    Started {
        /// The attempt.
        id: Id,
        /// Its process id, which is also that of its group.
        pid: u32,
    },
    /// A child could not be started.
    Cannot {
        /// The attempt.
        id: Id,
        /// What failed.
        failure: Failure,
    },
    /// The leader of an attempt was stopped by a signal.
    Suspended {
        /// The attempt.
        id: Id,
        /// The signal's number.
        signal: i32,
    },
    /// It goes on.
    Resumed {
        /// The attempt.
        id: Id,
    },
    /// An attempt is over: its leader is reaped and nothing of its set is left.
    Ended {
        /// The attempt.
        id: Id,
        /// How the leader ended.
        status: Status,
        /// What outlived the leader.
        leftovers: Vec<Leftover>,
    },
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It exited with a code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
}

/// The step of a start that failed, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    /// What was tried.
    pub(super) step: Step,
    /// The system's error number.
    pub(super) errno: i32,
}

/// The steps of a start, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The spawner takes the message and its descriptors.
    Receive,
    /// A process is made.
    Fork,
    /// It gets a group, limits and a signal mask of its own.
    Prepare,
    /// It gets its descriptors.
    Descriptors,
    /// It enters its working directory.
    Cwd,
    /// It becomes the program.
    Exec,
}

impl Step {
    const ALL: [Self; 6] =
        [Self::Receive, Self::Fork, Self::Prepare, Self::Descriptors, Self::Cwd, Self::Exec];

    /// Returns the step of a number, as `as u8` gives it.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// A message that neither half of this program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Garbled;

const START: u8 = 1;
const SIGNAL: u8 = 2;
const KILL: u8 = 3;
const STARTED: u8 = 4;
const CANNOT: u8 = 5;
const CODE: u8 = 6;
const SIGNALLED: u8 = 7;
const PAUSE: u8 = 8;
const GUARD: u8 = 9;
const SUSPENDED: u8 = 10;
const RESUMED: u8 = 11;

/// Bits of a manner.
const INTERACTIVE: u8 = 1;
const MAY_LEAK: u8 = 1 << 1;

/// The words of a start, as the engine holds them. None contains NUL: that was checked before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) cwd: &'a [u8],
    pub(super) program: &'a [u8],
    pub(super) argv: &'a [OsString],
    pub(super) env: &'a [(OsString, OsString)],
    pub(super) manner: Manner,
}

/// Writes a request to start a child.
pub(super) fn put_start(out: &mut Vec<u8>, id: Id, given: u8, words: &Words<'_>) {
    put_head(out, START, id);
    out.push(given);
    out.push(words.manner.bits());
    put_u32(out, words.argv.len());
    put_u32(out, words.env.len());
    put_text(out, &[words.cwd]);
    put_text(out, &[words.program]);
    for argument in words.argv {
        put_text(out, &[argument.as_bytes()]);
    }
    for (name, value) in words.env {
        put_text(out, &[name.as_bytes(), b"=", value.as_bytes()]);
    }
}

/// Writes a request to signal a child's group.
pub(super) fn put_signal(out: &mut Vec<u8>, id: Id, signal: i32) {
    put_head(out, SIGNAL, id);
    out.extend(signal.to_le_bytes());
}

/// Writes a request to kill all that belongs to an attempt.
pub(super) fn put_kill(out: &mut Vec<u8>, id: Id) {
    put_head(out, KILL, id);
}

/// Writes a request to stop everything, or to let it go on.
pub(super) fn put_pause(out: &mut Vec<u8>, on: bool) {
    put_head(out, PAUSE, on.into());
}

/// Writes a request to guard the terminal, or not to.
pub(super) fn put_guard(out: &mut Vec<u8>, on: bool) {
    put_head(out, GUARD, on.into());
}

/// Reads of which attempt a message speaks first; more of it need not be there.
pub(super) fn subject(mut message: &[u8]) -> Result<Id, Garbled> {
    take_u8(&mut message)?;
    take_u64(&mut message)
}

impl<'a> Request<'a> {
    /// Reads the first request of `from` and moves behind it.
    pub(super) fn take(from: &mut &'a [u8]) -> Result<Self, Garbled> {
        let kind = take_u8(from)?;
        let id = take_u64(from)?;
        match kind {
            START => Start::take(id, from).map(Self::Start),
            SIGNAL => Ok(Self::Signal { id, signal: take_i32(from)? }),
            KILL => Ok(Self::Kill { id }),
            PAUSE => Ok(Self::Pause { on: id != 0 }),
            GUARD => Ok(Self::Guard { on: id != 0 }),
            _ => Err(Garbled),
        }
    }
}

impl<'a> Start<'a> {
    fn take(id: Id, from: &mut &'a [u8]) -> Result<Self, Garbled> {
        let given = take_u8(from)?;
        if given >> TARGETS != 0 {
            return Err(Garbled);
        }
        let manner = Manner::of(take_u8(from)?)?;
        let (argc, envc) = (take_u32(from)?, take_u32(from)?);
        let (cwd, program) = (take_text(from)?, take_text(from)?);
        Ok(Self {
            id,
            given,
            manner,
            cwd,
            program,
            argv: take_texts(from, argc)?,
            env: take_texts(from, envc)?,
        })
    }
}

impl Manner {
    fn bits(self) -> u8 {
        u8::from(self.interactive) * INTERACTIVE + u8::from(self.may_leak) * MAY_LEAK
    }

    fn of(bits: u8) -> Result<Self, Garbled> {
        let manner = Self { interactive: bits & INTERACTIVE != 0, may_leak: bits & MAY_LEAK != 0 };
        if manner.bits() == bits { Ok(manner) } else { Err(Garbled) }
    }
}

impl Report {
    /// Writes this report.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Started { id, pid } => {
                put_head(out, STARTED, *id);
                out.extend(pid.to_le_bytes());
            }
            Self::Cannot { id, failure } => {
                put_head(out, CANNOT, *id);
                out.push(failure.step as u8);
                out.extend(failure.errno.to_le_bytes());
            }
            Self::Suspended { id, signal } => {
                put_head(out, SUSPENDED, *id);
                out.extend(signal.to_le_bytes());
            }
            Self::Resumed { id } => put_head(out, RESUMED, *id),
            Self::Ended { id, status, leftovers } => {
                let (kind, number) = match status {
                    Status::Code(code) => (CODE, code),
                    Status::Signal(signal) => (SIGNALLED, signal),
                };
                put_head(out, kind, *id);
                out.extend(number.to_le_bytes());
                put_u32(out, leftovers.len());
                for leftover in leftovers {
                    out.extend(leftover.pid.to_le_bytes());
                    out.push(leftover.lives.into());
                    put_u32(out, leftover.command.len());
                    out.extend(leftover.command.as_bytes());
                }
            }
        }
    }

    /// Reads the first report of `from` and moves behind it.
    pub(super) fn take(from: &mut &[u8]) -> Result<Self, Garbled> {
        let kind = take_u8(from)?;
        let id = take_u64(from)?;
        match kind {
            STARTED => Ok(Self::Started { id, pid: take_u32(from)? }),
            CANNOT => {
                let step = Step::from_number(take_u8(from)?).ok_or(Garbled)?;
                Ok(Self::Cannot { id, failure: Failure { step, errno: take_i32(from)? } })
            }
            SUSPENDED => Ok(Self::Suspended { id, signal: take_i32(from)? }),
            RESUMED => Ok(Self::Resumed { id }),
            CODE | SIGNALLED => {
                let number = take_i32(from)?;
                let status = if kind == CODE { Status::Code } else { Status::Signal }(number);
                let count = take_u32(from)?;
                let leftovers =
                    (0..count).map(|_| take_leftover(from)).collect::<Result<_, _>>()?;
                Ok(Self::Ended { id, status, leftovers })
            }
            _ => Err(Garbled),
        }
    }
}

fn take_leftover(from: &mut &[u8]) -> Result<Leftover, Garbled> {
    let pid = take_u32(from)?;
    let lives = take_u8(from)? != 0;
    let length = usize::try_from(take_u32(from)?).map_err(|_| Garbled)?;
    let (command, rest) = from.split_at_checked(length).ok_or(Garbled)?;
    *from = rest;
    let command = String::from_utf8_lossy(command).into_owned();
    Ok(Leftover { pid, command, lives })
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn word() -> impl Strategy<Value = Vec<u8>> {
        vec(1..=u8::MAX, 0..20)
    }

    fn report() -> impl Strategy<Value = Report> {
        let leftover = (any::<u32>(), ".{0,9}", any::<bool>())
            .prop_map(|(pid, command, lives)| Leftover { pid, command, lives });
        let status =
            prop_oneof![any::<i32>().prop_map(Status::Code), any::<i32>().prop_map(Status::Signal)];
        let failure = (0..Step::ALL.len(), any::<i32>())
            .prop_map(|(step, errno)| Failure { step: Step::ALL[step], errno });
        prop_oneof![
            (any::<u64>(), any::<u32>()).prop_map(|(id, pid)| Report::Started { id, pid }),
            (any::<u64>(), any::<i32>()).prop_map(|(id, signal)| Report::Suspended { id, signal }),
            any::<u64>().prop_map(|id| Report::Resumed { id }),
            (any::<u64>(), failure).prop_map(|(id, failure)| Report::Cannot { id, failure }),
            (any::<u64>(), status, vec(leftover, 0..4))
                .prop_map(|(id, status, leftovers)| Report::Ended { id, status, leftovers }),
        ]
    }

    proptest! {
        #[test]
        fn a_start_comes_back_as_it_was(
            id: u64,
            given in 0_u8..1 << TARGETS,
            cwd in word(),
            program in word(),
            argv in vec(word(), 0..6),
            env in vec((vec(b'A'..=b'Z', 1..5), word()), 0..6),
            (interactive, may_leak, on) in any::<(bool, bool, bool)>(),
        ) {
            let manner = Manner { interactive, may_leak };
            let argv: Vec<_> = argv.into_iter().map(OsString::from_vec).collect();
            let env: Vec<_> = env
                .into_iter()
                .map(|(name, value)| (OsString::from_vec(name), OsString::from_vec(value)))
                .collect();
            let mut bytes = Vec::new();
            let words = Words { cwd: &cwd, program: &program, argv: &argv, env: &env, manner };
            put_start(&mut bytes, id, given, &words);
            put_signal(&mut bytes, id, -7);
            put_kill(&mut bytes, id);
            put_pause(&mut bytes, on);
            put_guard(&mut bytes, on);
            let mut rest = &bytes[..];
            let Ok(Request::Start(start)) = Request::take(&mut rest) else {
                return Err(TestCaseError::fail("not a start"));
            };
            prop_assert_eq!((start.id, start.given, start.manner), (id, given, manner));
            prop_assert_eq!(start.cwd.to_bytes(), &cwd);
            prop_assert_eq!(start.program.to_bytes(), &program);
            let read: Vec<_> = start.argv.iter().map(|word| word.to_bytes()).collect();
            let written: Vec<_> = argv.iter().map(|word| word.as_bytes()).collect();
            prop_assert_eq!(read, written);
            prop_assert_eq!(start.env.len(), env.len());
            for (entry, (name, value)) in start.env.iter().zip(&env) {
                prop_assert_eq!(
                    entry.to_bytes().to_vec(),
                    [name.as_bytes(), b"=", value.as_bytes()].concat()
                );
            }
            prop_assert_eq!(Request::take(&mut rest), Ok(Request::Signal { id, signal: -7 }));
            prop_assert_eq!(Request::take(&mut rest), Ok(Request::Kill { id }));
            prop_assert_eq!(Request::take(&mut rest), Ok(Request::Pause { on }));
            prop_assert_eq!(Request::take(&mut rest), Ok(Request::Guard { on }));
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn reports_come_back_as_they_were(reports in vec(report(), 0..4)) {
            let mut bytes = Vec::new();
            for report in &reports {
                report.put(&mut bytes);
            }
            let mut rest = &bytes[..];
            for report in &reports {
                prop_assert_eq!(&Report::take(&mut rest).unwrap(), report);
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..200), kind in 0_u8..13) {
            let bytes = [vec![kind], bytes].concat();
            let _ = Request::take(&mut &bytes[..]);
            let _ = Report::take(&mut &bytes[..]);
        }
    }
}
