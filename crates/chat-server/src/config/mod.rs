//! The configuration: one typed value, read from the environment and `.env`, and checked as a whole before anything
//! starts.

mod choices;
mod cut;
mod database;
mod faults;
mod keys;
mod limits;
mod prose;
mod reader;
mod redis;
mod secrets;
mod settings;
mod source;
mod values;
mod weakness;

pub(crate) use choices::{Environment, LogFormat};
pub(crate) use cut::Cut;
pub(crate) use database::Database;
pub(crate) use faults::InvalidConfig;
pub(crate) use limits::RateLimits;
pub(crate) use secrets::Keys;
pub(crate) use settings::help;
use source::NODE_ENV;
pub(crate) use source::Source;
pub(crate) use values::parse_duration;

use chat_domain::auth::{PasswordPolicy, RegistrationMode};
use chat_domain::messages::{EditHistory, MessageLimit};
use chat_domain::presence::PresenceAudience;
use chat_domain::rate_limits::Quota;
use chat_http::TrustedProxies;
use chat_redis::RedisSettings;
use choices::{AUDIENCES, EDIT_HISTORIES, ENVIRONMENTS, LOG_FORMATS, REGISTRATIONS, SWITCH};
use reader::Reader;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use values::{parse_origin, parse_quota};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);
const ACCESS_LIFETIMES: RangeInclusive<Duration> = SECOND..=DAY;
const REFRESH_LIFETIMES: RangeInclusive<Duration> = SECOND..=Duration::from_hours(24 * 365);
const MESSAGE_WINDOWS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24 * 3_650);
const SHUTDOWN_DELAYS: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_mins(5);
const SHUTDOWN_TIMEOUTS: RangeInclusive<Duration> = SECOND..=Duration::from_mins(10);
const TIMERS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(10);
const BCRYPT_COSTS: RangeInclusive<u32> = 4..=15;
const MIN_PRODUCTION_BCRYPT_COST: u32 = 10;
const MOST_CONNECTIONS: usize = 10_000_000;
const MOST_CONVERSATIONS: u32 = 10_000_000;
const MOST_CALLS: usize = 1_000_000;
const MOST_WORKERS: usize = 1_024;
/// The timers of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionTimers {
    /// The time between two pings of an idle connection.
    pub(crate) heartbeat_interval: Duration,
    /// The time that a ping waits for its pong.
    pub(crate) heartbeat_timeout: Duration,
    /// The time that a new socket may take to send a token.
    pub(crate) auth_timeout: Duration,
    /// The time that a new Socket.IO session may take to connect to its namespace.
    pub(crate) connect_timeout: Duration,
}

/// All settings, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) environment: Environment,
    pub(crate) host: IpAddr,
    pub(crate) port: u16,
    /// The port of the second listener; `None`: no second listener.
    pub(crate) realtime_port: Option<u16>,
    /// The address of the metrics; `None`: no metrics.
    pub(crate) admin: Option<SocketAddr>,
    pub(crate) database: Database,
    /// `None`: this node runs alone.
    pub(crate) redis: Option<RedisSettings>,
    /// For tests of upgrades; empty in a release build.
    pub(crate) cut: Cut,
    /// `None`: the server makes the keys and keeps them beside the database.
    pub(crate) access_keys: Option<Keys>,
    /// `None`: the server makes the keys and keeps them beside the database.
    pub(crate) refresh_keys: Option<Keys>,
    pub(crate) access_lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) bcrypt_cost: u32,
    pub(crate) registration: RegistrationMode,
    pub(crate) refuses_common_passwords: bool,
    /// The origins in lower case. `None`: the rule of the environment.
    pub(crate) allowed_origins: Option<Vec<String>>,
    pub(crate) presence_audience: PresenceAudience,
    pub(crate) messages: MessageRules,
    pub(crate) trusted_proxies: TrustedProxies,
    /// Whether the trusted proxies cover most addresses, so that clients can forge the address they come from.
    trusts_everybody: bool,
    /// `None`: rate limits are off.
    pub(crate) rate_limits: Option<RateLimits>,
    /// The budget for frames of one socket that no rate limit counts.
    pub(crate) frame_budget: Quota,
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_user: usize,
    pub(crate) max_conversations_per_user: u32,
    pub(crate) max_calls_per_user: usize,
    pub(crate) max_waiting_calls_per_user: usize,
    pub(crate) workers: usize,
    pub(crate) shutdown_delay: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) timers: ConnectionTimers,
    pub(crate) typing_timeout: Duration,
    pub(crate) tail_check_interval: Duration,
    pub(crate) log_format: LogFormat,
    /// Valid filter directives.
    pub(crate) log_filter: String,
}

/// What may be done with messages after they were sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageRules {
    /// `None`: always.
    pub(crate) edit_window: Option<Duration>,
    /// `None`: always.
    pub(crate) delete_window: Option<Duration>,
    pub(crate) edit_history: EditHistory,
    pub(crate) limit: MessageLimit,
}

