//! The loop of a connection, independent of its transport: it receives frames, and runs one command after the other.
//! Only consecutive sends do not wait for each other; every other frame waits until they are answered.

use super::client::{Client, Heard};
use super::sends::Sends;
use bytes::Bytes;
use chat_protocol::realtime::CloseCode;
use chat_realtime::{Connection, Life, frames};
use chat_socketio::websocket::yield_to_others;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

/// How many frames of one connection are handled in a row before the other tasks of its thread have their turn.
const FRAMES_AT_A_TIME: u32 = 32;

/// A message from a client, or its end.
pub(super) enum Said {
    /// A command, or an invalid frame, and its size in bytes.
    Frame(Heard, usize),
    /// A ping, to be answered with the same payload.
    Ping(Bytes),
    /// A pong, or another sign that the client is alive.
    Pong,
    /// The client closed the connection, with its code if there was one.
    Close(Option<u16>),
    /// The client left this connection, but its transport continues.
    Left,
    /// A violation of the protocol.
    Breach(CloseCode),
    /// The frame budget is exceeded: too many frames that no rate limit counts.
    Flood,
    /// The connection is lost.
    Ended,
}

/// The receiving side of a connection.
pub(super) trait Inlet {
    /// Returns the next message. It is called only while no command of the client but sends is running.
    fn poll_next(&mut self, client: &mut Client, context: &mut Context<'_>) -> Poll<Said>;
}

/// How the loop of a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parting {
    /// The server closed the connection.
    Closed,
    /// The client closed the connection.
    Goodbye,
    /// The client left this connection, but its transport continues.
    Left,
    /// The client's data can no longer be parsed, or is no longer read.
    NotUnderstood,
    /// The connection was lost.
    Ended,
}

/// The next step of a connection's task.
enum Next {
    Said(Said),
    /// The announced `resume` frame did not arrive in time.
    ResumeDue,
    /// The server is draining, and no command is running.
    Leave,
    /// The server closed the connection.
    Closed,
}

/// Runs the client's commands one after the other, until the connection ends.
pub(super) async fn converse(client: &mut Client, inlet: &mut impl Inlet) -> Parting {
    let connection = Rc::clone(&client.connection);
    let (mut sends, mut heard_at_a_time) = (Sends::new(), 0);
    loop {
        let next = next(client, inlet, &mut sends, &mut heard_at_a_time).await;
        if let Next::Said(Said::Frame(heard, bytes)) = next {
            Box::pin(hear(client, &mut sends, heard, bytes)).await;
            if client.is_flooding() {
                return Parting::NotUnderstood;
            }
            continue;
        }
        if !answered(client, &mut sends).await {
            return Parting::Closed;
        }
        match next {
            Next::Said(Said::Frame(..) | Said::Pong) => {}
            Next::Said(Said::Ping(payload)) => connection.push(frames::pong(&payload)),
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
                client.close_for_flooding();
                return Parting::NotUnderstood;
            }
            Next::Said(Said::Ended) => {
                connection.abandon();
                return Parting::Ended;
            }
            Next::ResumeDue => busy(&connection, Box::pin(client.stop_waiting())).await,
            Next::Leave => {
                let pause = client.realtime.hub.retry_after(&connection).as_millis();
                connection.close_with(CloseCode::Restarting, &format!("{{\"retryAfterMs\":{pause}}}"));
                return Parting::Closed;
            }
            Next::Closed => return Parting::Closed,
        }
    }
}

