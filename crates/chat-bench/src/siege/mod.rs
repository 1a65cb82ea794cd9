//! The effect of a few malicious clients on all others.

mod bare;
mod offender;
mod probe;
mod resources;

pub(crate) use bare::serve as accept_and_close;

use crate::client;
use crate::report::{Kind, Report};
use crate::say;
use bare::Bare;
use chat_blackbox::{Person, Server, Setup};
use offender::{Offenders, Script};
use probe::{Waits, probe};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The number of concurrent offenders.
const OFFENDERS: usize = 2;

/// The request of an honest client, on a new connection each time.
const HEALTH: &str = "GET /health/live HTTP/1.1\r\nhost: siege\r\nconnection: close\r\n\r\n";

/// An upgrade request like that of clients, with a fixed nonce.
const UPGRADE: &str = "host: siege\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Attack {
    /// Empty pings on a WebSocket without a token
    Pings,
    /// Frames without meaning on a WebSocket without a token
    Frames,
    /// Engine.IO packets without meaning, on a Socket.IO websocket without a token
    Packets,
    /// Connects to namespaces that do not exist
    Namespaces,
    /// Commands over their limit, on an authenticated WebSocket
    Refused,
    /// Requests that fail, pipelined on one connection
    Pipelined,
    /// Refused upgrades, requested as quickly as possible
    Upgrades,
    /// 2,000 Socket.IO websockets, each with most of a large frame: memory
    Unfinished,
    /// One user requests deep pages of a long list, 64 at a time
    Pages,
    /// Wrong passwords in requests to change a password
    Guesses,
    /// Requests without authentication: bytes of log
    Log,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Which attacks are measured, by default all; may be given several times
    #[arg(long = "attack", value_enum)]
    attacks: Vec<Attack>,
    /// Duration of each attack, in seconds
    #[arg(long, default_value_t = 61)]
    seconds: u64,
    /// Bytes per second of each offender
    #[arg(long, default_value_t = 1_000_000)]
    rate: usize,
    /// Conversations of the user who requests pages
    #[arg(long, default_value_t = 10_000)]
    conversations: usize,
}

/// Production settings, with rate limits for addresses of this machine too. Registration allows many accounts.
fn production(setup: &Setup) -> Setup {
    setup
        .clone()
        .set("APP_ENV", "production")
        .set("RATE_LIMIT", "on")
        .set("RATE_LIMIT_REGISTRATIONS", "1000000/h")
        .set("BCRYPT_COST", "10")
        .set("JWT_SECRET", "k3Jv9QxT2mZp7LsW4nRb8YcF6hDg1AeU")
        .set("JWT_REFRESH_SECRET", "Zr5Xw8Nq1Kd4Vt7Gb0Hm3Pj6Lc9Sf2Ay")
}

pub(crate) async fn run(setup: &Setup, options: &Options, report: &mut Report) {
    say(format!(
        "siege: malicious clients, and how long others wait meanwhile. Floods: {OFFENDERS} threads write {} bytes per \
         second each, over one connection at a time that\n  \
         they reopen when it is closed. An honest client requests /health/live every 20 ms on a new connection; \
         requests that are due after the first second\n  \
         count. The baseline is a bare server under the same load, which accepts connections and closes them. \
         Production settings, {} s each.",
        options.rate, options.seconds
    ));
    let all = <Attack as clap::ValueEnum>::value_variants();
    let attacks = if options.attacks.is_empty() { all } else { &options.attacks };
    let setup = production(setup);
    for attack in attacks {
        let server = setup.start().await;
        match attack {
            Attack::Unfinished => resources::unfinished(&server, report).await,
            Attack::Pages => resources::pages(&setup, options, report).await,
            Attack::Guesses => resources::guesses(&server, options, report).await,
            Attack::Log => resources::log(&server, report).await,
            flood => {
                let person = Person::register(&server.rest(), "mallory").await;
                let script = script(*flood, &person, options.rate);
                besiege(flood, &server, &script, options, report).await;
            }
        }
    }
}

async fn besiege(attack: &Attack, server: &Server, script: &Script, options: &Options, report: &mut Report) {
    let name = format!("{attack:?}").to_lowercase();
    let time = Duration::from_secs(options.seconds);
    let address = server.base().trim_start_matches("http://").to_owned();
    let (ours, opened, written) = under(&address, HEALTH, script, time).await;
    let bare = Bare::start();
    let (floor, ..) = under(&bare.address, "", script, time).await;
    let kind = |figure, unit| Kind { scenario: "siege", figure, unit };
    say(format!(
        "  {name:<12} {opened} connections, {:.1} MB written; failed requests: {} to our server, {} to the bare one",
        written as f64 / 1e6,
        ours.failed,
        floor.failed
    ));
    report.figure(kind("/health/live, p50", "ms"), &name, ours.quantile(0.5));
    let p99 = ours.quantile(0.99);
    report.figure(kind("/health/live, p99", "ms"), &name, p99);
    report.ratio(kind("/health/live, p99", "ms"), (&name, p99), ("accept and close", floor.quantile(0.99)));
}

async fn under(address: &str, request: &'static str, script: &Script, time: Duration) -> (Waits, u64, u64) {
    let offenders = Offenders::start(OFFENDERS, address, script);
    let waits = probe(address, request, time).await;
    let counts = offenders.counts();
    (waits, counts.opened.load(Ordering::Relaxed), counts.written.load(Ordering::Relaxed))
}

fn script(attack: Attack, person: &Person, rate: usize) -> Script {
    let upgrade = |path: &str, header: &str| format!("GET {path} HTTP/1.1\r\n{header}{UPGRADE}").into_bytes();
    let plain = || upgrade("/api/v1/ws", "");
    let socketio = || upgrade("/socket.io/?EIO=4&transport=websocket", "");
    let quiet = Script { handshake: Vec::new(), greeting: Vec::new(), noise: Vec::new(), rate };
    match attack {
        Attack::Pings => Script { handshake: plain(), noise: client::ping(), ..quiet },
        Attack::Frames => Script { handshake: plain(), noise: client::frame_of("{}"), ..quiet },
        Attack::Packets => Script { handshake: socketio(), noise: client::frame_of("3"), ..quiet },
        Attack::Namespaces => Script { handshake: socketio(), noise: client::frame_of("40/other,"), ..quiet },
        Attack::Refused => {
            let bearer = format!("authorization: Bearer {}\r\n", person.access_token);
            let noise = client::frame_of(r#"{"event":"presence:update","data":{"status":"away"},"id":"1"}"#);
            Script { handshake: upgrade("/api/v1/ws", &bearer), noise, ..quiet }
        }
        Attack::Pipelined => {
            let noise = b"GET /api/v1/nowhere HTTP/1.1\r\nhost: siege\r\n\r\n".to_vec();
            Script { noise, ..quiet }
        }
        // Refused without a 101, so that the offender reconnects at once.
        Attack::Upgrades => Script { handshake: upgrade("/api/v1/nowhere", ""), noise: b"x".to_vec(), ..quiet },
        Attack::Unfinished | Attack::Pages | Attack::Guesses | Attack::Log => quiet,
    }
}
