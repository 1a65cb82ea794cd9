//! Every setting in one table: the reader takes its defaults from here, `--help` prints it, and tests hold
//! `.env.example` and the README to it.

/// One setting, as an environment variable or a line of `.env`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The variable's name.
    pub(crate) name: &'static str,
    /// What holds where it is not set, in the form in which it would be set; empty where there is nothing to write.
    pub(crate) default: &'static str,
    /// What it does, in one sentence.
    pub(crate) meaning: &'static str,
}

const fn setting(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default, meaning }
}

/// The settings, in the order in which people meet them.
pub(crate) const SETTINGS: &[Setting] = &[
    setting("HOST", "127.0.0.1", "Address to listen on; `0.0.0.0` for every network"),
    setting("PORT", "3000", "Port of REST, WebSocket and Socket.IO; `0` takes any free one and logs it"),
    setting(
        "REALTIME_PORT",
        "3002",
        "A second port of the same, where clients are spoken to in the `camel` dialect; `0` or empty for none",
    ),
    setting(
        "ADMIN_HOST",
        "127.0.0.1",
        "Address of the metrics; every client that reaches it can read them, so keep it off public networks",
    ),
    setting("ADMIN_PORT", "9090", "Port of `/metrics`; `0` for none, as a second node on one machine needs"),
    setting(
        "DATABASE_URL",
        "sqlite://data/chat.db",
        "`sqlite://` and a file, or `postgres://user:password@host/database`, which several nodes may share",
    ),
    setting("DATABASE_POOL_SIZE", "10", "PostgreSQL: connections for everything but sends"),
    setting(
        "DATABASE_POOL_QUEUE",
        "1024",
        "PostgreSQL: calls that may wait for a connection; one more is answered with 503",
    ),
    setting("DATABASE_WRITERS", "2", "PostgreSQL: connections for sends, which share commits"),
    setting("DATABASE_WRITE_QUEUE", "4096", "PostgreSQL: sends that may wait; one more is answered with 503"),
    setting("DATABASE_WAIT_TIMEOUT", "5s", "PostgreSQL: how long anything waits in either queue before its 503"),
    setting("DATABASE_CONNECT_TIMEOUT", "5s", "PostgreSQL: how long making one connection may take"),
    setting("DATABASE_STATEMENT_TIMEOUT", "10s", "PostgreSQL: how long the server works on one statement"),
    setting("DATABASE_START_TIMEOUT", "1m", "PostgreSQL: how long a start waits for a server that is not there yet"),
    setting(
        "REDIS_URL",
        "",
        "`redis://` or `rediss://` address that joins nodes into a cluster; both secrets must be set then. Empty: one \
         node",
    ),
    setting("REDIS_PREFIX", "chat", "What every key and channel in Redis begins with: one per cluster"),
    setting("REDIS_TIMEOUT", "500ms", "How long a command waits for Redis before the node goes on without it"),
    setting(
        "APP_ENV",
        "development",
        "`development`, `test` or `production`; `NODE_ENV` is read where this is not set",
    ),
    setting(
        "JWT_SECRET",
        "",
        "Signs access tokens: 32 bytes or more, or `id:secret,id:secret` for rotation (the first signs, all verify); \
         development makes and keeps one",
    ),
    setting("JWT_REFRESH_SECRET", "", "Signs refresh tokens; same form, another secret"),
    setting("JWT_EXPIRATION", "15m", "How long an access token is good"),
    setting("JWT_REFRESH_EXPIRATION", "7d", "How long a sign-in lasts without being used"),
    setting("BCRYPT_COST", "12", "Cost of hashing a password, 4 to 15; production asks for 10 or more"),
    setting(
        "REGISTRATION",
        "open",
        "Who may make an account: `open` (everybody), `invite` (holders of a code of `chat-server users invite`) or \
         `closed`",
    ),
    setting(
        "PASSWORD_BLOCKLIST",
        "",
        "`on` refuses the most common passwords at registration and change, `off` accepts them; where empty: `on` in \
         production",
    ),
    setting(
        "ALLOWED_ORIGINS",
        "",
        "Web origins that may call and connect, separated by commas; where empty: any `localhost` origin in \
         development, none in production",
    ),
    setting(
        "PRESENCE_AUDIENCE",
        "contacts",
        "Who sees a user's presence: `contacts` (users who share a group with them, or have exchanged messages with \
         them) or `everyone`",
    ),
    setting(
        "TRUSTED_PROXIES",
        "",
        "Addresses and networks of the proxies whose `X-Forwarded-For` counts, separated by commas; where empty, the \
         header is ignored",
    ),
    setting("RATE_LIMIT", "on", "`off` turns all limits below off, for load tests; production refuses it"),
    setting(
        "RATE_LIMIT_LOGINS",
        "10/15m",
        "Failed logins by one email or one username from one address (the two count apart); wrong current passwords \
         count for both",
    ),
    setting("RATE_LIMIT_LOGINS_PER_ADDRESS", "100/15m", "The same from one address, whatever the account"),
    setting("RATE_LIMIT_REGISTRATIONS", "20/h", "Valid attempts to register from one address"),
    setting("RATE_LIMIT_SENDS", "50/s,burst=500", "Messages of one user, over REST and sockets together"),
    setting(
        "RATE_LIMIT_REQUESTS",
        "100/s,burst=1000",
        "All other requests and commands of one user, or of one address where nobody is signed in",
    ),
    setting("RATE_LIMIT_SIGNALS", "10/s,burst=50", "Typing, presence and calls of one user"),
    setting("RATE_LIMIT_CONNECTS", "20/s,burst=300", "Sockets opened from one address"),
    setting(
        "FRAME_BUDGET",
        "20/s,burst=200",
        "Pings and other frames of one socket that no limit above counts; beyond, it is closed; holds with \
         `RATE_LIMIT=off` too",
    ),
    setting("MAX_CONNECTIONS", "100000", "Connections that this server takes"),
    setting("MAX_CONNECTIONS_PER_USER", "20", "Connections that one user may have"),
    setting(
        "MAX_CONVERSATIONS_PER_USER",
        "10000",
        "Conversations that one user may have made, or joined by invite codes; the next one gets 409",
    ),
    setting(
        "MAX_CALLS_PER_USER",
        "4",
        "Reads, and separately writes, of the database that run at once for one user; one read is always left for \
         others (on SQLite 3 of 4 at most)",
    ),
    setting("MAX_WAITING_CALLS_PER_USER", "256", "Calls of one user that may wait; the next one gets 429"),
    setting("WORKERS", "0", "Threads that serve sockets; `0` for one per core"),
    setting(
        "SHUTDOWN_DELAY",
        "0s",
        "How long the server keeps serving after SIGTERM while `/health/ready` is 503, so that load balancers can \
         react; `5s` behind a proxy",
    ),
    setting(
        "SHUTDOWN_TIMEOUT",
        "30s",
        "After `SHUTDOWN_DELAY`: how long a stop waits for requests and sockets to finish",
    ),
    setting("HEARTBEAT_INTERVAL", "25s", "How often an idle WebSocket, and every Socket.IO client, is pinged"),
    setting("HEARTBEAT_TIMEOUT", "20s", "How long a ping waits for its answer before the connection is closed"),
    setting("AUTH_TIMEOUT", "10s", "How long a new WebSocket may take to authenticate"),
    setting("CONNECT_TIMEOUT", "45s", "How long a Socket.IO client may take to connect to its namespace"),
    setting("TYPING_TIMEOUT", "5s", "How long \"is typing\" holds without renewal"),
    setting(
        "PRESENCE_LEASE",
        "30s",
        "How long the other nodes wait for one that is silent before its users are offline",
    ),
    setting("TAIL_CHECK_INTERVAL", "5s", "How often a node asks the database whether the bus lost something"),
    setting("LOG_FORMAT", "pretty", "`pretty` for people, `json` for machines"),
    setting("RUST_LOG", "info", "What is logged, as tracing filter directives, for example `info,chat_http=debug`"),
];

/// The settings as lines for `--help`.
pub(crate) fn help() -> String {
    let line = |Setting { name, default, meaning }: &Setting| {
        let default = if default.is_empty() { String::new() } else { format!(" [default: {default}]") };
        format!("\n  {name}\n          {meaning}{default}\n")
    };
    let lines: String = SETTINGS.iter().map(line).collect::<Vec<_>>().concat();
    format!(
        "Settings, from the environment or from .env in the working folder (the environment wins):\n{lines}\n\
         Durations are written 500ms, 30s, 15m, 12h or 7d; a bare number counts seconds.\n\
         Limits are written 20/h, 10/15m, or 50/s,burst=500 where more may come at once.\n"
    )
}
