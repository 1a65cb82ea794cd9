use super::frames::{self, Frame};
use super::protocol::{Heard, Protocol};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead as _, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// More than is waiting on a socket as a rule.
const SCRATCH_BYTES: usize = 64 * 1_024;

/// Any nonce will do for whoever does not check what is made of it (RFC 6455 §4.1).
const NONCE: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
}

/// An open WebSocket: its reading side. Pings are answered while it is read.
pub(crate) struct Link {
    half: OwnedReadHalf,
    /// The beginning of a frame, or frames that nobody has asked for yet.
    rest: Vec<u8>,
    writer: Writer,
}

/// Its writing side. Cheap to clone; the connection ends with the last.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    half: Arc<OwnedWriteHalf>,
    protocol: Protocol,
}

/// Why there is no more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The server closed, with this code
    Closed(u16),
    /// The transport ended without a word
    Broken,
    /// Socket.IO: the session or the namespace said no
    Refused(String),
}

impl Writer {
    /// Sends a command, to be answered by this number. Panics where the server takes no more: commands are small, and
    /// many megabytes would have to wait already.
    pub(crate) fn command(&self, number: u64, name: &str, data: &str) {
        let is_sent = self.try_text(&self.protocol.command(number, name, data));
        assert!(is_sent, "the server reads nothing more, or has closed");
    }

    /// Whether it went out whole.
    pub(super) fn try_text(&self, text: &str) -> bool {
        self.try_write(&frames::text(text))
    }

    fn try_write(&self, frame: &[u8]) -> bool {
        self.half.try_write(frame).is_ok_and(|written| written == frame.len())
    }

    fn pong(&self, payload: &[u8]) {
        // Where the connection has ended, the reading side finds out.
        let _ = self.try_write(&frames::frame(frames::PONG, payload));
    }
}

impl Link {
    /// The upgrade; else why it did not come about.
    pub(super) async fn open(protocol: Protocol, address: &str, path: &str, headers: &str) -> Result<Self, String> {
        let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\n{headers}connection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {NONCE}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
        let mut answer = Vec::with_capacity(512);
        let end = loop {
            if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut answer).await.map_err(|error| error.to_string())? == 0 {
                return Err("the connection ended before an answer".to_owned());
            }
        };
        if !answer.starts_with(b"HTTP/1.1 101 ") {
            let head = String::from_utf8_lossy(&answer);
            return Err(head.lines().next().unwrap_or_default().to_owned());
        }
        // Nearly always nothing: then nothing is kept.
        let rest = answer[end..].to_vec();
        let (half, writing) = stream.into_split();
        Ok(Self { half, rest, writer: Writer { half: Arc::new(writing), protocol } })
    }

    pub(crate) const fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Reads on until `is_last` says so of something; the rest waits.
    pub(crate) async fn until(&mut self, mut is_last: impl FnMut(&Heard<'_>) -> bool) -> Result<(), Ended> {
        let waiting = std::mem::take(&mut self.rest);
        let (taken, found) = take(&self.writer, &waiting, &mut is_last);
        self.rest.extend_from_slice(&waiting[taken..]);
        match found {
            Some(found) => found,
            None => poll_fn(|context| self.poll_until(context, &mut is_last)).await,
        }
    }

    fn poll_until(
        &mut self,
        context: &mut Context<'_>,
        is_last: &mut impl FnMut(&Heard<'_>) -> bool,
    ) -> Poll<Result<(), Ended>> {
        SCRATCH.with_borrow_mut(|scratch| {
            loop {
                let mut buffer = ReadBuf::new(scratch);
                let read = ready!(Pin::new(&mut self.half).poll_read(context, &mut buffer));
                let fresh = buffer.filled();
                if read.is_err() || fresh.is_empty() {
                    return Poll::Ready(Err(Ended::Broken));
                }
                let found = if self.rest.is_empty() {
                    let (taken, found) = take(&self.writer, fresh, is_last);
                    self.rest.extend_from_slice(&fresh[taken..]);
                    found
                } else {
                    self.rest.extend_from_slice(fresh);
                    let (taken, found) = take(&self.writer, &self.rest, is_last);
                    self.rest.drain(..taken);
                    found
                };
                if self.rest.is_empty() {
                    // Idle connections keep nothing.
                    self.rest = Vec::new();
                }
                if let Some(found) = found {
                    return Poll::Ready(found);
                }
            }
        })
    }
}

/// Goes through whole frames; answers how many bytes it has taken, and how it ended where it did.
fn take(
    writer: &Writer,
    bytes: &[u8],
    is_last: &mut impl FnMut(&Heard<'_>) -> bool,
) -> (usize, Option<Result<(), Ended>>) {
    let mut taken = 0;
    while let Some((frame, length)) = frames::read(&bytes[taken..]) {
        taken += length;
        let found = match frame {
            Frame::Text(text) => match writer.protocol.understand(text) {
                Heard::Ping => {
                    let _ = writer.try_text("3");
                    None
                }
                Heard::Refused(text) => Some(Err(Ended::Refused(text.to_owned()))),
                heard => is_last(&heard).then_some(Ok(())),
            },
            Frame::Ping(payload) => {
                writer.pong(payload);
                None
            }
            Frame::Pong => None,
            Frame::Close(code) => Some(Err(Ended::Closed(code))),
        };
        if found.is_some() {
            return (taken, found);
        }
    }
    (taken, None)
}
