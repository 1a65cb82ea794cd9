//! Memory per idle connection.

use crate::client::{Endpoint, Heard, Link, Pass, Protocol, Way};
use crate::peer::{Peer, PeerKind};
use crate::process::resident_kib;
use crate::progress::Progress;
use crate::report::{Kind, Report};
use crate::say;
use crate::scene::Scene;
use crate::stage;
use chat_blackbox::{Person, Setup};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::task::JoinSet;

const STEPS: usize = 4;
const CONNECTING: usize = 64;
/// Memory is read when it has been constant for this long.
const SETTLING: Duration = Duration::from_millis(500);
/// Maximum number of reads, if memory never becomes constant.
const LOOKS: usize = 60;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Connections at the end, each of a different user
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Conversations of each user
    #[arg(long, default_value_t = 20)]
    conversations: usize,
    /// Members of each conversation
    #[arg(long, default_value_t = 20)]
    members: usize,
    /// How the clients connect; may be given several times
    #[arg(long = "entry", value_enum, default_values_t = Entry::ALL)]
    entries: Vec<Entry>,
}

/// A way of connecting. Each is measured separately, since the memory of a connection may depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Entry {
    /// Our server: authenticated by header, resuming
    HeaderResume,
    /// Our server: authenticated by header, no frame is sent
    Header,
    /// Our server: authenticated by subprotocol, no frame is sent
    Subprotocol,
    /// Our server: authenticated by a first frame `auth`
    FirstFrame,
    /// Our server: Socket.IO over a websocket from the start
    SocketIo,
    /// Our server: Socket.IO, upgraded from polling
    SocketIoUpgraded,
    /// The official Socket.IO server
    Peer,
}

impl Entry {
    const ALL: [Self; 7] = [
        Self::HeaderResume,
        Self::Header,
        Self::Subprotocol,
        Self::FirstFrame,
        Self::SocketIo,
        Self::SocketIoUpgraded,
        Self::Peer,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::HeaderResume => "ours, plain WebSocket",
            Self::Header => "ours, header alone",
            Self::Subprotocol => "ours, subprotocol",
            Self::FirstFrame => "ours, first frame",
            Self::SocketIo => "ours, Socket.IO clients",
            Self::SocketIoUpgraded => "ours, Socket.IO upgraded",
            Self::Peer => "official Socket.IO server",
        }
    }

    fn endpoint(self, base: &str) -> Endpoint {
        let (protocol, way) = match self {
            Self::HeaderResume => (Protocol::Plain, Way::Usual),
            Self::Header => (Protocol::Plain, Way::Header),
            Self::Subprotocol => (Protocol::Plain, Way::Subprotocol),
            Self::FirstFrame => (Protocol::Plain, Way::FirstFrame),
            Self::SocketIo | Self::Peer => (Protocol::SocketIo, Way::Usual),
            Self::SocketIoUpgraded => (Protocol::SocketIo, Way::Upgraded),
        };
        let address = base.strip_prefix("http://").expect("an address without TLS").to_owned();
        Endpoint { protocol, address, way, resumes: self != Self::Peer }
    }
}

pub(crate) async fn run(scene: &Scene, options: &Options, report: &mut Report) {
    say(format!(
        "idle: {} silent connections, each of a different user in {} conversations of {} members (who share all of \
         them), opened in {STEPS} steps;\n  \
         pings are answered. The figure is the slope of the server's resident memory over the number of connections \
         (least squares). The first step\n  \
         is left out, because it includes one-time costs. Kernel buffers are not included. The peer has rooms and no \
         users.",
        options.connections, options.conversations, options.members
    ));
    let people = if options.entries.iter().any(|&entry| entry != Entry::Peer) {
        Some(Everybody::of(&scene.setup(), options).await)
    } else {
        None
    };
    for &entry in &options.entries {
        let kib = match (entry, &people) {
            (Entry::Peer, _) => of_peer(scene, options).await,
            (_, Some(everybody)) => everybody.measure(entry, options).await,
            (_, None) => continue,
        };
        report.figure(
            Kind { scenario: "idle", figure: "resident memory per connection", unit: "KiB" },
            entry.name(),
            kib,
        );
    }
}

/// The accounts and conversations, which are kept when the server restarts.
struct Everybody {
    setup: Setup,
    people: Vec<Person>,
}

impl Everybody {
    async fn of(setup: &Setup, options: &Options) -> Self {
        let mut server = setup.start().await;
        let people = stage::people(&server, "u", options.connections).await;
        stage::teams(&people, options.members, options.conversations).await;
        server.terminate();
        server.ended().await;
        Self { setup: setup.clone(), people }
    }

    async fn measure(&self, entry: Entry, options: &Options) -> f64 {
        // A new process, without the memory that creating the accounts used.
        let server = self.setup.start().await;
        let endpoint = entry.endpoint(server.base());
        let passes: Vec<_> = self.people.iter().map(|person| Pass::new(&person.access_token, &[])).collect();
        let kib = slope_of(entry.name(), &endpoint, server.pid(), &passes, options).await;
        server.assert_untroubled();
        kib
    }
}

async fn of_peer(scene: &Scene, options: &Options) -> f64 {
    let peer = Peer::start(PeerKind::SocketIo, &scene.peers).await.expect("scripts/install-peers.sh has installed it");
    let rooms: Vec<Vec<String>> = (0..options.connections)
        .map(|number| {
            (0..options.conversations).map(|room| format!("room {} {room}", number / options.members)).collect()
        })
        .collect();
    let passes: Vec<_> = rooms.iter().map(|rooms| Pass::new("", rooms)).collect();
    slope_of(Entry::Peer.name(), &peer.endpoint, peer.pid(), &passes, options).await
}

/// The slope, in KiB per connection.
async fn slope_of(name: &str, endpoint: &Endpoint, pid: u32, passes: &[Pass<'_>], options: &Options) -> f64 {
    let mut progress = Progress::of(STEPS);
    let (mut held, mut points) = (JoinSet::new(), Vec::new());
    for step in 1..=STEPS {
        let wanted = options.connections * step / STEPS;
        progress.begin(&format!("idle: {name}, {wanted} connections"));
        let connecting = passes[held.len()..wanted].iter().map(|&pass| endpoint.connect(pass));
        let mut connecting = std::pin::pin!(futures_util::stream::iter(connecting).buffered(CONNECTING));
        while let Some(link) = connecting.next().await {
            held.spawn(hold(link));
        }
        let resident = settled(pid).await;
        points.push((wanted as f64, resident as f64));
        progress.step();
    }
    drop(progress);
    let steps: Vec<_> = points.iter().map(|(count, kib)| format!("{count:.0} connections {kib:.0} KiB")).collect();
    say(format!("  {name:<26} {}", steps.join(", ")));
    assert!(held.try_join_next().is_none(), "a connection ended");
    slope(&points[1..])
}

/// Answers pings until the connection ends.
async fn hold(mut link: Link) {
    let ended = link.until(|heard| matches!(heard, Heard::Event { name: "error", .. })).await;
    drop(ended);
}

async fn settled(pid: u32) -> u64 {
    let mut last = resident_kib(pid);
    for _ in 0..LOOKS {
        tokio::time::sleep(SETTLING).await;
        let now = resident_kib(pid);
        if now == last {
            return now;
        }
        last = now;
    }
    last
}

/// Returns the slope of the line of best fit.
pub(crate) fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    covariance / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_slope_of_a_line_is_its_own() {
        let slope = super::slope(&[(1.0, 5.0), (2.0, 8.0), (3.0, 11.0)]);
        assert!((slope - 3.0).abs() < 1e-9, "{slope}");
    }
}
