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
/// Longer than a token is valid, leeway included.
const LONG: Duration = Duration::from_hours(1);

/// A server, and the key that signs its tokens.
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

    /// Fails if a cell has another outcome than the table says, or if the server logged an error.
    pub(super) fn judge(&self, wrong: &[String]) {
        assert!(wrong.is_empty(), "{} cells differ from the table:\n{}", wrong.len(), wrong.join("\n"));
        self.server.assert_untroubled();
    }

    /// The claims of a person's token.
    fn claims(&self, person: &Person) -> AccessClaims {
        let claims = self.tokens.verify(&person.access_token, SystemClock.now());
        claims.expect("the server signs with the configured key")
    }

    pub(super) fn session_of(&self, person: &Person) -> String {
        self.claims(person).session_id.to_string()
    }

    /// A correctly signed, expired token of the person's session.
    pub(super) fn expired_token_of(&self, person: &Person) -> String {
        let claims = self.claims(person);
        let (issued_at, expires_at) = (claims.issued_at.minus(LONG), claims.expires_at.minus(LONG));
        self.tokens.issue(&AccessClaims { issued_at, expires_at, ..claims })
    }

    /// A token of the person's session that expired a moment ago. Requests still accept it, within the leeway for clock
    /// differences.
    pub(super) fn token_that_just_ended(&self, person: &Person) -> String {
        let claims = self.claims(person);
        self.tokens.issue(&AccessClaims { expires_at: SystemClock.now().minus(Duration::from_secs(1)), ..claims })
    }

    /// The URL for sockets of this dialect.
    pub(super) fn socket_url(&self, dialect: Dialect) -> String {
        format!("{}?dialect={}", self.server.socket_url(), dialect.as_str())
    }

    /// A socket that receives events.
    pub(super) async fn connect(&self, dialect: Dialect, token: &str) -> Socket {
        let url = format!("{}&resume=true", self.socket_url(dialect));
        let mut socket =
            Socket::open(&url, &[("authorization", &format!("Bearer {token}"))]).await.expect("an upgrade");
        socket.tell("resume", json!({"resume": {}})).await;
        socket.event("resumed").await;
        socket
    }
}
