//! One WebSocket that owns its TCP stream: it waits only when polled, and buffers nothing while idle.

mod allowance;
mod budget;
pub(crate) mod frames;
mod handshake;
mod reader;

pub use allowance::{Allowance, LARGE_STRANGERS, STRANGER_BYTES};
pub use budget::{FREE_FRAGMENT_BYTES, FrameBudget, FrameQuota, yield_to_others};
pub use handshake::{HandshakeFault, verify_handshake};
pub use reader::{Breach, Incoming, Reader};

use crate::session::Outbox;
use bytes::BytesMut;
use socket2::SockRef;
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::task::{Context, Poll, ready};
use tokio::net::TcpStream;

/// The maximum number of frames per system call.
const FRAMES_PER_WRITE: usize = 32;

/// How many bytes are read and discarded after a WebSocket has been closed from this side; then the socket is dropped.
const IGNORED_BYTES: usize = 4_000_000;

/// How many bytes are read at a time.
const SCRATCH_BYTES: usize = 64 * 1024;

thread_local! {
    /// All sockets of a thread are read through one buffer.
    static SCRATCH: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(SCRATCH_BYTES));
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    All,
    Blocked,
    Broken,
}

#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    reader: Reader,
    /// Whether the first frame of an outbox has been written in part: its rest must be written before anything else.
    is_mid_frame: bool,
    has_written: bool,
    ignored: usize,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, read: BytesMut) -> Self {
        Self { stream, reader: Reader::new(read), is_mid_frame: false, has_written: false, ignored: 0 }
    }

    pub(crate) const fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// The client's next message, or a part of one. `most` returns the longest allowed length for a message of which
    /// this many bytes are announced. The end of the stream without a Close frame is an error of kind `UnexpectedEof`.
    pub(crate) fn poll_next(
        &mut self,
        mut most: impl FnMut(u64) -> Result<usize, Breach>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Result<Incoming, Breach>>> {
        loop {
            match most(self.reader.announced()).and_then(|most| self.reader.next(most)) {
                Ok(Some(incoming)) => return Poll::Ready(Ok(Ok(incoming))),
                Ok(None) => {}
                Err(breach) => return Poll::Ready(Ok(Err(breach))),
            }
            let (stream, reader) = (&self.stream, &mut self.reader);
            if ready!(poll_read(stream, context, |bytes| reader.feed(bytes)))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Reads and discards until the client closes the connection, or has sent more than is allowed on a closed
    /// WebSocket.
    pub(crate) fn poll_ignored(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.reader = Reader::default();
        loop {
            match ready!(poll_read(&self.stream, context, |_| ())) {
                Ok(read @ 1..) => self.ignored += read,
                _ => return Poll::Ready(()),
            }
            if self.ignored > IGNORED_BYTES {
                return Poll::Ready(());
            }
        }
    }

    pub(crate) fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.stream.poll_write_ready(context).map(drop)
    }

    /// Shuts down the writing side; the client can still be read.
    pub(crate) fn hang_up(&self) {
        // If this fails the socket is gone, which has the same effect.
        let _ = SockRef::from(&self.stream).shutdown(Shutdown::Write);
    }

    /// Writes as much as the socket accepts at once: `control` before `outbox`, but never within one of the frames of
    /// `outbox`.
    pub(crate) fn write(&mut self, control: &mut impl Outbox, outbox: &mut (impl Outbox + ?Sized)) -> Written {
        loop {
            let has_control = !control.is_empty();
            let written = if has_control && !self.is_mid_frame {
                write_some(&self.stream, control, FRAMES_PER_WRITE).inspect(|written| control.advance(*written))
            } else if outbox.is_empty() {
                // The caller dropped a partly written frame: nothing can follow it.
                return if has_control { Written::Broken } else { Written::All };
            } else {
                let most = if has_control { 1 } else { FRAMES_PER_WRITE };
                self.write_outbox(outbox, most)
            };
            match written {
                Ok(0) => return Written::Broken,
                Ok(_) => self.has_written = true,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Written::Blocked,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Written::Broken,
            }
        }
    }

    fn write_outbox(&mut self, outbox: &mut (impl Outbox + ?Sized), most: usize) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE];
        let count = outbox.fill(&mut slices[..most]);
        let slices = &slices[..count];
        let written = try_write(&self.stream, slices)?;
        let mut left = written;
        let mut whole = 0;
        for slice in slices {
            if left < slice.len() {
                break;
            }
            left -= slice.len();
            whole += 1;
        }
        self.is_mid_frame = left > 0 || (self.is_mid_frame && whole == 0);
        outbox.advance(written);
        Ok(written)
    }

    /// Whether the socket has accepted anything since the last call.
    pub(crate) const fn has_written(&mut self) -> bool {
        std::mem::replace(&mut self.has_written, false)
    }

    /// Whether only the rest of a started frame may be written.
    pub(crate) const fn is_mid_frame(&self) -> bool {
        self.is_mid_frame
    }
}

fn poll_read(stream: &TcpStream, context: &mut Context<'_>, mut take: impl FnMut(&[u8])) -> Poll<io::Result<usize>> {
    loop {
        ready!(stream.poll_read_ready(context))?;
        let read = SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            let read = stream.try_read_buf(scratch);
            if read.is_ok() {
                take(scratch);
            }
            read
        });
        match read {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return Poll::Ready(read),
        }
    }
}

fn write_some(stream: &TcpStream, outbox: &impl Outbox, most: usize) -> io::Result<usize> {
    let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE];
    let count = outbox.fill(&mut slices[..most]);
    try_write(stream, &slices[..count])
}

fn try_write(stream: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    match slices {
        [only] => stream.try_write(only),
        many => stream.try_write_vectored(many),
    }
}
