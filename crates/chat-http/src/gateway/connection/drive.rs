//! The life of a connection, whatever carries it: it listens, and runs one command after the other.

use super::session::{Heard, Session};
use bytes::Bytes;
use chat_protocol::realtime::CloseCode;
use chat_realtime::{Connection, Life, frames};
use chat_socketio::websocket::yield_to_others;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// How many frames of one connection are heard in succession before the other tasks of its thread have their turn.
const FRAMES_AT_A_TIME: u32 = 32;

/// What a client said, or that it says no more.
pub(super) enum Said {
    /// A command, or what was meant to be one.
    Frame(Heard),
    /// To be answered with the same payload.
    Ping(Bytes),
    /// A sign of life.
    Pong,
    /// Goodbye, with its code where there was one.
    Close(Option<u16>),
    /// Goodbye to this connection, while what carries it goes on.
    Left,
    /// What breaks the protocol.
    Breach(CloseCode),
    /// More frames that no limit counts than a connection may send.
    Flood,
    /// It is gone without a word.
    Ended,
}

/// Where a connection hears its client.
pub(super) trait Inlet {
    /// The next that it says; asked only while no command of its is under way.
    fn poll_next(&mut self, session: &mut Session, context: &mut Context<'_>) -> Poll<Said>;
}

/// How talking with a client came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parting {
    /// This side has closed.
    Closed,
    /// The client has said goodbye.
    Goodbye,
    /// The client has left what carries the connection alone.
    Left,
    /// What the client sends cannot be understood any more, or is not listened to.
    NotUnderstood,
    /// The client is gone without a word.
    Ended,
}

/// What a connection's task turns to next.
enum Next {
    Said(Said),
    /// The announced `resume` frame did not come.
    ResumeDue,
    /// The server drains, and nothing is under way.
    Leave,
    /// This side has closed.
    Closed,
}

/// Runs what the client asks for, one thing after the other, until there will be nothing more.
pub(super) async fn converse(session: &mut Session, inlet: &mut impl Inlet) -> Parting {
    let connection = Rc::clone(&session.connection);
    let mut heard_at_a_time = 0;
    loop {
        match next(session, inlet, &mut heard_at_a_time).await {
            Next::Said(Said::Frame(heard)) => {
                busy(&connection, Box::pin(session.hear(heard))).await;
                if session.is_flooding() {
                    return Parting::NotUnderstood;
                }
            }
            Next::Said(Said::Ping(payload)) => connection.push(frames::pong(&payload)),
            Next::Said(Said::Pong) => {}
            Next::Said(Said::Close(code)) => {
                connection.close_in_turn(code);
                return Parting::Goodbye;
            }
            Next::Said(Said::Left) => {
                connection.abandon();
                return Parting::Left;
            }
            Next::Said(Said::Breach(code)) => {
                connection.close(code);
                return Parting::NotUnderstood;
            }
            Next::Said(Said::Flood) => {
                session.close_for_flooding();
                return Parting::NotUnderstood;
            }
            Next::Said(Said::Ended) => {
                connection.abandon();
                return Parting::Ended;
            }
            Next::ResumeDue => busy(&connection, Box::pin(session.stop_waiting())).await,
            Next::Leave => {
                let pause = session.realtime.hub.retry_after(&connection).as_millis();
                connection.close_with(CloseCode::Restarting, &format!("{{\"retryAfterMs\":{pause}}}"));
                return Parting::Closed;
            }
            Next::Closed => return Parting::Closed,
        }
    }
}

/// Runs a command while the connection goes on writing. Given up when the connection is: use cases that write run
/// elsewhere, to their end.
pub(super) async fn busy(connection: &Connection, mut command: Pin<Box<impl Future<Output = ()>>>) {
    connection.set_reading(false);
    poll_fn(|context| {
        connection.poll_write(context);
        loop {
            if connection.life() != Life::Open {
                return Poll::Ready(());
            }
            let done = command.as_mut().poll(context);
            // What was answered before goes out while this waits, and may be what it waits for.
            if done.is_ready() || !connection.release() {
                return done;
            }
        }
    })
    .await;
    connection.set_reading(true);
}

/// What comes next. Answers to frames that came together are held back until there are no more of them, and go out in
/// one write.
async fn next(session: &mut Session, inlet: &mut impl Inlet, heard_at_a_time: &mut u32) -> Next {
    let connection = Rc::clone(&session.connection);
    let next = poll_fn(|context: &mut Context<'_>| {
        let next = poll_unheld(session, inlet, heard_at_a_time, context);
        if next.is_pending() {
            *heard_at_a_time = 0;
            connection.release();
        }
        next
    });
    next.await
}

fn poll_unheld(
    session: &mut Session,
    inlet: &mut impl Inlet,
    heard_at_a_time: &mut u32,
    context: &mut Context<'_>,
) -> Poll<Next> {
    let connection = Rc::clone(&session.connection);
    connection.poll_write(context);
    if connection.life() != Life::Open {
        return Poll::Ready(Next::Closed);
    }
    if connection.is_to_leave() {
        return Poll::Ready(Next::Leave);
    }
    if session.is_waiting() && connection.is_resume_due() {
        return Poll::Ready(Next::ResumeDue);
    }
    if *heard_at_a_time >= FRAMES_AT_A_TIME {
        yield_to_others(context);
        return Poll::Pending;
    }
    *heard_at_a_time += 1;
    connection.hold();
    inlet.poll_next(session, context).map(Next::Said)
}
