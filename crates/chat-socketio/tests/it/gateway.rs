//! A gateway for one test, and clients that send exactly what the test wants.

use actix_codec::Framed;
use actix_http::header::{HeaderMap, HeaderName, HeaderValue, ORIGIN};
use actix_http::{HttpService, Request, RequestHead, h1};
use actix_server::ServerHandle;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::App;
use actix_web::dev::AppConfig;
use chat_socketio::{
    Application, Handshake, Incoming, Message, Opening, Peer, Queue, Refusal, Server, Session, Settings, Upgrade,
    packets,
};
use futures_util::{SinkExt as _, StreamExt as _};
use std::cell::RefCell;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// The longest wait before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const FRIEND: &str = "http://friend.example";

/// Settings under which no timer fires within a test.
pub(crate) fn quiet() -> Settings {
    let close_timeout = Duration::from_secs(1);
    Settings { ping_interval: Duration::from_mins(1), close_timeout, ..Settings::default() }
}

#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) server: Server,
    pub(crate) go: Arc<Notify>,
    address: SocketAddr,
    handle: ServerHandle,
    http: reqwest::Client,
}

/// Engine.IO under the test's control: `wait` until the test continues, `flood N` with messages of 64 KiB, `bye`; any
/// other message is echoed.
struct Engine(Arc<Notify>);

/// Socket.IO with `/` and `/custom`: events are echoed and acknowledged; `leave` disconnects from the namespace.
struct Namespaces;

fn is_friend(head: &RequestHead) -> bool {
    head.headers.get(ORIGIN).is_none_or(|origin| origin == FRIEND)
}

impl Application for Engine {
    fn allows_origin(&self, head: &RequestHead) -> bool {
        is_friend(head)
    }

    fn admit(&self, _: Handshake<'_>) -> Result<Opening, Refusal> {
        let go = Arc::clone(&self.0);
        Ok(Box::new(|session| drop(actix_rt::spawn(obey(session, go)))))
    }
}

async fn obey(session: Rc<Session>, go: Arc<Notify>) {
    session.establish();
    let queue = RefCell::new(Queue::new(64 * 1024 * 1024));
    while let Some(message) = session.next(&queue).await {
        let frame = match message {
            Message::Text(text) if text == "bye" => break,
            Message::Text(text) if text == "wait" => {
                session.flush_while(&queue, go.notified()).await;
                continue;
            }
            Message::Text(text) if text.starts_with("flood ") => {
                let count: usize = text[6..].parse().unwrap_or(0);
                let frame = packets::text(&"x".repeat(64 * 1024));
                assert!((0..count).all(|_| queue.borrow_mut().push(frame.clone())), "room for a flood");
                continue;
            }
            Message::Text(text) => packets::text(&text),
            Message::Binary(bytes) => packets::binary(&bytes),
        };
        assert!(queue.borrow_mut().push(frame), "room for an answer");
    }
    session.finish(&mut queue.into_inner(), 4000).await;
}

impl Application for Namespaces {
    fn allows_origin(&self, head: &RequestHead) -> bool {
        is_friend(head)
    }

    fn admit(&self, handshake: Handshake<'_>) -> Result<Opening, Refusal> {
        if handshake.head.uri.query().is_some_and(|query| query.contains("stranger=danger")) {
            return Err(Refusal::forbidden());
        }
        Ok(Box::new(|session| drop(actix_rt::spawn(converse(Peer::new(session))))))
    }
}