impl Config {
    /// Reads and checks every setting. The error lists every fault.
    pub(crate) fn read(source: &Source) -> Result<Self, InvalidConfig> {
        let mut reader = Reader::new(source);
        let environment = read_environment(&mut reader);
        let production = environment == Some(Environment::Production);
        let host = read_host(&mut reader, "HOST");
        let port = reader.number("PORT", &(0..=u16::MAX));
        let realtime_port = read_realtime_port(&mut reader, port);
        let admin_host = read_host(&mut reader, "ADMIN_HOST");
        let admin_port = reader.number("ADMIN_PORT", &(0..=u16::MAX));
        let database = database::read(&mut reader);
        let redis = redis::read(&mut reader);
        let cut = cut::read(&mut reader);
        let (access_keys, refresh_keys) = keys::read(&mut reader, production);
        let access_lifetime = reader.duration("JWT_EXPIRATION", ACCESS_LIFETIMES);
        let refresh_lifetime = reader.duration("JWT_REFRESH_EXPIRATION", REFRESH_LIFETIMES);
        if access_lifetime > refresh_lifetime && refresh_lifetime.is_some() {
            reader.fault(
                "JWT_REFRESH_EXPIRATION",
                "is shorter than JWT_EXPIRATION",
                "set it to at least JWT_EXPIRATION",
            );
        }
        let bcrypt_cost = reader.number("BCRYPT_COST", &BCRYPT_COSTS);
        if production && bcrypt_cost.is_some_and(|cost| cost < MIN_PRODUCTION_BCRYPT_COST) {
            reader.fault("BCRYPT_COST", "is too low for production", "set it to 10 or more, or remove it");
        }
        let registration = reader.choice("REGISTRATION", REGISTRATIONS);
        let refuses_common_passwords = match reader.given("PASSWORD_BLOCKLIST") {
            Some(_) => reader.choice("PASSWORD_BLOCKLIST", SWITCH),
            None => Some(production),
        };
        let allowed_origins = read_origins(&mut reader);
        let presence_audience = reader.choice("PRESENCE_AUDIENCE", AUDIENCES);
        let messages = read_message_rules(&mut reader);
        let (trusted_proxies, trusts_everybody) = limits::read_proxies(&mut reader, production);
        let rate_limits = limits::read(&mut reader, production);
        let frame_budget = reader.parsed("FRAME_BUDGET", limits::QUOTA_FORM, parse_quota);
        let max_connections = reader.number("MAX_CONNECTIONS", &(1..=MOST_CONNECTIONS));
        let max_connections_per_user = reader.number("MAX_CONNECTIONS_PER_USER", &(1..=MOST_CONNECTIONS));
        let max_conversations_per_user = reader.number("MAX_CONVERSATIONS_PER_USER", &(1..=MOST_CONVERSATIONS));
        let max_calls_per_user = reader.number("MAX_CALLS_PER_USER", &(1..=MOST_CALLS));
        let max_waiting_calls_per_user = reader.number("MAX_WAITING_CALLS_PER_USER", &(1..=MOST_CALLS));
        let workers = reader.number("WORKERS", &(0..=MOST_WORKERS));
        let shutdown_delay = reader.duration("SHUTDOWN_DELAY", SHUTDOWN_DELAYS);
        let shutdown_timeout = reader.duration("SHUTDOWN_TIMEOUT", SHUTDOWN_TIMEOUTS);
        let heartbeat_interval = reader.duration("HEARTBEAT_INTERVAL", TIMERS);
        let heartbeat_timeout = reader.duration("HEARTBEAT_TIMEOUT", TIMERS);
        let auth_timeout = reader.duration("AUTH_TIMEOUT", TIMERS);
        let connect_timeout = reader.duration("CONNECT_TIMEOUT", TIMERS);
        let typing_timeout = reader.duration("TYPING_TIMEOUT", TIMERS);
        let tail_check_interval = reader.duration("TAIL_CHECK_INTERVAL", TIMERS);
        let log_format = reader.choice("LOG_FORMAT", LOG_FORMATS);
        let log_filter =
            reader.parsed("RUST_LOG", "filter directives, such as info or info,chat_http=debug", parse_filter);
        reader.finish(|| {
            Some(Self {
                environment: environment?,
                host: host?,
                port: port?,
                realtime_port: realtime_port?,
                admin: Some(SocketAddr::new(admin_host?, admin_port?)).filter(|address| address.port() > 0),
                database: database?,
                redis: redis?,
                cut: cut?,
                access_keys,
                refresh_keys,
                access_lifetime: access_lifetime?,
                refresh_lifetime: refresh_lifetime?,
                bcrypt_cost: bcrypt_cost?,
                registration: registration?,
                refuses_common_passwords: refuses_common_passwords?,
                allowed_origins,
                presence_audience: presence_audience?,
                messages: messages?,
                trusted_proxies,
                trusts_everybody,
                rate_limits: rate_limits?,
                frame_budget: frame_budget?,
                max_connections: max_connections?,
                max_connections_per_user: max_connections_per_user?,
                max_conversations_per_user: max_conversations_per_user?,
                max_calls_per_user: max_calls_per_user?,
                max_waiting_calls_per_user: max_waiting_calls_per_user?,
                workers: workers?,
                shutdown_delay: shutdown_delay?,
                shutdown_timeout: shutdown_timeout?,
                timers: ConnectionTimers {
                    heartbeat_interval: heartbeat_interval?,
                    heartbeat_timeout: heartbeat_timeout?,
                    auth_timeout: auth_timeout?,
                    connect_timeout: connect_timeout?,
                },
                typing_timeout: typing_timeout?,
                tail_check_interval: tail_check_interval?,
                log_format: log_format?,
                log_filter: log_filter?,
            })
        })
    }

