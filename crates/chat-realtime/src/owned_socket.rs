use crate::outlet::{Flushed, Outlet};
use crate::send_queue::SendQueue;
use socket2::SockRef;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::task::{Context, Poll};
use tokio::net::TcpStream;

/// How many frames one system call takes at most.
const FRAMES_PER_WRITE: usize = 32;

/// An upgraded TCP stream in our own hands. Never waits by itself: the hub writes what the socket takes at once, and
/// only a socket that would block is waited for, by its connection's own task.
#[derive(Debug)]
pub struct OwnedSocket {
    stream: TcpStream,
}

impl OwnedSocket {
    /// Takes the stream over.
    pub const fn new(stream: TcpStream) -> Self {
        Self { stream }
    }

    /// Reads what is there into `buffer`'s free room, without waiting.
    pub fn try_read(&self, buffer: &mut bytes::BytesMut) -> io::Result<usize> {
        self.stream.try_read_buf(buffer)
    }

    /// Writes what the socket takes at once, and answers how much that was.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> usize {
        // Whatever is wrong shows again with the next write, which is told of it.
        self.stream.try_write(bytes).unwrap_or(0)
    }

    /// Ready when there is something to read, or nothing more will come.
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.stream.poll_read_ready(context).map(drop)
    }

    /// Says that nothing more will be sent; what the peer says can still be heard.
    pub fn hang_up(&self) {
        // Where it fails the socket is gone, which is what was to be said.
        let _ = SockRef::from(&self.stream).shutdown(Shutdown::Write);
    }
}

impl Outlet for OwnedSocket {
    fn flush(&self, queue: &mut SendQueue) -> Flushed {
        while !queue.is_empty() {
            let result = if let Some(frame) = queue.only() {
                self.stream.try_write(frame)
            } else {
                let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE];
                let count = queue.fill(&mut slices);
                self.stream.try_write_vectored(&slices[..count])
            };
            match result {
                Ok(0) => return Flushed::Broken,
                Ok(written) => queue.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flushed::Blocked,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Flushed::Broken,
            }
        }
        Flushed::All
    }

    fn is_stream(&self) -> bool {
        true
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.stream.poll_write_ready(context).map(drop)
    }
}
