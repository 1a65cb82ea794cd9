use super::Traffic;
use chat_socketio::websocket::yield_to_others;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// How many bytes of one connection are read before the other tasks of its thread have their turn. The dispatcher
/// parses all requests that have been read, and keeps them while it answers the first.
const BYTES_AT_A_TIME: usize = 8 * 1024;

/// How many more bytes are read from a connection that is closed after its last answer, and for how long. Closing at
/// once with unread data could destroy the answer on its way.
const REST_BYTES: usize = 64 * 1024;
const REST_TIMEOUT: Duration = Duration::from_secs(2);

/// The TCP stream of an HTTP connection, read in small steps. It ends for its reader when the connection must be
/// closed.
#[derive(Debug)]
pub(crate) struct Paced {
    stream: TcpStream,
    traffic: Rc<Traffic>,
    /// Bytes read since the other tasks had their turn.
    read: usize,
    /// Whether the client accepts no more data for now.
    is_blocked: bool,
    /// Set after the last answer.
    rest: Option<Rest>,
}

/// The limits for data that a client still sends and that is not answered any more.
#[derive(Debug)]
struct Rest {
    bytes: usize,
    timeout: Pin<Box<Sleep>>,
}

impl Paced {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, traffic: Rc::default(), read: 0, is_blocked: false, rest: None }
    }

    pub(crate) const fn traffic(&self) -> &Rc<Traffic> {
        &self.traffic
    }

    fn note_written(&mut self, is_blocked: bool) {
        self.is_blocked = is_blocked;
        if !is_blocked {
            self.traffic.read_on();
        }
    }

    /// Reads and discards the client's remaining data. Ready if the client disconnects, or if a limit is reached.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let rest = self.rest.get_or_insert_with(|| Rest { bytes: REST_BYTES, timeout: Box::pin(sleep(REST_TIMEOUT)) });
        let mut bytes = [0; 4_096];
        while rest.bytes > 0 {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    rest.bytes = rest.bytes.saturating_sub(buffer.filled().len());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return rest.timeout.as_mut().poll(context),
            }
        }
        Poll::Ready(())
    }

    /// Returns the stream, for a connection that leaves HTTP.
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
        if self.traffic.is_closing() && !self.traffic.is_under_way() {
            return Poll::Ready(Ok(()));
        }
        if self.is_blocked || !self.traffic.may_read() {
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
        self.read += buffer.filled().len() - before;
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
        if self.rest.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        }
        if self.traffic.is_closing() {
            ready!(self.poll_rest(context));
        }
        Poll::Ready(Ok(()))
    }
}
