//! WebSockets: requests that leave HTTP with their TCP stream.

use super::query::Asked;
use super::worker::Job;
use super::{Server, Worker, answers};
use crate::engine::{Fault, Refusal, Sid, open_packet};
use crate::session::Session;
use crate::wire::{Wire, frames, verify_handshake};
use actix_http::header::HeaderMap;
use actix_http::{Method, RequestHead, StatusCode};
use bytes::{Bytes, BytesMut};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// What an upgrade request takes with it when it leaves HTTP.
#[derive(Debug)]
pub struct Upgrade {
    /// The connection.
    pub stream: TcpStream,
    /// Bytes already read from it, possibly with the client's first frame.
    pub read: BytesMut,
    /// Responses to earlier requests on this connection, not written yet.
    pub unwritten: Bytes,
    /// The caller's own headers for the response, such as a request id.
    pub headers: HeaderMap,
    /// Notified when the WebSocket has taken over a polling session. Dropped if the WebSocket is refused, fails, or
    /// opens a session of its own.
    pub taken_over: Option<oneshot::Sender<()>>,
}

/// A WebSocket that is about to take over a session.
pub(super) struct Candidate {
    pub(super) stream: std::net::TcpStream,
    pub(super) read: BytesMut,
    pub(super) unwritten: Bytes,
    pub(super) switching: Vec<u8>,
    pub(super) headers: HeaderMap,
    pub(super) taken_over: Option<oneshot::Sender<()>>,
}

impl Server {
    /// Handles a WebSocket request, on the thread that received it. Returns when the socket has its own task, with the
    /// response's status for the log; if the session lives on another thread, 101 means that the socket was passed
    /// there.
    #[allow(clippy::unused_async)] // Async for callers with their own routing, so that it may wait in future.
    pub async fn upgrade(&self, head: &RequestHead, upgrade: Upgrade) -> StatusCode {
        match self.judge(head) {
            Ok(None) => self.open_websocket(head, upgrade),
            Ok(Some(sid)) => self.hand_over(sid, head, upgrade),
            Err(fault) => refuse(&fault, upgrade),
        }
    }

    /// Refuses a WebSocket before its request is processed, for callers that must wait before they can decide.
    pub fn refuse_upgrade(upgrade: Upgrade, refusal: Refusal) -> StatusCode {
        refuse(&Fault::Forbidden(refusal), upgrade)
    }

    /// Whether the request opens a session, rather than using an existing one.
    pub fn asks_for_session(head: &RequestHead) -> bool {
        head.method == Method::GET && Asked::read(head).is_ok_and(|asked| asked.sid.is_none())
    }

    fn judge(&self, head: &RequestHead) -> Result<Option<Sid>, Fault> {
        if !self.shared.application.allows_origin(head) {
            return Err(Fault::Forbidden(Refusal::forbidden()));
        }
        let asked = Asked::read(head)?;
        if verify_handshake(head).is_err() || !asked.is_websocket {
            return Err(Fault::BadRequest);
        }
        if asked.sid.is_none() {
            asked.check_version()?;
        }
        Ok(asked.sid)
    }

    fn open_websocket(&self, head: &RequestHead, upgrade: Upgrade) -> StatusCode {
        let (place, opening) = match self.admit(head, true) {
            Ok(admitted) => admitted,
            Err(fault) => return refuse(&fault, upgrade),
        };
        let (worker, settings) = (Worker::of_this_thread(&self.shared), &self.shared.settings);
        worker.open(opening, |sid, worker| {
            let open = frames::text(&open_packet(sid, settings, false));
            let switching = answers::switching(head, &upgrade.headers);
            let first = [&upgrade.unwritten[..], &switching, &open].concat().into();
            Session::socket(sid, settings, worker, place, Wire::new(upgrade.stream, upgrade.read), first)
        });
        StatusCode::SWITCHING_PROTOCOLS
    }

    fn hand_over(&self, sid: Sid, head: &RequestHead, upgrade: Upgrade) -> StatusCode {
        let switching = answers::switching(head, &upgrade.headers);
        let Upgrade { stream, read, unwritten, headers, taken_over } = upgrade;
        // A socket that cannot leave its thread is unusable, which is the same as lost.
        let Ok(stream) = stream.into_std() else { return StatusCode::INTERNAL_SERVER_ERROR };
        let candidate = Candidate { stream, read, unwritten, switching, headers, taken_over };
        self.take_home(sid, Job::Upgrade { sid, candidate });
        StatusCode::SWITCHING_PROTOCOLS
    }
}

fn refuse(fault: &Fault, upgrade: Upgrade) -> StatusCode {
    let answer = answers::refusal(fault, &upgrade.headers);
    actix_rt::spawn(answers::say_and_close(upgrade.stream, upgrade.unwritten, answer));
    fault.status()
}