async fn converse(mut peer: Peer) {
    let queue = RefCell::new(Queue::new(64 * 1024 * 1024));
    while let Some(incoming) = peer.next(&queue).await {
        let frames = match incoming {
            Incoming::Connect { namespace, .. } if namespace == "/" || namespace == "/custom" => {
                let id = peer.accept(&namespace);
                assert_ne!(id, peer.session().sid().to_text());
                Vec::new()
            }
            Incoming::Connect { namespace, .. } => {
                peer.refuse(&namespace, "no", Some(r#"{"code":"NO"}"#));
                Vec::new()
            }
            Incoming::Event { namespace, event } if event.name == "leave" => vec![peer.disconnect(&namespace)],
            Incoming::Event { namespace, event } => {
                let arguments: Vec<_> = event.arguments.iter().map(|argument| argument.get()).collect();
                match event.id {
                    Some(id) => packets::ack(&namespace, id, &arguments, &event.attachments),
                    None => packets::event(&namespace, Some(1), &event.name, &arguments, &event.attachments),
                }
            }
            Incoming::Ack { namespace, event } => {
                let answered = event.id.map(|id| id.to_string()).unwrap_or_default();
                vec![packets::event_with(&namespace, "answered", &answered)]
            }
            Incoming::Disconnect { namespace } => vec![packets::event_with("/", "left", &format!("{namespace:?}"))],
        };
        assert!(frames.into_iter().all(|frame| queue.borrow_mut().push(frame)), "room for an answer");
    }
    peer.session().finish(&mut queue.into_inner(), 4000).await;
}

impl Gateway {
    /// Engine.IO at `/engine.io/`, Socket.IO at `/socket.io/`.
    pub(crate) fn start(settings: Settings) -> Self {
        let go = Arc::new(Notify::new());
        let engine = Server::new(settings, Engine(Arc::clone(&go)));
        let socket = engine.beside(Namespaces);
        let gateways = [("/engine.io", engine.clone()), ("/socket.io", socket)];
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let running = actix_server::Server::build()
            .workers(2)
            .disable_signals()
            .shutdown_timeout(1)
            .listen("gateway", listener, move || {
                let (gateways, upgrading) = (gateways.clone(), gateways.clone());
                let app = gateways.iter().fold(App::new(), |app, (path, gateway)| app.service(gateway.polling(path)));
                HttpService::build()
                    .h1_allow_half_closed(false)
                    .upgrade(fn_service(move |(request, framed)| upgrade(upgrading.clone(), request, framed)))
                    .finish(map_config(
                        app.into_factory().map_err(|error: actix_web::Error| error.error_response()),
                        |()| AppConfig::default(),
                    ))
                    .tcp()
            })
            .expect("a listener")
            .run();
        let handle = running.handle();
        drop(actix_rt::spawn(running));
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(PATIENCE).build().expect("a client");
        Self { server: engine, go, address, handle, http }
    }

    pub(crate) async fn stop(self) {
        self.handle.stop(false).await;
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        self.http.request(method, format!("http://{}/{path}", self.address))
    }

    /// Opens a polling session.
    pub(crate) async fn open(&self, gateway: &str) -> Poller {
        let answer =
            self.request("GET", &format!("{gateway}/?EIO=4&transport=polling")).send().await.expect("an answer");
        let text = answer.text().await.expect("text");
        let open: serde_json::Value =
            serde_json::from_str(text.strip_prefix('0').expect("an open packet")).expect("JSON");
        let sid = open["sid"].as_str().expect("a sid").to_owned();
        Poller { gateway: self.clone(), path: format!("{gateway}/?EIO=4&transport=polling&sid={sid}"), sid }
    }

    pub(crate) async fn connect(&self, path: &str) -> Socket {
        self.try_connect(path).await.expect("a websocket")
    }

    /// A WebSocket, or the status of the refusal.
    pub(crate) async fn try_connect(&self, path: &str) -> Result<Socket, u16> {
        let connecting = tokio_tungstenite::connect_async(format!("ws://{}/{path}", self.address));
        match timeout(PATIENCE, connecting).await.expect("an answer in time") {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until there are this many sessions.
    pub(crate) async fn settles_at(&self, sessions: usize) {
        let settled = async {
            while self.server.sessions() != sessions {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, settled).await.unwrap_or_else(|_| panic!("{} sessions", self.server.sessions()));
    }
}

async fn upgrade(
    gateways: [(&'static str, Server); 2],
    request: Request,
    framed: Framed<TcpStream, h1::Codec>,
) -> Result<(), actix_http::Error> {
    let head = request.head();
    let parts = framed.into_parts();
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static("x-request-id"), HeaderValue::from_static("r1"));
    let upgrade = Upgrade {
        stream: parts.io,
        read: parts.read_buf,
        unwritten: parts.write_buf.freeze(),
        headers,
        taken_over: None,
    };
    if let Some((_, gateway)) = gateways.iter().find(|(path, _)| head.uri.path().starts_with(path)) {
        gateway.upgrade(head, upgrade).await;
    }
    Ok(())
}

/// A session that the test polls itself.
#[derive(Clone)]
pub(crate) struct Poller {
    gateway: Gateway,
    path: String,
    pub(crate) sid: String,
}

impl Poller {
    pub(crate) fn get(&self) -> reqwest::RequestBuilder {
        self.gateway.request("GET", &self.path)
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// One poll: its status and its payload.
    pub(crate) async fn poll(&self) -> (u16, String) {
        let answer = self.get().send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    pub(crate) async fn post(&self, body: impl Into<reqwest::Body>) -> (u16, String) {
        let answer = self.gateway.request("POST", &self.path).body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// Polls until this many packets have arrived.
    pub(crate) async fn take(&self, count: usize) -> Vec<String> {
        let mut packets = Vec::new();
        while packets.len() < count {
            let (status, payload) = self.poll().await;
            assert_eq!(status, 200, "{payload}");
            packets.extend(payload.split('\u{1e}').map(str::to_owned));
        }
        packets
    }
}

/// A WebSocket that sends what the test asks for.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub(crate) async fn say(&mut self, text: impl Into<String>) {
        self.0.send(Frame::text(text.into())).await.expect("a socket that is open");
    }

    pub(crate) async fn send(&mut self, frame: Frame) {
        self.0.send(frame).await.expect("a socket that is open");
    }

    /// The next frame; `None` at the end.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        timeout(PATIENCE, self.0.next()).await.expect("a frame in time").and_then(Result::ok)
    }

    /// The next text.
    pub(crate) async fn hear(&mut self) -> String {
        match self.frame().await {
            Some(Frame::Text(text)) => text.as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    /// The close code of the other side, ignoring earlier frames; `None` without a Close frame.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        while let Some(frame) = self.frame().await {
            if let Frame::Close(reason) = frame {
                return reason.map(|reason| reason.code.into());
            }
        }
        None
    }
}
