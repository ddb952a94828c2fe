//! Probe: looks whether a service can be used.
//!
//! One look at a time, each with a bound of its own: how often and for how long is not decided
//! here. Unaware of who waits for the service.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::context::Context;
use super::fault::Fault;
use super::lookout::Lookout;
use crate::child::{Invocation, StartError};
use crate::event::Exit;
use crate::launch::{self, Inquiry};

/// How long one look may take: a server that says nothing for that long is not ready, and the next
/// look finds out whether it is then.
const LONGEST: Duration = Duration::from_secs(10);

/// Bytes of an answer until its status is known: the first line.
const STATUS_LINE: usize = 1024;

/// The port of `http`.
const HTTP: u16 = 80;

/// How a service is looked at.
#[derive(Debug)]
pub(super) enum Probe {
    /// It accepts a connection at this address.
    Tcp(String),
    /// It answers a request for this address, with this status.
    Http(String, u16),
    /// This passes.
    Command(Inquiry),
    /// It prints a line.
    Line(Rc<Lookout>),
    /// It makes this path.
    File(PathBuf),
}

impl Probe {
    /// Makes the probe of a command; one that waits for a line is given its lookout.
    pub(super) fn of(command: &launch::Command) -> Option<Self> {
        Some(match command.ready.as_ref()? {
            launch::Probe::Tcp(address) => Self::Tcp(address.clone()),
            launch::Probe::Http { url, status } => Self::Http(url.clone(), *status),
            launch::Probe::Command(argv) => {
                let (env, cwd) = (command.env.clone(), command.cwd.clone());
                Self::Command(Inquiry { argv: argv.clone(), env, cwd })
            }
            launch::Probe::Line(line) => Self::Line(Rc::new(Lookout::new(line))),
            launch::Probe::File(path) => Self::File(path.clone()),
        })
    }

    /// Looks once; for a line, until there is one. Returns why the service can't be used yet, if it
    /// can't; nothing where nobody wanted to know any more.
    pub(super) async fn look(
        &self,
        context: &Context,
        over: impl Future<Output = ()>,
    ) -> Result<Option<Result<(), String>>, Fault> {
        match self {
            Self::Tcp(address) => Ok(within(connect(address), over).await),
            Self::Http(url, status) => Ok(within(ask(url, *status), over).await),
            Self::Command(asked) => pass(context, asked, over).await,
            Self::Line(lookout) => Ok(tokio::select! {
                () = lookout.seen() => Some(Ok(())),
                () = over => None,
            }),
            Self::File(path) => Ok(Some(found(path))),
        }
    }

    /// Returns who waits for a line.
    pub(super) fn lookout(&self) -> Option<&Rc<Lookout>> {
        match self {
            Self::Line(lookout) => Some(lookout),
            Self::Tcp(_) | Self::Http(..) | Self::Command(_) | Self::File(_) => None,
        }
    }
}

/// Bounds one look.
async fn within<T>(
    look: impl Future<Output = Result<T, String>>,
    over: impl Future<Output = ()>,
) -> Option<Result<(), String>> {
    tokio::select! {
        looked = timeout(LONGEST, look) => {
            Some(looked.unwrap_or_else(|_| Err(no_answer())).map(drop))
        }
        () = over => None,
    }
}

fn no_answer() -> String {
    format!("no answer within {}", humantime::format_duration(LONGEST))
}

async fn connect(address: &str) -> Result<TcpStream, String> {
    TcpStream::connect(address).await.map_err(|error| said(&error))
}

/// Asks an address for what `GET` returns, and judges the status.
async fn ask(url: &str, wanted: u16) -> Result<(), String> {
    let rest = url.strip_prefix("http://").ok_or("the address does not begin with `http://`")?;
    let (host, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let path = path.split('#').next().unwrap_or_default();
    let slash = if path.starts_with('/') { "" } else { "/" };
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port { host.to_owned() } else { format!("{host}:{HTTP}") };
    let stream = connect(&address).await?;
    let request = format!(
        "GET {slash}{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: runner\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n"
    );
    write(&stream, request.as_bytes()).await.map_err(|error| said(&error))?;
    let line = first_line(&stream).await.map_err(|error| said(&error))?;
    let mut words = line.split_ascii_whitespace();
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/"));
    match words.next().and_then(|word| word.parse::<u16>().ok()).filter(|_| is_http) {
        Some(status) if status == wanted => Ok(()),
        Some(status) => Err(format!("status {status}")),
        None => Err("the answer is no HTTP".to_owned()),
    }
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads the first line, or as much as is taken for it.
async fn first_line(stream: &TcpStream) -> io::Result<String> {
    let mut line = vec![0; STATUS_LINE];
    let mut length = 0;
    while length < line.len() && !line[..length].contains(&b'\n') {
        stream.readable().await?;
        match stream.try_read(&mut line[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    let end = line[..length].iter().position(|byte| *byte == b'\n').unwrap_or(length);
    Ok(String::from_utf8_lossy(&line[..end]).into_owned())
}

/// Runs a command, as its service is run.
async fn pass(
    context: &Context,
    asked: &Inquiry,
    over: impl Future<Output = ()>,
) -> Result<Option<Result<(), String>>, Fault> {
    let Inquiry { argv, env, cwd } = asked.clone();
    let mut child = match context.host.start(Invocation::silent(argv, env, cwd)).await {
        Ok(child) => child,
        Err(StartError::Cannot(why)) => return Ok(Some(Err(why.cause))),
        Err(StartError::Fault(fault)) => return Err(fault.into()),
    };
    let ended = tokio::select! {
        ended = timeout(LONGEST, child.wait()) => Some(ended.ok().transpose()?),
        () = over => None,
    };
    if let Some(Some(ended)) = ended {
        let passed = ended.exit == Exit::Code(0);
        return Ok(Some(if passed { Ok(()) } else { Err(ended.exit.to_string()) }));
    }
    child.kill();
    child.wait().await?;
    Ok(ended.map(|_| Err(no_answer())))
}

fn found(path: &Path) -> Result<(), String> {
    match path.metadata() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("`{}`: {}", path.display(), said(&error))),
    }
}

/// Says what the system has said, in its own words where there are some.
fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound if error.raw_os_error().is_some() => "not there".to_owned(),
        io::ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    }
}