/// Handles a frame: counts it, then begins a send, or runs another command to its end.
async fn hear(client: &mut Client, sends: &mut Sends, heard: Heard, bytes: usize) {
    let mut count = pin!(client.count(&heard));
    let Some(counted) = meanwhile(client, sends, |_, context| count.as_mut().poll(context)).await else { return };
    let heard = match (counted, heard) {
        (Ok(()), Ok((id, command))) => match client.overlapping(id, command) {
            Ok(send) => {
                let fits = |sends: &Sends| if sends.fits(bytes) { Poll::Ready(()) } else { Poll::Pending };
                if meanwhile(client, sends, |sends, _| fits(sends)).await.is_some() {
                    sends.begin(client, send, bytes);
                }
                return;
            }
            Err(alone) => Ok(alone),
        },
        (Ok(()), Err(fault)) => Err(fault),
        (Err(error), heard) => {
            if answered(client, sends).await {
                let id = heard.map_or_else(|(id, _)| id, |(id, _)| id);
                client.refuse_as_too_fast(id.as_deref(), &error);
            }
            return;
        }
    };
    if answered(client, sends).await {
        let connection = Rc::clone(&client.connection);
        busy(&connection, Box::pin(client.hear(heard))).await;
    }
}

/// Waits until all sends are answered. Returns `false` if the connection ended first.
async fn answered(client: &mut Client, sends: &mut Sends) -> bool {
    let all = |sends: &Sends| if sends.is_empty() { Poll::Ready(()) } else { Poll::Pending };
    meanwhile(client, sends, |sends, _| all(sends)).await.is_some()
}

/// Answers the sends under way, and writes, until `done`. Nothing is read meanwhile. Returns `None` if the connection
/// ended first.
async fn meanwhile<T>(
    client: &mut Client,
    sends: &mut Sends,
    mut done: impl FnMut(&Sends, &mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    let connection = Rc::clone(&client.connection);
    connection.set_reading(false);
    let result = poll_fn(|context| {
        connection.poll_write(context);
        sends.answer(client, context);
        if connection.life() != Life::Open {
            return Poll::Ready(None);
        }
        let done = done(sends, context);
        if done.is_pending() {
            // The client may be waiting for earlier answers.
            connection.release();
        }
        done.map(Some)
    })
    .await;
    connection.set_reading(true);
    result
}

/// Runs a command while the connection continues to write. The command is cancelled when the connection ends; use cases
/// that write run elsewhere, to their end.
pub(super) async fn busy(connection: &Connection, mut command: Pin<Box<impl Future<Output = ()>>>) {
    connection.set_reading(false);
    poll_fn(|context| {
        connection.poll_write(context);
        loop {
            if connection.life() != Life::Open {
                return Poll::Ready(());
            }
            let done = command.as_mut().poll(context);
            // Earlier answers are sent while this waits, since the client may be waiting for them.
            if done.is_ready() || !connection.release() {
                return done;
            }
        }
    })
    .await;
    connection.set_reading(true);
}

/// Returns the next step. Answers to several received frames are held back until all are handled, and sent in one
/// write.
async fn next(client: &mut Client, inlet: &mut impl Inlet, sends: &mut Sends, heard_at_a_time: &mut u32) -> Next {
    let connection = Rc::clone(&client.connection);
    let next = poll_fn(|context: &mut Context<'_>| {
        let next = poll_unheld(client, inlet, sends, heard_at_a_time, context);
        if next.is_pending() {
            *heard_at_a_time = 0;
            connection.release();
        }
        next
    });
    next.await
}

fn poll_unheld(
    client: &mut Client,
    inlet: &mut impl Inlet,
    sends: &mut Sends,
    heard_at_a_time: &mut u32,
    context: &mut Context<'_>,
) -> Poll<Next> {
    let connection = Rc::clone(&client.connection);
    connection.poll_write(context);
    sends.answer(client, context);
    if connection.life() != Life::Open {
        return Poll::Ready(Next::Closed);
    }
    if connection.is_to_leave() && sends.is_empty() {
        return Poll::Ready(Next::Leave);
    }
    if client.is_waiting() && connection.is_resume_due() {
        return Poll::Ready(Next::ResumeDue);
    }
    let reads = sends.has_room() && !connection.is_to_leave();
    connection.set_reading(reads);
    if !reads {
        return Poll::Pending;
    }
    if *heard_at_a_time >= FRAMES_AT_A_TIME {
        yield_to_others(context);
        return Poll::Pending;
    }
    *heard_at_a_time += 1;
    connection.hold();
    inlet.poll_next(client, context).map(Next::Said)
}