    /// The rules for new passwords.
    pub(crate) fn password_policy(&self) -> PasswordPolicy {
        PasswordPolicy { refuses_common: self.refuses_common_passwords, ..PasswordPolicy::default() }
    }

    /// Problems that do not prevent the start, for the operator.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<_> = [("JWT_SECRET", &self.access_keys), ("JWT_REFRESH_SECRET", &self.refresh_keys)]
            .into_iter()
            .filter_map(|(name, keys)| Some((name, keys.as_ref()?.weakness()?)))
            .map(|(name, weakness)| format!("{name} {weakness}: production mode rejects it"))
            .collect();
        if self.redis.is_some() && matches!(self.database, Database::File(_)) {
            warnings.push("REDIS_URL is set, but DATABASE_URL names a file, which only one node can use".to_owned());
        }
        if self.environment != Environment::Production && !self.host.is_loopback() {
            warnings.push(format!(
                "THIS SERVER IS NOT IN PRODUCTION MODE AND LISTENS ON {}: other machines can reach it, its secrets may \
                 be weak, and pages of any \
                 localhost origin may call it. Set APP_ENV=production, or HOST=127.0.0.1",
                self.host
            ));
        }
        if self.trusts_everybody {
            let warning = "TRUSTED_PROXIES covers most IP addresses: clients can forge their address";
            warnings.push(warning.to_owned());
        }
        warnings
    }
}

/// The address to listen on, read without checking the other settings.
pub(crate) fn listen_address(source: &Source) -> Result<SocketAddr, InvalidConfig> {
    let mut reader = Reader::new(source);
    let host = read_host(&mut reader, "HOST");
    let port = reader.number("PORT", &(1..=u16::MAX));
    reader.finish(|| Some(SocketAddr::new(host?, port?)))
}

fn read_message_rules(reader: &mut Reader<'_>) -> Option<MessageRules> {
    let window = |window: Duration| Some(window).filter(|window| !window.is_zero());
    let edit_window = reader.duration("MESSAGE_EDIT_WINDOW", MESSAGE_WINDOWS).map(window);
    let delete_window = reader.duration("MESSAGE_DELETE_WINDOW", MESSAGE_WINDOWS).map(window);
    let edit_history = reader.choice("MESSAGE_EDIT_HISTORY", EDIT_HISTORIES);
    let limit = reader.number("MESSAGE_MAX_LENGTH", &(1..=MessageLimit::GREATEST.get()));
    Some(MessageRules {
        edit_window: edit_window?,
        delete_window: delete_window?,
        edit_history: edit_history?,
        limit: MessageLimit::parse(limit?).ok()?,
    })
}

fn read_host(reader: &mut Reader<'_>, name: &str) -> Option<IpAddr> {
    reader.parsed(name, "an IP address, such as 127.0.0.1 or 0.0.0.0", parse_host)
}

fn parse_host(text: &str) -> Option<IpAddr> {
    if text.eq_ignore_ascii_case("localhost") { Some(Ipv4Addr::LOCALHOST.into()) } else { text.parse().ok() }
}

/// `Some(None)` if the second port is off.
#[allow(clippy::option_option)] // The outer option says whether the value is valid, as everywhere here.
fn read_realtime_port(reader: &mut Reader<'_>, main: Option<u16>) -> Option<Option<u16>> {
    if reader.is_blank("REALTIME_PORT") {
        return Some(None);
    }
    let port = reader.number("REALTIME_PORT", &(0..=u16::MAX))?;
    if port > 0 && main == Some(port) {
        reader.fault("REALTIME_PORT", "is the same as PORT", "set it to another port, or to 0 to turn it off");
    }
    Some(Some(port).filter(|port| *port > 0))
}

fn parse_filter(text: &str) -> Option<String> {
    EnvFilter::try_new(text).ok().map(|_| text.to_owned())
}

fn read_environment(reader: &mut Reader<'_>) -> Option<Environment> {
    let name = if reader.given("APP_ENV").is_none() && reader.given(NODE_ENV).is_some() { NODE_ENV } else { "APP_ENV" };
    reader.choice(name, ENVIRONMENTS)
}

fn read_origins(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let listed = reader.given("ALLOWED_ORIGINS")?.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    let mut origins = Vec::new();
    for origin in listed {
        match parse_origin(origin) {
            Some(origin) => origins.push(origin),
            None => reader.fault(
                "ALLOWED_ORIGINS",
                format!("names \"{origin}\""),
                "write origins as browsers send them, such as https://chat.example.com or http://localhost:5173",
            ),
        }
    }
    Some(origins)
}

#[cfg(test)]
mod tests;
