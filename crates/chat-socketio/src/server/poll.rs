//! Long polling: plain requests, inside any actix `App`.

use super::query::Asked;
use super::worker::Job;
use super::{Server, Worker, cors};
use crate::engine::{Fault, Refusal, Sid, open_packet};
use crate::session::{PollId, PostId, Session};
use crate::wire::{Allowance, Breach};
use actix_http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use actix_http::{Method, RequestHead};
use actix_web::dev::AppService;
use actix_web::web::{self, Payload};
use actix_web::{HttpRequest, HttpResponse, Resource};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::sync::oneshot;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=UTF-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Server {
    /// The service that answers polling clients at `path`, with and without a trailing slash. WebSocket upgrades take
    /// another way: see [`Server::upgrade`].
    pub fn polling(&self, path: &str) -> Polling {
        Polling { server: self.clone(), path: path.trim_end_matches('/').to_owned() }
    }

    /// Answers one request of a polling client, for callers with their own routing.
    pub async fn answer(&self, request: &HttpRequest, payload: Payload) -> HttpResponse {
        let head = request.head();
        if !self.shared.application.allows_origin(head) {
            return refuse(&Fault::Forbidden(Refusal::forbidden()));
        }
        let mut response = if head.method == Method::OPTIONS {
            cors::preflight(head).finish()
        } else {
            match self.answer_to(head, payload).await {
                Ok(bytes) => HttpResponse::Ok().insert_header((CONTENT_TYPE, TEXT)).insert_header(NO_STORE).body(bytes),
                Err(fault) => refuse(&fault),
            }
        };
        cors::allow(head, response.headers_mut());
        response
    }

    /// Refuses a polling client before its request is processed, for callers that must wait before they can decide.
    pub fn refuse(&self, request: &HttpRequest, refusal: Refusal) -> HttpResponse {
        let head = request.head();
        if !self.shared.application.allows_origin(head) {
            return refuse(&Fault::Forbidden(Refusal::forbidden()));
        }
        let mut response = refuse(&Fault::Forbidden(refusal));
        cors::allow(head, response.headers_mut());
        response
    }

    async fn answer_to(&self, head: &RequestHead, payload: Payload) -> Result<Bytes, Fault> {
        let asked = Asked::read(head)?;
        if asked.sid.is_none() && head.method != Method::GET {
            return Err(Fault::BadHandshakeMethod);
        }
        if asked.is_websocket {
            return Err(Fault::BadRequest);
        }
        match (asked.sid, &head.method) {
            (None, _) => {
                asked.check_version()?;
                self.open(head)
            }
            (Some(sid), &Method::GET) => self.poll(sid).await,
            (Some(sid), &Method::POST) => self.post(sid, head, payload).await,
            (Some(_), _) => Err(Fault::BadRequest),
        }
    }

    fn open(&self, head: &RequestHead) -> Result<Bytes, Fault> {
        let (place, opening) = self.admit(head, false)?;
        let (worker, settings) = (Worker::of_this_thread(&self.shared), &self.shared.settings);
        let sid = worker.open(opening, |sid, worker| Session::polling(sid, settings, worker, place));
        Ok(open_packet(sid, settings, true).into())
    }

    async fn poll(&self, sid: Sid) -> Result<Bytes, Fault> {
        let (reply, answer) = oneshot::channel();
        let mut given_up = GivenUp { server: self, sid, id: rand::random(), is_answered: false };
        self.take_home(sid, Job::Poll { sid, id: given_up.id, reply });
        let answer = answer.await;
        given_up.is_answered = true;
        answer.map_err(|_| Fault::UnknownSid)?
    }

    async fn post(&self, sid: Sid, head: &RequestHead, payload: Payload) -> Result<Bytes, Fault> {
        let (leave, answer) = oneshot::channel();
        let id = rand::random();
        self.take_home(sid, Job::ExpectPost { sid, id, leave });
        let is_strangers = answer.await.map_err(|_| Fault::UnknownSid)??;
        let mut expected = Expected { server: self, sid, id, has_come: false };
        let read = tokio::time::timeout(self.shared.settings.payload_timeout, self.read(head, payload, is_strangers));
        let body = read.await.map_err(|_| Fault::BadRequest)??;
        let (reply, answer) = oneshot::channel();
        expected.has_come = true;
        self.take_home(sid, Job::Post { sid, id, body, reply });
        answer.await.map_err(|_| Fault::UnknownSid)?
    }

    async fn read(&self, head: &RequestHead, mut payload: Payload, is_strangers: bool) -> Result<Bytes, Fault> {
        let most = self.shared.settings.max_payload;
        let mut allowance = Allowance::new();
        let mut check = |bytes: u64| match () {
            () if bytes > most as u64 => Err(Fault::TooLarge),
            () if is_strangers => allowance.most_bytes(bytes, most).map(drop).map_err(fault_of),
            () => Ok(()),
        };
        let announced = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        check(announced.unwrap_or_default())?;
        let mut body = BytesMut::new();
        while let Some(bytes) = payload.next().await {
            let bytes = bytes.map_err(|_| Fault::BadRequest)?;
            check((body.len() + bytes.len()) as u64)?;
            body.extend_from_slice(&bytes);
        }
        Ok(body.freeze())
    }
}

const fn fault_of(breach: Breach) -> Fault {
    if matches!(breach, Breach::NoRoom) { Fault::NoRoom } else { Fault::TooLarge }
}

const NO_STORE: (actix_http::header::HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));

fn refuse(fault: &Fault) -> HttpResponse {
    HttpResponse::build(fault.status()).insert_header((CONTENT_TYPE, JSON)).insert_header(NO_STORE).body(fault.body())
}

/// Tells the session's home thread when a poll is dropped without an answer: the client has closed the connection.
struct GivenUp<'server> {
    server: &'server Server,
    sid: Sid,
    id: PollId,
    is_answered: bool,
}

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.server.take_home(self.sid, Job::GiveUp { sid: self.sid, id: self.id });
        }
    }
}

/// Tells the session's home thread when the payload of a POST does not arrive.
struct Expected<'server> {
    server: &'server Server,
    sid: Sid,
    id: PostId,
    has_come: bool,
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        if !self.has_come {
            self.server.take_home(self.sid, Job::ForgetPost { sid: self.sid, id: self.id });
        }
    }
}

/// The service of [`Server::polling`].
#[derive(Debug)]
pub struct Polling {
    server: Server,
    path: String,
}

impl actix_web::dev::HttpServiceFactory for Polling {
    fn register(self, config: &mut AppService) {
        let server = self.server;
        let paths = [self.path.clone(), format!("{}/", self.path)];
        Resource::new(paths)
            .to(move |request: HttpRequest, payload: web::Payload| {
                let server = server.clone();
                async move { server.answer(&request, payload).await }
            })
            .register(config);
    }
}
