use super::Traffic;
use chat_socketio::websocket::yield_to_others;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How much is read of one connection, in bytes, before the other tasks of its thread have their turn. The dispatcher parses all requests that have been
/// read, and keeps them while it answers the first.
const BYTES_AT_A_TIME: usize = 8 * 1024;

/// The TCP stream of an HTTP connection, read a little at a time. Ends for its reader when the connection is to be closed.
#[derive(Debug)]
pub(crate) struct Paced {
    stream: TcpStream,
    traffic: Rc<Traffic>,
    /// Since others had their turn.
    read: usize,
    /// Since a request is answered.
    ahead: usize,
    /// The client takes no more for now.
    is_blocked: bool,
}

impl Paced {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, traffic: Rc::default(), read: 0, ahead: 0, is_blocked: false }
    }

    pub(crate) fn traffic(&self) -> Rc<Traffic> {
        Rc::clone(&self.traffic)
    }

    fn note_written(&mut self, is_blocked: bool) {
        self.is_blocked = is_blocked;
        if !is_blocked {
            self.traffic.read_on();
        }
    }

    /// The stream, for a connection that leaves HTTP.
    pub(crate) fn into_inner(self) -> TcpStream {
        self.stream
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.traffic.begin_turn();
        if self.traffic.is_closing() {
            return Poll::Ready(Ok(()));
        }
        if !self.traffic.is_under_way() {
            self.ahead = 0;
        }
        if self.is_blocked || !self.traffic.may_read(self.ahead) {
            self.traffic.wait(context);
            return Poll::Pending;
        }
        if self.read >= BYTES_AT_A_TIME {
            self.read = 0;
            yield_to_others(context);
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if polled.is_pending() {
            self.read = 0;
        }
        ready!(polled)?;
        let read = buffer.filled().len() - before;
        self.read += read;
        self.ahead += read;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Paced {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note_written(written.is_pending());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.note_written(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
