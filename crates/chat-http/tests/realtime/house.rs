//! The real server on its own port, and a client without a WebSocket library.

use chat_app::{App, CreateConversation, Ports, RegisterUser, Settings, SystemClock, UuidV7Source};
use chat_auth::{
    BcryptCost, BcryptHasher, HashingLimits, JwtAccessTokens, SealedRefreshTokens, SigningKey, SigningKeys,
};
use chat_domain::auth::{ClientInfo, Password, PasswordPolicy};
use chat_domain::changes::AllFeatures;
use chat_domain::conversations::ConversationName;
use chat_domain::rate_limits::InProcessRateLimiter;
use chat_domain::users::{EmailAddress, Username};
use chat_domain::{Clock, Store, Timestamp, UserId};
use chat_http::{Dialect, HttpSettings, HttpState, Limits, Listener, Quotas, Readiness, serve};
use chat_realtime::{FanOut, InProcessPresence, InProcessTyping, LocalBus, RealtimeSettings};
use chat_sqlite::{SqliteConfig, SqliteStore};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;
pub(crate) const FIN: u8 = 0x80;

pub(crate) struct House {
    pub(crate) state: HttpState,
    pub(crate) address: SocketAddr,
    /// The listener whose default dialect is `camel`.
    pub(crate) second: SocketAddr,
    handle: actix_server::ServerHandle,
    _folder: TempDir,
}

/// The system's clock, set forward.
#[derive(Default)]
pub(crate) struct ForwardClock(AtomicU64);

impl ForwardClock {
    pub(crate) fn advance(&self, millis: u64) {
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl Clock for ForwardClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(Duration::from_millis(self.0.load(Ordering::Relaxed)))
    }
}

pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) token: String,
}

fn keys(secret: &str) -> SigningKeys {
    SigningKeys::new([SigningKey::new("k1", secret.repeat(8)).expect("a key")]).expect("keys")
}

/// The use cases, on an empty database.
pub(crate) fn state(settings: RealtimeSettings) -> (HttpState, TempDir) {
    state_over(settings, |store| store)
}

/// The use cases, on an empty database behind what `cover` makes of it.
fn state_over(
    settings: RealtimeSettings,
    cover: impl FnOnce(Arc<SqliteStore>) -> Arc<dyn Store>,
) -> (HttpState, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&SqliteConfig::at(folder.path().join("chat.db"))).expect("a store");
    let store = Arc::new(store);
    let runtime = tokio::runtime::Handle::current();
    let fan_out = FanOut::new(settings, store.clone(), runtime.clone());
    let cost = BcryptCost::new(BcryptCost::MIN).expect("a cost");
    let ports = Ports {
        store: cover(store.clone()),
        hasher: Arc::new(BcryptHasher::new(cost, HashingLimits::default())),
        access_tokens: Arc::new(JwtAccessTokens::new(&keys("access-1"), "chat", "chat")),
        refresh_tokens: Arc::new(SealedRefreshTokens::new(keys("refresh-"))),
        presence: Arc::new(InProcessPresence::new()),
        typing: Arc::new(InProcessTyping::new()),
        features: Arc::new(AllFeatures),
        bus: Arc::new(LocalBus::new(fan_out.clone())),
        live_connections: fan_out.clone(),
        rate_limiter: Arc::new(InProcessRateLimiter::new(Arc::new(SystemClock))),
        clock: Arc::new(SystemClock),
        ids: Arc::new(UuidV7Source),
        runtime: runtime.clone(),
    };
    let state = HttpState {
        app: App::new(ports, Settings::default()),
        fan_out,
        settings: Arc::new(HttpSettings::default()),
        runtime,
        readiness: Readiness::ready(),
        stats: std::sync::Arc::default(),
        clock: Arc::new(SystemClock),
        limits: Arc::default(),
        started_at: SystemClock.now(),
    };
    (state, folder)
}

pub(crate) async fn register(state: &HttpState, name: &str) -> Person {
    let register = RegisterUser {
        email: EmailAddress::parse(&format!("{name}@example.com")).expect("an email"),
        username: Username::parse(name).ok(),
        name: None,
        first_name: None,
        last_name: None,
        avatar: None,
        password: Password::parse("correct horse battery", PasswordPolicy::default()).expect("a password"),
        invite_code: None,
    };
    let signed_in = state.app.auth.register(register, ClientInfo::default()).await.expect("registered");
    Person { id: signed_in.user.id, token: signed_in.access_token }
}

