use crate::outlet::{Flushed, Outlet};
use crate::send_queue::SendQueue;
use socket2::SockRef;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::net::TcpStream;

/// The maximum number of frames per system call.
const FRAMES_PER_WRITE: usize = 32;

/// An upgraded TCP stream that the server owns. It never waits: the hub writes what the socket accepts at once, and
/// only the connection's own task waits for a socket that would block.
#[derive(Debug)]
pub struct OwnedSocket {
    stream: TcpStream,
}

impl OwnedSocket {
    /// Takes ownership of the stream.
    pub const fn new(stream: TcpStream) -> Self {
        Self { stream }
    }

    /// Reads available data into the free space of `buffer`, without waiting.
    pub fn try_read(&self, buffer: &mut bytes::BytesMut) -> io::Result<usize> {
        let room = buffer.capacity() - buffer.len();
        let read = self.stream.try_read_buf(buffer)?;
        if 0 < read && read < room {
            // A short read has emptied the socket: it counts as not readable until more arrives, without another
            // system call that finds nothing.
            let _ = self.stream.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
        Ok(read)
    }

    /// Writes what the socket accepts at once, and returns the number of bytes.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> usize {
        // The next write reports the error.
        self.stream.try_write(bytes).unwrap_or(0)
    }

    /// Ready if there is data to read, or if no more will arrive.
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.stream.poll_read_ready(context).map(drop)
    }

    /// Shuts down the sending direction; the peer's data can still be read.
    pub fn hang_up(&self) {
        // It fails only if the socket is gone already.
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
