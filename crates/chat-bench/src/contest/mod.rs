//! Our server and the peer, measured in one run. The order of each round is A B C C B A, so that a disturbance of the
//! machine affects all of them alike.

mod leg;

pub(crate) use leg::{Leg, Pace, Subject};

use crate::client::{Endpoint, Protocol, Way};
use crate::crowd::Crowd;
use crate::peer::Peer;
use crate::process::Meter;
use crate::progress::Progress;
use crate::report::{Kind, Report};
use crate::say;
use crate::site::{Settings, Site, StoreKind};
use crate::stage;
use chat_blackbox::{Person, Setup};
use std::path::PathBuf;
use std::time::Duration;

/// The peer's conversation. Its name is as long as one of our conversation ids.
const ROOM: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A measured server with a type of client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Entrant {
    /// Our server with clients of the plain WebSocket
    Plain,
    /// Our server with clients of Socket.IO
    SocketIo,
    /// The official Socket.IO server
    Peer,
}

impl Entrant {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::SocketIo, Self::Peer];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "ours, plain WebSocket",
            Self::SocketIo => "ours, Socket.IO clients",
            Self::Peer => "official Socket.IO server",
        }
    }

    /// Returns how clients reach our server; `None` for the peer.
    pub(crate) fn endpoint(self, base: &str) -> Option<Endpoint> {
        let protocol = match self {
            Self::Plain => Protocol::Plain,
            Self::SocketIo => Protocol::SocketIo,
            Self::Peer => return None,
        };
        let address = base.strip_prefix("http://").expect("an address without TLS").to_owned();
        Some(Endpoint { protocol, address, way: Way::Usual, resumes: true })
    }
}

/// What is compared, and for how long.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Terms {
    /// Members of the conversation, each with one connection
    #[arg(long, default_value_t = 1_000)]
    pub(crate) members: usize,
    /// Duration of each leg, in seconds; a round has two legs per entrant
    #[arg(long, default_value_t = 3)]
    pub(crate) seconds: u64,
    /// Number of rounds
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// Which servers are measured; may be given several times
    #[arg(long = "entrant", value_enum, default_values_t = Entrant::ALL)]
    pub(crate) entrants: Vec<Entrant>,
    /// Where our server stores messages; the peer stores nothing
    #[arg(long, value_enum, default_value_t = StoreKind::Sqlite)]
    pub(crate) store: StoreKind,
    /// Path of the peer's script
    #[arg(long, default_value = "target/peers/socketio.mjs")]
    pub(crate) peer: PathBuf,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

/// The running servers and clients, which end on drop.
pub(crate) struct Contest {
    subjects: Vec<Subject>,
    /// Of our server: a user who can read a conversation, the conversation, and the index of its subject.
    histories: Vec<(Person, String, usize)>,
    site: Option<Site>,
    _peer: Option<Peer>,
}

impl Contest {
    /// Starts the servers and connects the members; the first `senders` of them send.
    pub(crate) async fn stage(setup: &Setup, terms: &Terms, senders: usize) -> Self {
        let is_ours = terms.entrants.iter().any(|&entrant| entrant != Entrant::Peer);
        let site = if is_ours { Some(Site::start(setup, terms.store, &terms.settings).await) } else { None };
        let peer = if terms.entrants.contains(&Entrant::Peer) { Some(Peer::start(&terms.peer).await) } else { None };
        let mut contest = Self { subjects: Vec::new(), histories: Vec::new(), site, _peer: None };
        for &entrant in &terms.entrants {
            let subject = match (&contest.site, &peer) {
                (Some(site), _) if entrant != Entrant::Peer => {
                    let people = stage::people(&site.server, "m", terms.members).await;
                    let others: Vec<_> = people[1..].iter().collect();
                    let conversation = people[0].group_with("everybody", &others).await;
                    let tokens: Vec<_> = people.iter().map(|person| person.access_token.clone()).collect();
                    let endpoint = entrant.endpoint(site.server.base()).expect("our server");
                    let crowd = Crowd::gather(&endpoint, &tokens, &conversation, senders).await;
                    contest.histories.push((people[0].clone(), conversation, contest.subjects.len()));
                    Subject { name: entrant.name(), crowd, meter: site.meter() }
                }
                (_, Some(peer)) => {
                    let tokens = vec![String::new(); terms.members];
                    let crowd = Crowd::gather(&peer.endpoint, &tokens, ROOM, senders).await;
                    Subject { name: entrant.name(), crowd, meter: Meter::of(peer.pid()) }
                }
                _ => continue,
            };
            contest.subjects.push(subject);
        }
        Self { _peer: peer, ..contest }
    }

