//! The plain WebSocket: frames of our own, on our own socket or inside of somebody's `App`.

use super::allowance::MAX_MESSAGE_BYTES;
use super::drive::{Inlet, Parting, Said, busy, converse};
use super::session::{Session, understand};
use super::sign_in::{Door, first_close_code};
use super::{Greeting, Realtime, Source};
use crate::ApiError;
use bytes::{Bytes, BytesMut};
use chat_protocol::realtime::{ClientFrame, CloseCode};
use chat_realtime::{Connection, Counted, Life};
use chat_socketio::websocket::{Breach, Incoming, Reader};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

/// The life of one connection. `answer` is what a client waits for before it takes anything else for a frame; `bytes` is what came along with
/// its request.
pub(crate) async fn drive(
    realtime: Rc<Realtime>,
    connection: Rc<Connection>,
    counted: Counted,
    greeting: Greeting,
    answer: Option<Bytes>,
    source: Source,
    bytes: BytesMut,
) {
    let mut frames = Frames { reader: Reader::text_only(bytes), source };
    let mut session = Session::new(Rc::clone(&realtime), Rc::clone(&connection));
    busy(&connection, Box::pin(session.begin(greeting, Answer(answer)))).await;
    let parting = converse(&mut session, &mut frames).await;
    // Others learn of it now, not when the socket is finally let go of.
    drop(session);
    linger(&realtime, &connection, frames, parting).await;
    connection.abandon();
    drop(counted);
}

/// The answer to the handshake: whoever is refused after it hears so in frames.
struct Answer(Option<Bytes>);

impl Door for Answer {
    fn open(self, connection: &Connection) {
        connection.uncork(self.0);
    }

    fn shut(self, session: &Session, error: &ApiError) {
        session.connection.uncork(self.0);
        session.refuse(None, error, first_close_code(error));
    }
}

/// A client's bytes, cut into messages.
struct Frames {
    reader: Reader,
    source: Source,
}

impl Inlet for Frames {
    fn poll_next(&mut self, session: &mut Session, context: &mut Context<'_>) -> Poll<Said> {
        let connection = Rc::clone(&session.connection);
        loop {
            let next =
                session.most_bytes(self.reader.announced()).and_then(|most| self.reader.next(most).map_err(code_of));
            match next {
                Ok(Some(incoming)) => return Poll::Ready(said(incoming)),
                Ok(None) => {}
                Err(code) => return Poll::Ready(Said::Breach(code)),
            }
            match self.source.poll_read(&connection, context, |bytes| self.reader.feed(bytes)) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(true) => session.realtime.hub.heard(&connection),
                Poll::Ready(false) => return Poll::Ready(Said::Ended),
            }
        }
    }
}

fn said(incoming: Incoming) -> Said {
    match incoming {
        Incoming::Text(text) => Said::Frame(ClientFrame::parse(&text).and_then(|frame| understand(&frame))),
        Incoming::Binary(_) => Said::Breach(code_of(Breach::Binary)),
        Incoming::Ping(payload) => Said::Ping(payload),
        Incoming::Pong => Said::Pong,
        Incoming::Close(code) => Said::Close(code),
    }
}

const fn code_of(breach: Breach) -> CloseCode {
    match breach {
        Breach::Protocol => CloseCode::ProtocolViolation,
        Breach::TooBig => CloseCode::TooBig,
        Breach::InvalidText => CloseCode::InvalidText,
        Breach::Binary => CloseCode::UnsupportedData,
    }
}

/// What is still to be expected of the other side of a connection that closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peer {
    /// A Close frame of its own.
    MayAnswer,
    /// Nothing: it has sent one.
    IsDone,
    /// Anything: what it sends cannot be read as frames any more. That it hangs up, after we did.
    IsNotUnderstood,
}

/// Waits until the peer has taken the Close frame and answered it, or for a while: a socket that is dropped while something unread lies in it
/// takes the Close frame down with it.
async fn linger(realtime: &Realtime, connection: &Rc<Connection>, frames: Frames, parting: Parting) {
    realtime.hub.linger(connection);
    let Frames { mut reader, mut source } = frames;
    let mut peer = match parting {
        Parting::Closed | Parting::Left | Parting::Ended => Peer::MayAnswer,
        Parting::Goodbye => Peer::IsDone,
        Parting::NotUnderstood => Peer::IsNotUnderstood,
    };
    let mut has_hung_up = false;
    poll_fn(|context| {
        connection.poll_write(context);
        loop {
            if connection.life() == Life::Gone || (peer == Peer::IsDone && connection.is_flushed()) {
                return Poll::Ready(());
            }
            if peer == Peer::IsNotUnderstood && connection.is_flushed() && !has_hung_up {
                has_hung_up = true;
                if let Some(socket) = connection.socket() {
                    socket.hang_up();
                }
            }
            let read = source.poll_read(connection, context, |bytes| {
                if peer == Peer::MayAnswer {
                    reader.feed(bytes);
                }
            });
            match read {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(false) => return Poll::Ready(()),
                Poll::Ready(true) => {}
            }
            while peer == Peer::MayAnswer {
                match reader.next(MAX_MESSAGE_BYTES) {
                    Ok(Some(Incoming::Close(_))) => peer = Peer::IsDone,
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(_) => peer = Peer::IsNotUnderstood,
                }
            }
        }
    })
    .await;
}