impl House {
    pub(crate) fn open() -> Self {
        Self::with(RealtimeSettings::default())
    }

    pub(crate) fn with(settings: RealtimeSettings) -> Self {
        Self::serve(state(settings))
    }

    /// A server whose use cases see the database only through what `cover` makes of it.
    pub(crate) fn over(cover: impl FnOnce(Arc<SqliteStore>) -> Arc<dyn Store>) -> Self {
        Self::serve(state_over(RealtimeSettings::default(), cover))
    }

    /// A server with rate limits as in development, which trusts the test as a proxy.
    pub(crate) fn limited(quotas: Quotas) -> Self {
        Self::limited_by(quotas, Arc::new(SystemClock))
    }

    /// Like [`Self::limited`], with a clock for the limits.
    pub(crate) fn limited_by(quotas: Quotas, clock: Arc<dyn Clock>) -> Self {
        let (mut state, folder) = state(RealtimeSettings::default());
        state.clock = clock;
        let limiter = Arc::new(InProcessRateLimiter::new(state.clock.clone()));
        state.limits = Arc::new(Limits::new(limiter, quotas, true));
        let trusted_proxies = [std::net::IpAddr::from([127, 0, 0, 1]).into()].into_iter().collect();
        state.settings = Arc::new(HttpSettings { trusted_proxies, ..HttpSettings::default() });
        Self::serve((state, folder))
    }

    fn serve((state, folder): (HttpState, TempDir)) -> Self {
        let listener =
            |dialect| Listener { socket: std::net::TcpListener::bind("127.0.0.1:0").expect("a listener"), dialect };
        let listeners = [listener(Dialect::Colon), listener(Dialect::Camel)];
        let [address, second] = listeners.each_ref().map(|listener| listener.socket.local_addr().expect("an address"));
        let server = serve(state.clone(), listeners.into(), 2, Duration::from_secs(1)).expect("a server");
        let handle = server.handle();
        tokio::spawn(server);
        Self { state, address, second, handle, _folder: folder }
    }

    pub(crate) async fn register(&self, name: &str) -> Person {
        register(&self.state, name).await
    }

    /// Opens a socket that authenticates with a header.
    pub(crate) async fn connect(&self, person: &Person) -> Socket {
        let mut socket = Socket::to(self.address).await;
        socket.upgrade("/api/v1/ws", &[("Authorization", &format!("Bearer {}", person.token))], b"").await;
        socket
    }

    /// Opens such a socket in the `camel` dialect.
    pub(crate) async fn connect_camel(&self, person: &Person) -> Socket {
        let mut socket = Socket::to(self.address).await;
        let token = format!("Bearer {}", person.token);
        socket.upgrade("/api/v1/ws?dialect=camel", &[("Authorization", &token)], b"").await;
        socket
    }

    /// Creates a group as the first person, with the others as members.
    pub(crate) async fn group(&self, people: &[&Person]) -> String {
        let actor = self.state.app.auth.authenticate(&people[0].token).expect("an actor");
        let name = ConversationName::parse("Hikers").ok();
        let create = CreateConversation { participant_ids: people[1..].iter().map(|person| person.id).collect(), name };
        let made = self.state.app.conversations.create(actor, create).await.expect("made");
        made.details.conversation.id.to_string()
    }

    /// Opens a socket that has not authenticated.
    pub(crate) async fn strange_socket(&self) -> Socket {
        let mut socket = Socket::to(self.address).await;
        let answer = socket.upgrade("/api/v1/ws", &[], b"").await;
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        socket
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    bytes: Vec<u8>,
}

/// Returns a masked frame (RFC 6455 §5.2).
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut bytes = head(first, payload.len() as u64);
    bytes.extend(mask);
    bytes.extend(payload.iter().enumerate().map(|(index, byte)| byte ^ mask[index % 4]));
    bytes
}

