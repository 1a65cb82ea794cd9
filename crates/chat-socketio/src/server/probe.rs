//! A WebSocket that is to take over a polling session. The session stays on polling until frames have passed both ways:
//! some proxies answer the upgrade and then drop every frame.

use super::answers;
use super::upgrade::Candidate;
use crate::engine::Fault;
use crate::session::Session;
use crate::wire::{Incoming, Wire, frames};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Interval, interval, timeout};

/// How often pending polls are answered before a probed WebSocket takes over: the client waits for its current poll to
/// end.
const RELEASE_INTERVAL: Duration = Duration::from_millis(100);

/// The longest message of a WebSocket before it has taken over, in bytes: `2probe`, `5`, and what a browser may add.
const PROBE_BYTES: usize = 125;

/// Answers the upgrade and runs the probe.
pub(super) async fn judge(session: Option<Rc<Session>>, candidate: Candidate) {
    let Ok(stream) = TcpStream::from_std(candidate.stream) else { return };
    let Some(session) = session else {
        let answer = answers::refusal(&Fault::UnknownSid, &candidate.headers);
        return answers::say_and_close(stream, candidate.unwritten, answer).await;
    };
    let first = [&candidate.unwritten[..], &candidate.switching].concat();
    let mut wire = Wire::new(stream, candidate.read);
    if !session.begin_upgrade() {
        // The refusal is sent in frames: an HTTP error would fail a client that already has a WebSocket.
        let first = [&first[..], &frames::close(Some(1000))].concat();
        let _ = timeout(session.settings().upgrade_timeout, dismiss(wire, &first)).await;
        return;
    }
    let limit = session.settings().upgrade_timeout;
    if let Ok(Ok(())) = timeout(limit, probe(&session, &mut wire, &first)).await {
        if let Some(wire) = session.adopt(wire) {
            let _ = timeout(limit, dismiss(wire, &frames::close(Some(1000)))).await;
        } else if let Some(taken_over) = candidate.taken_over {
            let _ = taken_over.send(());
        }
    } else {
        session.abandon_upgrade();
        drop(session);
        let _ = timeout(limit, dismiss(wire, &frames::close(Some(1000)))).await;
    }
}

/// Returns when the client has switched to the WebSocket.
async fn probe(session: &Session, wire: &mut Wire, first: &[u8]) -> io::Result<()> {
    wire.stream().write_all(first).await?;
    let mut release = interval(RELEASE_INTERVAL);
    let mut is_probed = false;
    loop {
        let Some(incoming) = next(session, wire, &mut release, is_probed).await? else { continue };
        if !session.charge(1) {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        match incoming {
            Incoming::Text(text) if text == "2probe" => {
                wire.stream().write_all(&frames::text("3probe")).await?;
                session.release_poll();
                release.reset();
                is_probed = true;
            }
            // Only the packet type counts: the protocol's own server reads no data here.
            Incoming::Text(text) if text.starts_with('5') && is_probed => return Ok(()),
            Incoming::Text(text) if text.starts_with('6') => {}
            Incoming::Ping(payload) => wire.stream().write_all(&frames::pong(&payload)).await?,
            Incoming::Pong | Incoming::Fragment(_) => {}
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// The next message of the WebSocket; `None` when it is time to answer a pending poll.
async fn next(
    session: &Session,
    wire: &mut Wire,
    release: &mut Interval,
    is_probed: bool,
) -> io::Result<Option<Incoming>> {
    tokio::select! {
        biased;
        incoming = poll_fn(|context| wire.poll_next(|_| Ok(PROBE_BYTES), context)) => match incoming? {
            Ok(incoming) => Ok(Some(incoming)),
            Err(_) => Err(io::ErrorKind::InvalidData.into()),
        },
        _ = release.tick() => {
            if session.ending().is_some() {
                return Err(io::ErrorKind::NotConnected.into());
            }
            if is_probed {
                session.release_poll();
            }
            Ok(None)
        }
    }
}

async fn dismiss(mut wire: Wire, last: &[u8]) -> io::Result<()> {
    wire.stream().write_all(last).await?;
    wire.hang_up();
    poll_fn(|context| wire.poll_ignored(context)).await;
    Ok(())
}
