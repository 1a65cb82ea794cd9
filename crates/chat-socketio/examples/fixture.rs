//! The server that the protocols' conformance suites expect: `cargo run --example fixture -- 3000`.
//!
//! Engine.IO at `/engine.io/` echoes every message. Socket.IO at `/socket.io/` has the namespaces `/` and `/custom`: on
//! connection it sends the event `auth` with the client's credentials, it answers `message` with `message-back`, and it
//! acknowledges `message-with-ack` with its arguments.

use actix_codec::Framed;
use actix_http::header::HeaderMap;
use actix_http::{HttpService, Request, RequestHead, h1};
use actix_server::Server as Workers;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use bytes::Bytes;
use chat_socketio::{
    Application, Event, Handshake, Incoming, MAX_PAYLOAD, Message, Opening, Peer, Queue, Refusal, Server, Session,
    Settings, Upgrade, packets,
};
use std::cell::RefCell;
use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;

/// How many bytes may wait for one client.
const QUEUE_BYTES: usize = 4 * MAX_PAYLOAD;

const NAMESPACES: [&str; 2] = ["/", "/custom"];

/// The close code of a client that reads too slowly (RFC 6455 §7.4.1: policy violation).
const TOO_SLOW: u16 = 1008;

/// Echoes every message.
struct Echo;

impl Application for Echo {
    fn allows_origin(&self, _: &RequestHead) -> bool {
        true
    }

    fn admit(&self, _: Handshake<'_>) -> Result<Opening, Refusal> {
        Ok(Box::new(|session| drop(actix_rt::spawn(echo(session)))))
    }
}

async fn echo(session: Rc<Session>) {
    session.establish();
    let queue = RefCell::new(Queue::new(QUEUE_BYTES));
    while let Some(message) = session.next(&queue).await {
        let frame = match message {
            Message::Text(text) => packets::text(&text),
            Message::Binary(bytes) => packets::binary(&bytes),
        };
        if !queue.borrow_mut().push(frame) {
            break;
        }
    }
    session.finish(&mut queue.into_inner(), TOO_SLOW).await;
}

/// Two namespaces that answer.
struct Namespaces;

impl Application for Namespaces {
    fn allows_origin(&self, _: &RequestHead) -> bool {
        true
    }

    fn admit(&self, _: Handshake<'_>) -> Result<Opening, Refusal> {
        Ok(Box::new(|session| drop(actix_rt::spawn(answer(Peer::new(session))))))
    }
}

async fn answer(mut peer: Peer) {
    let queue = RefCell::new(Queue::new(QUEUE_BYTES));
    while let Some(incoming) = peer.next(&queue).await {
        let frames = match incoming {
            Incoming::Connect { namespace, auth } if NAMESPACES.contains(&namespace.as_str()) => {
                peer.accept(&namespace);
                let auth = auth.as_ref().map_or("{}", |auth| auth.get());
                vec![packets::event_with(&namespace, "auth", auth)]
            }
            Incoming::Connect { namespace, .. } => {
                peer.refuse(&namespace, "Invalid namespace", None);
                Vec::new()
            }
            Incoming::Event { namespace, event } => respond(&namespace, &event),
            Incoming::Ack { .. } | Incoming::Disconnect { .. } => Vec::new(),
        };
        if !frames.into_iter().all(|frame| queue.borrow_mut().push(frame)) {
            break;
        }
    }
    peer.session().finish(&mut queue.into_inner(), TOO_SLOW).await;
}

fn respond(namespace: &str, event: &Event) -> Vec<Bytes> {
    let arguments: Vec<&str> = event.arguments.iter().map(|argument| argument.get()).collect();
    match (event.name.as_str(), event.id) {
        ("message", _) => packets::event(namespace, None, "message-back", &arguments, &event.attachments),
        ("message-with-ack", Some(id)) => packets::ack(namespace, id, &arguments, &event.attachments),
        _ => Vec::new(),
    }
}

async fn upgrade(
    gateways: [(&'static str, Server); 2],
    request: Request,
    framed: Framed<TcpStream, h1::Codec>,
) -> Result<(), actix_http::Error> {
    let head = request.head();
    let parts = framed.into_parts();
    let upgrade = Upgrade {
        stream: parts.io,
        read: parts.read_buf,
        unwritten: parts.write_buf.freeze(),
        taken_over: None,
        headers: HeaderMap::new(),
    };
    if let Some((_, gateway)) = gateways.iter().find(|(path, _)| head.uri.path().starts_with(path)) {
        gateway.upgrade(head, upgrade).await;
    }
    Ok(())
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(3000);
    let hurried = Settings {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        connect_timeout: Duration::from_secs(1),
        ..Settings::default()
    };
    // With many clients on the same machine, the suites' timers are too short: `-- 3000 calm` uses the usual ones.
    let is_calm = std::env::args().nth(2).is_some_and(|word| word == "calm");
    let engine = Server::new(if is_calm { Settings::default() } else { hurried }, Echo);
    let socket = engine.beside(Namespaces);
    let gateways = [("/engine.io", engine), ("/socket.io", socket)];
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    Workers::build()
        // The suites measure milliseconds, and only a single thread keeps that order.
        .workers(1)
        .listen("fixture", listener, move || {
            let gateways = gateways.clone();
            let upgrading = gateways.clone();
            let app =
                move || gateways.iter().fold(App::new(), |app, (path, gateway)| app.service(gateway.polling(path)));
            HttpService::build()
                .h1_allow_half_closed(false)
                .tcp_nodelay(true)
                .upgrade(fn_service(move |(request, framed)| upgrade(upgrading.clone(), request, framed)))
                .finish(map_config(
                    app().into_factory().map_err(|error: actix_web::Error| error.error_response()),
                    |()| AppConfig::default(),
                ))
                .tcp()
        })?
        .run()
        .await
}
