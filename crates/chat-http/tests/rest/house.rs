//! A server without sockets: real use cases, a real store, and a clock that tests can set.

use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, init_service};
use actix_web::web::Bytes;
use chat_app::{App, Ports, Settings, UuidV7Source};
use chat_auth::{
    BcryptCost, BcryptHasher, HashingLimits, JwtAccessTokens, SealedRefreshTokens, SigningKey, SigningKeys,
};
use chat_domain::changes::AllFeatures;
use chat_domain::rate_limits::InProcessRateLimiter;
use chat_domain::{Clock, Timestamp};
use chat_http::{HttpSettings, HttpState, Limits, Quotas, Readiness, app};
use chat_realtime::{FanOut, InProcessPresence, InProcessTyping, LocalBus, RealtimeSettings};
use chat_sqlite::{SqliteConfig, SqliteStore};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The runtime of use cases. As in the real server, it is not the worker's own runtime.
static MAIN: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// 2026-01-05T09:30:00Z
pub(crate) const BEGINNING: i64 = 1_767_605_400_000_000;

pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).expect("a span"), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct House {
    pub(crate) state: HttpState,
    pub(crate) clock: Arc<SetClock>,
    people: AtomicU64,
    store: Arc<SqliteStore>,
    _folder: TempDir,
}

pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
    pub(crate) email: String,
    pub(crate) username: String,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) const PASSWORD: &str = "correct horse battery";