    pub(crate) fn subject(&self, entrant: Entrant) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.name == entrant.name())
    }

    /// Runs all rounds, after one warm-up leg for each subject. Returns the rounds of each subject.
    pub(crate) async fn run(&self, what: &str, pace: Pace, terms: &Terms) -> Vec<(&Subject, Vec<Leg>)> {
        let time = Duration::from_secs(terms.seconds);
        let mut progress = Progress::of((terms.rounds * 2 + 1) * self.subjects.len());
        let mut results: Vec<(&Subject, Vec<Leg>)> =
            self.subjects.iter().map(|subject| (subject, Vec::new())).collect();
        for (subject, _) in &results {
            progress.begin(&format!("{what}: {}, warm-up", subject.name));
            subject.leg(pace, time).await;
            progress.step();
        }
        for round in 1..=terms.rounds {
            let mut there = Vec::new();
            for (subject, _) in &results {
                progress.begin(&format!("{what}: {}, round {round}", subject.name));
                there.push(subject.leg(pace, time).await);
                progress.step();
            }
            for (subject, rounds) in results.iter_mut().rev() {
                progress.begin(&format!("{what}: {}, round {round}, and back", subject.name));
                let back = subject.leg(pace, time).await;
                progress.step();
                rounds.push(there.pop().expect("as many legs out as back").and(&back));
            }
        }
        results
    }

    /// Checks that our server has stored exactly what it delivered.
    pub(crate) async fn check(&self) {
        for (reader, conversation, subject) in &self.histories {
            let (stored, sent) =
                (reader.history(conversation).await.len() as u64, self.subjects[*subject].crowd.totals().sent);
            assert_eq!(stored, sent, "stored and delivered messages differ");
        }
        if let Some(site) = &self.site {
            site.server.assert_untroubled();
        }
        say("  Every message reached every member once and in order, and was acknowledged. Our server stored every \
             message.");
    }
}

/// Reports one figure of each subject, and its ratio to the peer's.
pub(crate) fn compare(report: &mut Report, kind: Kind, results: &[(&Subject, Vec<Leg>)], of: impl Fn(&Leg) -> f64) {
    let figures: Vec<(&str, Vec<f64>)> =
        results.iter().map(|(subject, rounds)| (subject.name, rounds.iter().map(&of).collect())).collect();
    for (name, rounds) in &figures {
        report.rounds(kind, name, rounds);
    }
    let Some((peer, theirs)) = figures.iter().find(|(name, _)| *name == Entrant::Peer.name()) else { return };
    for (name, rounds) in figures.iter().filter(|(name, _)| name != peer) {
        report.ratio(kind, (name, rounds), (peer, theirs));
    }
}

/// Reports how the CPU time was shared, which is needed to judge the other figures.
pub(crate) fn circumstances(report: &mut Report, scenario: &'static str, results: &[(&Subject, Vec<Leg>)]) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    for (subject, rounds) in results {
        let sum = |of: fn(&Leg) -> f64| rounds.iter().map(of).sum::<f64>();
        let time = sum(|leg| leg.time.as_secs_f64()) * cores / 100.0;
        let bytes = sum(|leg| leg.bytes as f64) / sum(|leg| leg.deliveries as f64);
        let others = sum(|leg| leg.others.as_secs_f64()) / time;
        say(format!(
            "  {:<26} {:.0} messages to {} members, {bytes:.0} bytes of JSON each; {:.0} deliveries per second; CPU \
             of all cores: server {:.0} %, client {:.0} %, other processes {others:.0} %",
            subject.name,
            sum(|leg| leg.messages as f64),
            subject.crowd.members(),
            sum(Leg::per_second) / rounds.len() as f64,
            sum(|leg| leg.cpu.as_secs_f64()) / time,
            sum(|leg| leg.client.as_secs_f64()) / time,
        ));
        report.note(Kind { scenario, figure: "bytes per delivery", unit: "bytes" }, subject.name, bytes);
        report.note(Kind { scenario, figure: "CPU of other processes", unit: "% of the cores" }, subject.name, others);
    }
}
