//! A Socket.IO server that sends every event back to its sender: `cargo run -p chat-socketio --example echo`.
//!
//! Any Socket.IO client of version 3 or later connects, over polling or WebSocket:
//! `io("http://127.0.0.1:3000").emit("hello", 1)` gets `hello` with `1`; with a callback, it gets an acknowledgement.
#![allow(clippy::print_stdout, reason = "the output is the purpose")]

use actix_codec::Framed;
use actix_http::header::HeaderMap;
use actix_http::{HttpService, Request, RequestHead, h1};
use actix_server::Server as Workers;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use chat_socketio::{
    Application, Handshake, Incoming, MAX_PAYLOAD, Opening, Peer, Queue, Refusal, Server, Settings, Upgrade, packets,
};
use std::cell::RefCell;
use std::{io, net::TcpListener};
use tokio::net::TcpStream;

/// Bytes that may wait for a slow client before it is disconnected.
const QUEUE_BYTES: usize = 4 * MAX_PAYLOAD;

/// The close code for a client that reads too slowly (RFC 6455 §7.4.1: policy violation).
const TOO_SLOW: u16 = 1008;

struct Echo;

impl Application for Echo {
    // A real server compares the Origin header with the origins that it serves.
    fn allows_origin(&self, _: &RequestHead) -> bool {
        true
    }

    // A real server limits connections per address here. Each session gets a local task.
    fn admit(&self, _: Handshake<'_>) -> Result<Opening, Refusal> {
        Ok(Box::new(|session| drop(actix_rt::spawn(echo(Peer::new(session))))))
    }
}

async fn echo(mut peer: Peer) {
    let queue = RefCell::new(Queue::new(QUEUE_BYTES));
    while let Some(incoming) = peer.next(&queue).await {
        let frames = match incoming {
            Incoming::Connect { namespace, .. } => {
                peer.accept(&namespace);
                continue;
            }
            Incoming::Event { namespace, event } => {
                let arguments: Vec<&str> = event.arguments.iter().map(|argument| argument.get()).collect();
                match event.id {
                    Some(id) => packets::ack(&namespace, id, &arguments, &event.attachments),
                    None => packets::event(&namespace, None, &event.name, &arguments, &event.attachments),
                }
            }
            Incoming::Ack { .. } | Incoming::Disconnect { .. } => continue,
        };
        if !frames.into_iter().all(|frame| queue.borrow_mut().push(frame)) {
            break;
        }
    }
    peer.session().finish(&mut queue.into_inner(), TOO_SLOW).await;
}

async fn upgrade(
    server: Server,
    request: Request,
    framed: Framed<TcpStream, h1::Codec>,
) -> Result<(), actix_http::Error> {
    let parts = framed.into_parts();
    let upgrade = Upgrade {
        stream: parts.io,
        read: parts.read_buf,
        unwritten: parts.write_buf.freeze(),
        taken_over: None,
        headers: HeaderMap::new(),
    };
    server.upgrade(request.head(), upgrade).await;
    Ok(())
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(3000);
    let server = Server::new(Settings::default(), Echo);
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("Socket.IO echo server on http://{}", listener.local_addr()?);
    Workers::build()
        .listen("echo", listener, move || {
            let (polling, upgrading) = (server.clone(), server.clone());
            let app = App::new().service(polling.polling("/socket.io"));
            HttpService::build()
                // Without this, a poll that the client gave up is noticed only when a ping goes unanswered.
                .h1_allow_half_closed(false)
                .tcp_nodelay(true)
                .upgrade(fn_service(move |(request, framed)| upgrade(upgrading.clone(), request, framed)))
                .finish(map_config(
                    app.into_factory().map_err(|error: actix_web::Error| error.error_response()),
                    |()| AppConfig::default(),
                ))
                .tcp()
        })?
        .run()
        .await
}
