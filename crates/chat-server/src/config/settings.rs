//! All settings in one table: the reader takes its defaults from it, `--help` prints it, and tests compare it with
//! `.env.example` and the README.

/// One setting, as an environment variable or a line of `.env`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// The default, written as in `.env`; empty if there is none to write.
    pub(crate) default: &'static str,
    /// What the setting does, in one sentence.
    pub(crate) meaning: &'static str,
}

const fn setting(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default, meaning }
}

/// The settings, in the order of `--help` and the README.
pub(crate) const SETTINGS: &[Setting] = &[
    setting("HOST", "127.0.0.1", "Address to listen on; `0.0.0.0` listens on every network"),
    setting("PORT", "3000", "Port of REST, WebSocket and Socket.IO; `0` takes any free port and logs it"),
    setting(
        "REALTIME_PORT",
        "3002",
        "A second port with the same services, where the default dialect is `camel`; `0` or empty turns it off",
    ),
    setting(
        "ADMIN_HOST",
        "127.0.0.1",
        "Address of the metrics; every client that can reach it can read them, so do not use a public network",
    ),
    setting("ADMIN_PORT", "9090", "Port of `/metrics`; `0` turns it off. Each node on one machine needs its own port"),
    setting(
        "DATABASE_URL",
        "sqlite://data/chat.db",
        "`sqlite://` and a file path, or `postgres://user:password@host/database`, which several nodes can share",
    ),
    setting("DATABASE_POOL_SIZE", "10", "PostgreSQL: connections for everything but sends"),
    setting(
        "DATABASE_POOL_QUEUE",
        "1024",
        "PostgreSQL: how many calls may wait for a connection; further calls get 503",
    ),
    setting("DATABASE_WRITERS", "2", "PostgreSQL: connections for sends, which share commits"),
    setting("DATABASE_WRITE_QUEUE", "4096", "PostgreSQL: how many sends may wait; further sends get 503"),
    setting(
        "DATABASE_WAIT_TIMEOUT",
        "5s",
        "PostgreSQL: how long a call or send may wait in its queue before it gets 503",
    ),
    setting("DATABASE_CONNECT_TIMEOUT", "5s", "PostgreSQL: how long one connection attempt may take"),
    setting("DATABASE_STATEMENT_TIMEOUT", "10s", "PostgreSQL: how long one statement may run"),
    setting(
        "DATABASE_START_TIMEOUT",
        "1m",
        "PostgreSQL: how long to wait at start for a database that is not reachable yet",
    ),
    setting(
        "REDIS_URL",
        "",
        "`redis://` or `rediss://` address that joins nodes into a cluster; both secrets must be set then. Empty: a \
         single node",
    ),
    setting("REDIS_PREFIX", "chat", "Prefix of every key and channel in Redis; each cluster needs its own"),
    setting("REDIS_TIMEOUT", "500ms", "How long a node waits for Redis before it continues without it"),
    setting("APP_ENV", "development", "`development`, `test` or `production`; if not set, `NODE_ENV` is read"),
    setting(
        "JWT_SECRET",
        "",
        "Signs access tokens: 32 bytes or more, or `id:secret,id:secret` for rotation (the first signs, all verify); \
         development makes and keeps one if it is not set",
    ),
    setting("JWT_REFRESH_SECRET", "", "Signs refresh tokens: same format, a different secret"),
    setting("JWT_EXPIRATION", "15m", "Lifetime of an access token"),
    setting("JWT_REFRESH_EXPIRATION", "7d", "Lifetime of a session that is not used"),
    setting("BCRYPT_COST", "12", "bcrypt cost of password hashes, 4 to 15; production requires 10 or more"),
    setting(
        "REGISTRATION",
        "open",
        "Who can create an account: `open` (anyone), `invite` (anyone with a code of `chat-server users invite`) or \
         `closed` (no one)",
    ),
    setting(
        "PASSWORD_BLOCKLIST",
        "",
        "`on` rejects the most common passwords at registration and password change, `off` accepts them; if empty, \
         `on` in production only",
    ),
    setting(
        "ALLOWED_ORIGINS",
        "",
        "Web origins that may call the API and connect, separated by commas; if empty: any `localhost` origin in \
         development, none in production",
    ),
    setting(
        "PRESENCE_AUDIENCE",
        "contacts",
        "Who sees a user's presence: `contacts` (users who share a group with the user, or have exchanged messages \
         with the user) or `everyone`",
    ),
    setting("MESSAGE_MAX_LENGTH", "2000", "The maximum length of messages, in characters; at most 65536"),
    setting("MESSAGE_EDIT_WINDOW", "0s", "How long after its sending the author may edit a message; `0s`: always"),
    setting(
        "MESSAGE_DELETE_WINDOW",
        "0s",
        "How long after its sending the author may delete a message; `0s`: always. Admins of a group always may",
    ),
    setting(
        "MESSAGE_EDIT_HISTORY",
        "participants",
        "Who sees the earlier versions of messages: `participants`, `admins` (of the group) or `off` (nobody)",
    ),
    setting(
        "TRUSTED_PROXIES",
        "",
        "Addresses and networks of the proxies whose `X-Forwarded-For` is trusted, separated by commas; if empty, the \
         header is ignored",
    ),
    setting("RATE_LIMIT", "on", "`off` turns off all limits below, for load tests; production rejects it"),
    setting(
        "RATE_LIMIT_LOGINS",
        "10/15m",
        "Failed logins by one email or one username from one address (counted separately); a wrong current password \
         counts for both",
    ),
    setting("RATE_LIMIT_LOGINS_PER_ADDRESS", "100/15m", "Failed logins from one address, for all accounts together"),
    setting("RATE_LIMIT_REGISTRATIONS", "20/h", "Registration attempts with a valid body from one address"),
    setting(
        "RATE_LIMIT_SENDS",
        "50/s,burst=500",
        "Messages sent, edited or deleted by one user, and their reactions and pins, over REST and sockets together",
    ),
    setting(
        "RATE_LIMIT_REQUESTS",
        "100/s,burst=1000",
        "All other requests and commands of one user, or of one address without a valid token",
    ),
    setting("RATE_LIMIT_SIGNALS", "10/s,burst=50", "Typing, presence and call signals of one user"),
    setting("RATE_LIMIT_CONNECTS", "20/s,burst=300", "Attempts to open a socket from one address"),
    setting(
        "FRAME_BUDGET",
        "20/s,burst=200",
        "Pings and other frames of one socket that no limit above counts; a socket over this limit is closed; applies \
         with `RATE_LIMIT=off` too",
    ),
    setting("MAX_CONNECTIONS", "100000", "Maximum number of sockets of this node"),
    setting("MAX_CONNECTIONS_PER_USER", "20", "Maximum number of sockets of one user on this node"),
    setting(
        "MAX_CONVERSATIONS_PER_USER",
        "10000",
        "Maximum number of conversations that one user has created or joined by invite code; beyond it, 409",
    ),
    setting(
        "MAX_CALLS_PER_USER",
        "4",
        "Database reads, and separately writes, that run at once for one user; one read slot is always left for other \
         users (on SQLite at most 3 of 4 are used)",
    ),
    setting("MAX_WAITING_CALLS_PER_USER", "256", "How many database calls of one user may wait; further calls get 429"),
    setting("WORKERS", "0", "Number of worker threads; `0`: one per core"),
    setting(
        "SHUTDOWN_DELAY",
        "0s",
        "How long the server keeps serving after SIGTERM while `/health/ready` returns 503, so that load balancers can \
         react; use `5s` behind a proxy",
    ),
    setting(
        "SHUTDOWN_TIMEOUT",
        "30s",
        "After `SHUTDOWN_DELAY`: how long the server waits for open requests and sockets to finish",
    ),
    setting("HEARTBEAT_INTERVAL", "25s", "How often the server pings an idle WebSocket, and every Socket.IO client"),
    setting(
        "HEARTBEAT_TIMEOUT",
        "20s",
        "How long the server waits for the answer to a ping before it closes the connection",
    ),
    setting("AUTH_TIMEOUT", "10s", "How long a WebSocket client may take to authenticate"),
    setting("CONNECT_TIMEOUT", "45s", "How long a Socket.IO client may take to connect to its namespace"),
    setting("TYPING_TIMEOUT", "5s", "How long a typing notice lasts without renewal"),
    setting(
        "PRESENCE_LEASE",
        "30s",
        "How long a node may be silent before the other nodes show its users as offline; also decides how long new \
         features wait in an upgrade",
    ),
    setting("TAIL_CHECK_INTERVAL", "5s", "How often a node checks the database for events that the bus lost"),
    setting("LOG_FORMAT", "pretty", "`pretty` for people, `json` for machines"),
    setting("RUST_LOG", "info", "Log filter, as tracing directives, for example `info,chat_http=debug`"),
];

/// The settings as text for `--help`.
pub(crate) fn help() -> String {
    let line = |Setting { name, default, meaning }: &Setting| {
        let default = if default.is_empty() { String::new() } else { format!(" [default: {default}]") };
        format!("\n  {name}\n          {meaning}{default}\n")
    };
    let lines: String = SETTINGS.iter().map(line).collect::<Vec<_>>().concat();
    format!(
        "Settings, from the environment or from .env in the working directory (the environment wins):\n{lines}\n\
         Durations are written 500ms, 30s, 15m, 12h or 7d; a number without a unit is in seconds.\n\
         Rate limits are written 20/h, 10/15m, or 50/s,burst=500 to allow a burst.\n"
    )
}
