use super::reader::{Incoming, MAX_MESSAGE_BYTES, Reader};
use super::session::Session;
use super::{Greeting, Realtime, Source};
use bytes::{Bytes, BytesMut};
use chat_protocol::realtime::CloseCode;
use chat_realtime::{Connection, Counted, Life, frames};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// What a connection's task turns to next.
enum Next {
    Incoming(Incoming),
    /// The client broke the protocol.
    Breach(CloseCode),
    /// The announced `resume` frame did not come.
    ResumeDue,
    /// The server drains, and nothing is under way.
    Leave,
    /// This side has closed.
    Closed,
    /// The other side is gone without a word.
    Ended,
}

/// The life of one connection. `answer` is what a client waits for before it takes anything else for a frame; `bytes` is what came along with
/// its request.
pub(crate) async fn drive(
    realtime: Rc<Realtime>,
    connection: Rc<Connection>,
    counted: Counted,
    greeting: Greeting,
    answer: Option<Bytes>,
    mut source: Source,
    bytes: BytesMut,
) {
    let mut reader = Reader::new(bytes);
    let mut session = Session::new(Rc::clone(&realtime), Rc::clone(&connection));
    busy(&connection, Box::pin(session.begin(greeting, answer))).await;
    let mut peer = Peer::MayAnswer;
    loop {
        match next(&realtime, &connection, &mut source, &mut reader, &mut session).await {
            Next::Incoming(Incoming::Text(text)) => busy(&connection, Box::pin(session.hear(text))).await,
            Next::Incoming(Incoming::Ping(payload)) => {
                connection.push(frames::pong(&payload));
                connection.flush();
            }
            Next::Incoming(Incoming::Pong) => {}
            Next::Incoming(Incoming::Close(code)) => {
                connection.close_in_turn(code);
                peer = Peer::IsDone;
                break;
            }
            Next::Breach(code) => {
                connection.close(code);
                peer = Peer::IsNotUnderstood;
                break;
            }
            Next::ResumeDue => busy(&connection, Box::pin(session.stop_waiting())).await,
            Next::Leave => {
                let pause = realtime.hub.retry_after(&connection).as_millis();
                connection.close_with(CloseCode::Restarting, &format!("{{\"retryAfterMs\":{pause}}}"));
                break;
            }
            Next::Closed => break,
            Next::Ended => {
                connection.abandon();
                break;
            }
        }
    }
    // Others learn of it now, not when the socket is finally let go of.
    drop(session);
    linger(&realtime, &connection, &mut source, reader, peer).await;
    connection.abandon();
    drop(counted);
}

/// Runs a command while the connection goes on writing. Given up when the connection is: use cases that write run elsewhere,
/// to their end.
async fn busy(connection: &Connection, mut command: Pin<Box<impl Future<Output = ()>>>) {
    connection.set_reading(false);
    poll_fn(|context| {
        connection.poll_write(context);
        if connection.life() != Life::Open {
            return Poll::Ready(());
        }
        command.as_mut().poll(context)
    })
    .await;
    connection.set_reading(true);
}

async fn next(
    realtime: &Realtime,
    connection: &Connection,
    source: &mut Source,
    reader: &mut Reader,
    session: &mut Session,
) -> Next {
    poll_fn(|context: &mut Context<'_>| {
        connection.poll_write(context);
        loop {
            if connection.life() != Life::Open {
                return Poll::Ready(Next::Closed);
            }
            if connection.is_to_leave() {
                return Poll::Ready(Next::Leave);
            }
            if session.is_waiting() && connection.is_resume_due() {
                return Poll::Ready(Next::ResumeDue);
            }
            let next = session.most_bytes(reader.announced()).and_then(|most| reader.next(most));
            match next {
                Ok(Some(incoming)) => return Poll::Ready(Next::Incoming(incoming)),
                Ok(None) => {}
                Err(code) => return Poll::Ready(Next::Breach(code)),
            }
            match source.poll_read(connection, context, |bytes| reader.feed(bytes)) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(true) => realtime.hub.heard(connection),
                Poll::Ready(false) => return Poll::Ready(Next::Ended),
            }
        }
    })
    .await
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
async fn linger(
    realtime: &Realtime,
    connection: &Rc<Connection>,
    source: &mut Source,
    mut reader: Reader,
    mut peer: Peer,
) {
    realtime.hub.linger(connection);
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