/// Returns the head of a masked frame, including its mask.
pub(crate) fn head(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match u16::try_from(length) {
        Ok(short @ 0..126) => bytes.push(0x80 | u8::try_from(short).expect("short")),
        Ok(long) => {
            bytes.push(0xFE);
            bytes.extend(long.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0xFF);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes
}

pub(crate) fn command(event: &str, data: &Value, id: &str) -> Vec<u8> {
    frame(FIN | TEXT, json!({"event": event, "data": data, "id": id}).to_string().as_bytes())
}

impl Socket {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.expect("a connection"), bytes: Vec::new() }
    }

    /// Sends an upgrade request with `more` after it in one write, and returns the head of the response.
    pub(crate) async fn upgrade(&mut self, path: &str, headers: &[(&str, &str)], more: &[u8]) -> String {
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n");
        let default = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        for (name, value) in default.iter().filter(|(name, _)| headers.iter().all(|(other, _)| other != name)) {
            request.extend([name, ": ", value, "\r\n"]);
        }
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.push_str("\r\n");
        self.write(&[request.as_bytes(), more].concat()).await;
        self.head_of_answer().await
    }

    async fn head_of_answer(&mut self) -> String {
        loop {
            if let Some(end) = self.bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let rest = self.bytes.split_off(end + 4);
                let head = std::mem::replace(&mut self.bytes, rest);
                return String::from_utf8(head).expect("text");
            }
            assert!(self.read_more().await, "no answer");
        }
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("written");
    }

    async fn read_more(&mut self) -> bool {
        let mut chunk = vec![0; 65_536];
        let read = tokio::time::timeout(Duration::from_secs(20), self.stream.read(&mut chunk));
        let count = read
            .await
            .unwrap_or_else(|_| panic!("nothing for a while after {:?}", String::from_utf8_lossy(&self.bytes)))
            .unwrap_or(0);
        self.bytes.extend_from_slice(&chunk[..count]);
        count > 0
    }

    /// Returns everything until the server closes the connection.
    pub(crate) async fn rest(&mut self) -> String {
        while self.read_more().await {}
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Returns the next frame; `None` at the end.
    pub(crate) async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((first, start, end)) = self.whole_frame() {
                let rest = self.bytes.split_off(end);
                let bytes = std::mem::replace(&mut self.bytes, rest);
                return Some((first, bytes[start..].to_vec()));
            }
            if !self.read_more().await {
                return None;
            }
        }
    }

    fn whole_frame(&self) -> Option<(u8, usize, usize)> {
        let (first, second) = (*self.bytes.first()?, *self.bytes.get(1)?);
        let (start, length) = match second {
            126 => (4, usize::from(u16::from_be_bytes(*self.bytes.get(2..)?.first_chunk()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(*self.bytes.get(2..)?.first_chunk()?)).ok()?),
            short => (2, usize::from(short)),
        };
        (self.bytes.len() >= start + length).then_some((first, start, start + length))
    }

    /// Returns the next event of this name, and skips others.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            let (first, payload) = self.frame().await.expect("the socket is open");
            assert_ne!(first, FIN | CLOSE, "closed while waiting for {name}: {payload:?}");
            if first == FIN | TEXT {
                let event: Value = serde_json::from_slice(&payload).expect("JSON");
                if event["event"] == name {
                    return event;
                }
            }
        }
    }

    /// Sends a command with this id, and returns the data of the ack (`Ok`) or of the error (`Err`). Skips events.
    pub(crate) async fn ask(&mut self, event: &str, data: &Value, id: &str) -> Result<Value, Value> {
        self.write(&command(event, data, id)).await;
        loop {
            let (first, payload) = self.frame().await.expect("the socket is open");
            assert_ne!(first, FIN | CLOSE, "closed while waiting for {id}: {payload:?}");
            if first == FIN | TEXT {
                let mut frame: Value = serde_json::from_slice(&payload).expect("JSON");
                if frame["id"] == id {
                    let data = frame["data"].take();
                    return if frame["event"] == "ack" { Ok(data) } else { Err(data) };
                }
            }
        }
    }

    /// Sends a command without an id.
    pub(crate) async fn tell(&mut self, event: &str, data: &Value) {
        self.write(&frame(FIN | TEXT, json!({"event": event, "data": data}).to_string().as_bytes())).await;
    }

    /// Returns the server's close code, and replies to the Close frame, so that the server can disconnect.
    pub(crate) async fn close_code(&mut self) -> u16 {
        loop {
            let (first, payload) = self.frame().await.expect("a Close frame before the end");
            if first == FIN | CLOSE {
                // The server may have stopped reading.
                let _ = self.stream.write_all(&frame(FIN | CLOSE, &payload[..2])).await;
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }
}
