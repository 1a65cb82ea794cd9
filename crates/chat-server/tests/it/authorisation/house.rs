use crate::setup;
use chat_app::SystemClock;
use chat_auth::{JwtAccessTokens, SigningKey, SigningKeys};
use chat_blackbox::{Person, Server, Setup, Socket};
use chat_domain::Clock as _;
use chat_domain::auth::{AccessClaims, AccessTokens as _};
use chat_protocol::realtime::Dialect;
use chat_testkit::servers::Postgres;
use serde_json::json;
use std::time::Duration;

const KEY: &str = "test";
const SECRET: &str = "what-signs-the-tokens-of-this-test-and-of-no-other";
/// Longer than a token is good for, leeway included.
const LONG: Duration = Duration::from_hours(1);

/// A server, and what signs its tokens.
pub(super) struct House {
    pub(super) server: Server,
    tokens: JwtAccessTokens,
}

impl House {
    pub(super) async fn on_sqlite() -> Self {
        Self::start(setup()).await
    }

    pub(super) async fn on_postgres() -> Self {
        Self::start(setup().set("DATABASE_URL", &Postgres::of_run().create_database())).await
    }

    async fn start(setup: Setup) -> Self {
        let key = SigningKey::new(KEY, SECRET).expect("a key");
        let keys = SigningKeys::new([key]).expect("keys");
        let server = setup.set("JWT_SECRET", &format!("{KEY}:{SECRET}")).start().await;
        Self { server, tokens: JwtAccessTokens::new(&keys, "chat-server", "chat") }
    }

    /// Fails where some cells are not what the table says, and where the server is troubled.
    pub(super) fn judge(&self, wrong: &[String]) {
        assert!(wrong.is_empty(), "{} cells are not what the table says:\n{}", wrong.len(), wrong.join("\n"));
        self.server.assert_untroubled();
    }

    /// What somebody's token says.
    fn claims(&self, person: &Person) -> AccessClaims {
        let claims = self.tokens.verify(&person.access_token, SystemClock.now());
        claims.expect("the server signs with the key that it was given")
    }

    pub(super) fn session_of(&self, person: &Person) -> String {
        self.claims(person).session_id.to_string()
    }

    /// A token of the same session that was good once, properly signed.
    pub(super) fn expired_token_of(&self, person: &Person) -> String {
        let claims = self.claims(person);
        let (issued_at, expires_at) = (claims.issued_at.minus(LONG), claims.expires_at.minus(LONG));
        self.tokens.issue(&AccessClaims { issued_at, expires_at, ..claims })
    }

    /// A token of the same session that has ended a moment ago, which requests are still given the benefit of a slow
    /// clock for.
    pub(super) fn token_that_just_ended(&self, person: &Person) -> String {
        let claims = self.claims(person);
        self.tokens.issue(&AccessClaims { expires_at: SystemClock.now().minus(Duration::from_secs(1)), ..claims })
    }

    /// Where sockets of this dialect are opened.
    pub(super) fn socket_url(&self, dialect: Dialect) -> String {
        format!("{}?dialect={}", self.server.socket_url(), dialect.as_str())
    }

    /// A socket in the flow of events.
    pub(super) async fn connect(&self, dialect: Dialect, token: &str) -> Socket {
        let url = format!("{}&resume=true", self.socket_url(dialect));
        let mut socket =
            Socket::open(&url, &[("authorization", &format!("Bearer {token}"))]).await.expect("an upgrade");
        socket.tell("resume", json!({"resume": {}})).await;
        socket.event("resumed").await;
        socket
    }
}