fn keys(secret: &str) -> SigningKeys {
    SigningKeys::new([SigningKey::new("k1", secret.repeat(8)).expect("a key")]).expect("keys")
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(HttpSettings::default())
    }

    pub(crate) fn with(settings: HttpSettings) -> Self {
        Self::build(settings, None)
    }

    /// A server with rate limits, as in development.
    pub(crate) fn limited(settings: HttpSettings, quotas: Quotas) -> Self {
        Self::build(settings, Some(quotas))
    }

    fn build(settings: HttpSettings, quotas: Option<Quotas>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = SqliteStore::open(&SqliteConfig::at(folder.path().join("chat.db"))).expect("a store");
        let store = Arc::new(store);
        let clock = Arc::new(SetClock(AtomicI64::new(BEGINNING)));
        let runtime = MAIN.handle().clone();
        let fan_out = FanOut::new(RealtimeSettings::default(), store.clone(), runtime.clone());
        let rate_limiter = Arc::new(InProcessRateLimiter::new(clock.clone()));
        let limits = quotas.map_or_else(Limits::off, |quotas| Limits::new(rate_limiter.clone(), quotas, true));
        let ports = Ports {
            store: store.clone(),
            hasher: Arc::new(BcryptHasher::new(
                BcryptCost::new(BcryptCost::MIN).expect("a cost"),
                HashingLimits::default(),
            )),
            access_tokens: Arc::new(JwtAccessTokens::new(&keys("access-1"), "chat", "chat")),
            refresh_tokens: Arc::new(SealedRefreshTokens::new(keys("refresh-"))),
            presence: Arc::new(InProcessPresence::new()),
            typing: Arc::new(InProcessTyping::new()),
            features: Arc::new(AllFeatures),
            bus: MAIN.block_on_or_enter(|| Arc::new(LocalBus::new(fan_out.clone()))),
            live_connections: fan_out.clone(),
            rate_limiter,
            clock: clock.clone(),
            ids: Arc::new(UuidV7Source),
            runtime: runtime.clone(),
        };
        let state = HttpState {
            app: App::new(ports, Settings::default()),
            fan_out,
            settings: Arc::new(settings),
            runtime,
            readiness: Readiness::ready(),
            stats: Arc::default(),
            clock: clock.clone(),
            limits: Arc::new(limits),
            started_at: clock.now(),
        };
        Self { state, clock, people: AtomicU64::new(0), store, _folder: folder }
    }

    /// Sends one request through the whole `App`.
    pub(crate) async fn ask(&self, request: TestRequest) -> Answer {
        self.ask_raw(request.to_request()).await
    }

    pub(crate) async fn ask_raw(&self, request: actix_http::Request) -> Answer {
        let service = init_service(app(self.state.clone())).await;
        match actix_web::test::try_call_service(&service, request).await {
            Ok(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                let body = to_bytes(response.into_body()).await.ok().expect("a body");
                Answer { status, headers, body }
            }
            Err(error) => {
                let response = error.error_response();
                let (status, headers) = (response.status(), response.headers().clone());
                Answer { status, headers, body: to_bytes(response.into_body()).await.expect("a body") }
            }
        }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(bearing(TestRequest::get().uri(path), token)).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.ask(bearing(TestRequest::post().uri(path).set_json(body), token)).await
    }

    pub(crate) async fn patch(&self, path: &str, token: &str, body: Value) -> Answer {
        self.ask(bearing(TestRequest::patch().uri(path).set_json(body), token)).await
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> Answer {
        self.ask(bearing(TestRequest::delete().uri(path), token)).await
    }

    /// Closes the store: from now on every call to it fails.
    pub(crate) fn close_store(&self) {
        self.store.close();
    }

    /// Registers a new user. The clock advances, so that no two users register at the same time.
    pub(crate) async fn person(&self) -> Person {
        self.clock.advance(Duration::from_millis(1));
        let number = self.people.fetch_add(1, Ordering::SeqCst);
        let (email, username) = (format!("p{number}@example.com"), format!("person{number}"));
        let body =
            json!({"email": email, "username": username, "name": format!("Person {number}"), "password": PASSWORD});
        let data = self.post("/api/v1/auth/register", "", body).await.data(201);
        let text = |name: &str| data[name].as_str().expect("a text").to_owned();
        Person { id: text("id"), token: text("accessToken"), refresh_token: text("refreshToken"), email, username }
    }

    /// Creates a group of these people, as the first one.
    pub(crate) async fn group(&self, people: &[&Person]) -> String {
        let ids: Vec<_> = people[1..].iter().map(|person| person.id.clone()).collect();
        let body = json!({"participantIds": ids, "name": "Group"});
        let made = self.post("/api/v1/conversations", &people[0].token, body).await.data(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) async fn send(&self, person: &Person, conversation: &str, content: &str) -> Value {
        self.clock.advance(Duration::from_millis(1));
        let path = format!("/api/v1/conversations/{conversation}/messages");
        self.post(&path, &person.token, json!({"content": content})).await.data(201)
    }
}

/// `LocalBus` collects positions with tasks on the runtime on which it is created.
trait Enter {
    fn block_on_or_enter<T>(&self, make: impl FnOnce() -> T) -> T;
}

impl Enter for Runtime {
    fn block_on_or_enter<T>(&self, make: impl FnOnce() -> T) -> T {
        let _entered = self.enter();
        make()
    }
}

pub(crate) fn bearing(request: TestRequest, token: &str) -> TestRequest {
    if token.is_empty() { request } else { request.insert_header(("Authorization", format!("Bearer {token}"))) }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Checks for a success with this status, and returns its `data`.
    pub(crate) fn data(&self, status: u16) -> Value {
        let json = self.json();
        assert_eq!(self.status, status, "{json}");
        assert_eq!((&json["success"], &json["statusCode"]), (&json!(true), &json!(status)));
        json["data"].clone()
    }

    /// Checks for a failure with this status and code, and returns its whole envelope.
    pub(crate) fn failure(&self, status: u16, code: &str) -> Value {
        let json = self.json();
        assert_eq!((self.status.as_u16(), &json["code"]), (status, &json!(code)), "{json}");
        assert_eq!((&json["success"], &json["statusCode"]), (&json!(false), &json!(status)));
        assert_eq!(json["error"], self.status.canonical_reason().expect("a reason"));
        assert!(json["message"].as_array().is_some_and(|messages| !messages.is_empty()), "{json}");
        assert!(json["timestamp"].as_str().is_some_and(|at| at.starts_with("2026-01-") && at.ends_with('Z')), "{json}");
        assert!(json["path"].as_str().is_some_and(|path| !path.contains('?')), "{json}");
        assert_eq!(json["requestId"], self.header("x-request-id"));
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("www-authenticate"), if status == 401 { "Bearer" } else { "" });
        assert_eq!(self.header("content-encoding"), "");
        json
    }

    /// Returns the sentences of a failure.
    pub(crate) fn sentences(&self) -> Vec<String> {
        serde_json::from_value(self.json()["message"].clone()).expect("sentences")
    }
}

/// Returns the names of an object's fields, sorted.
pub(crate) fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
