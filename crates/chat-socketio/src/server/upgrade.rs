//! Websockets: requests that leave HTTP with their TCP stream.

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

/// What a request to upgrade leaves HTTP with.
#[derive(Debug)]
pub struct Upgrade {
    /// The connection.
    pub stream: TcpStream,
    /// What has been read of it already: a client's first frame may be in it.
    pub read: BytesMut,
    /// Answers to earlier requests on this connection that have not been written yet.
    pub unwritten: Bytes,
    /// The caller's own headers for the answer, such as a request's id.
    pub headers: HeaderMap,
    /// Sent to when the websocket has taken over a session that polled. Dropped where it is refused, fails, or opens
    /// a session of its own.
    pub taken_over: Option<oneshot::Sender<()>>,
}

/// A websocket on its way to the session that it is to take over.
pub(super) struct Candidate {
    pub(super) stream: std::net::TcpStream,
    pub(super) read: BytesMut,
    pub(super) unwritten: Bytes,
    pub(super) switching: Vec<u8>,
    pub(super) headers: HeaderMap,
    pub(super) taken_over: Option<oneshot::Sender<()>>,
}

impl Server {
    /// Takes over a connection whose client asks for a websocket, on the thread that it came in on. Returns as soon as
    /// the socket has a task of its own, with the status that was answered, for the log; where the session lives on
    /// another thread, 101 means that it has been handed over.
    #[allow(clippy::unused_async)] // A promise for callers who route by themselves: whatever comes may take time.
    pub async fn upgrade(&self, head: &RequestHead, upgrade: Upgrade) -> StatusCode {
        match self.judge(head) {
            Ok(None) => self.open_websocket(head, upgrade),
            Ok(Some(sid)) => self.hand_over(sid, head, upgrade),
            Err(fault) => refuse(&fault, upgrade),
        }
    }

    /// Refuses a websocket before it is looked at further: for a caller that has to wait for what its refusal depends
    /// on.
    pub fn refuse_upgrade(upgrade: Upgrade, refusal: Refusal) -> StatusCode {
        refuse(&Fault::Forbidden(refusal), upgrade)
    }

    /// Whether the request asks for a session of its own, rather than for something of one that there is.
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
        // A socket that cannot leave its thread is of no use, and as good as lost.
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
