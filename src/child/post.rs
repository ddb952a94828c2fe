//! Post: packets between the engine and the spawner, with the descriptors that travel along.
//!
//! A sequenced-packet socket keeps the borders of messages, so nothing is framed and nothing is
//! half read. What is too long for a packet (a command line may have megabytes) goes into a memory
//! file that travels as one more descriptor, the first. Unaware of what the messages say.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;

use rustix::cmsg_space;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::wire::TARGETS;

/// Longest message inside a packet: well below the least send buffer that systems are set to, and
/// above nearly every command line with its environment.
pub(super) const INLINE: usize = 64 << 10;

/// Longest message at all: the system takes at most 6 MiB of arguments and environment.
pub(super) const LONGEST: usize = 16 << 20;

/// Bytes of a message that stand in the packet even where the rest is elsewhere, so that the
/// receiver can name what it could not receive.
const HEAD: usize = 9;

/// Descriptors of a packet: those of a child and the memory file.
const DESCRIPTORS: usize = TARGETS as usize + 1;

/// The first byte of a packet.
const HERE: u8 = 0;
const ELSEWHERE: u8 = 1;

/// Sends one message, whole or not at all.
pub(super) fn send(socket: impl AsFd, message: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    if message.len() <= INLINE {
        return send_packet(socket, HERE, message, fds);
    }
    let memory = File::from(memfd_create("start", MemfdFlags::CLOEXEC)?);
    memory.write_all_at(message, 0)?;
    let fds: Vec<_> = std::iter::once(memory.as_fd()).chain(fds.iter().copied()).collect();
    send_packet(socket, ELSEWHERE, &message[..HEAD], &fds)
}

fn send_packet(
    socket: impl AsFd,
    place: u8,
    bytes: &[u8],
    fds: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let parts = [IoSlice::new(std::slice::from_ref(&place)), IoSlice::new(bytes)];
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    rustix::io::retry_on_intr(|| sendmsg(&socket, &parts, &mut control, flags))?;
    Ok(())
}

/// A message that was received. One is used again and again.
#[derive(Debug)]
pub(super) struct Letter {
    buffer: Vec<u8>,
    length: usize,
    /// The descriptors that came along.
    pub(super) fds: Vec<OwnedFd>,
    /// Whether something was lost because no descriptor was free: only its head can be trusted.
    pub(super) torn: bool,
}

impl Letter {
    /// Makes an empty one.
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; INLINE], length: 0, fds: Vec::new(), torn: false }
    }

    /// Returns the message.
    pub(super) fn message(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// Takes in the next message; `false` where the other side is gone.
    pub(super) fn receive(&mut self, socket: impl AsFd) -> io::Result<bool> {
        self.fds.clear();
        let mut place = HERE;
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = {
            let mut parts = [
                IoSliceMut::new(std::slice::from_mut(&mut place)),
                IoSliceMut::new(&mut self.buffer[..INLINE]),
            ];
            let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
            rustix::io::retry_on_intr(|| recvmsg(&socket, &mut parts, &mut control, flags))?
        };
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                self.fds.extend(fds);
            }
        }
        if received.bytes == 0 {
            return Ok(false);
        }
        self.length = received.bytes - 1;
        self.torn = received.flags.contains(ReturnFlags::CTRUNC);
        if place == ELSEWHERE && !self.torn {
            self.fetch()?;
        }
        Ok(true)
    }

    /// Reads the message from the memory file that came along.
    fn fetch(&mut self) -> io::Result<()> {
        if self.fds.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let memory = File::from(self.fds.remove(0));
        let mut message = Vec::new();
        memory.take(LONGEST as u64).read_to_end(&mut message)?;
        self.length = message.len();
        message.resize(message.len().max(INLINE), 0);
        self.buffer = message;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
    }

    #[test]
    fn short_and_long_messages_arrive_with_their_descriptors() {
        let (ours, theirs) = pair();
        let mut letter = Letter::new();
        for length in [HEAD, INLINE, INLINE + 1, 3 << 20, HEAD] {
            let message: Vec<u8> = (0..=250).cycle().take(length).collect();
            let (reader, writer) = rustix::pipe::pipe().unwrap();
            send(&ours, &message, &[writer.as_fd()]).unwrap();
            drop(writer);
            assert!(letter.receive(&theirs).unwrap());
            assert!(!letter.torn && letter.message() == message, "{length}");
            let [writer] = &letter.fds[..] else { panic!("one descriptor") };
            File::from(writer.try_clone().unwrap()).write_all(b"x").unwrap();
            let mut byte = [0];
            File::from(reader).read_exact(&mut byte).unwrap();
            assert_eq!(&byte, b"x");
        }
        drop(ours);
        assert!(!letter.receive(&theirs).unwrap());
    }
}
