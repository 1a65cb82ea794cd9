//! Durable sends per second and their latency: the ack follows the commit, which is on disk.

mod growth;
mod load;
mod tell;

use crate::disk;
use crate::progress::Progress;
use crate::report::Report;
use crate::say;
use crate::scene::Scene;
use crate::site::{Settings, Site, StoreKind};
use chat_blackbox::Person;
use growth::Growth;
use load::{Client, Timetable};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tell::{Figure, Figures};
use tokio::task::JoinSet;

pub(crate) use load::Way;

/// How long the disk is probed.
const PROBE: Duration = Duration::from_secs(2);
/// How often to look at the embedded database's log, which it begins anew several times a second.
const LOOK: Duration = Duration::from_millis(20);

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// The store of the server
    #[arg(long, value_enum, default_value_t = StoreKind::Sqlite)]
    store: StoreKind,
    /// Number of clients, each with its own account and one keep-alive connection
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Number of conversations, which are assigned to the clients in turn
    #[arg(long, default_value_t = 16)]
    conversations: usize,
    /// Messages per second that become due, at a fixed rate (open loop); without it, each client sends its next message
    /// when the last is acked (closed loop)
    #[arg(long)]
    rate: Option<f64>,
    /// How clients send, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Way::Rest])]
    by: Vec<Way>,
    /// Number of rounds; each has two legs for each way to send, and for the build of `--before` if there is one
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Duration of each leg in seconds, after the warm-up
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Duration of the warm-up, in seconds
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    #[command(flatten)]
    settings: Settings,
}

/// A way to send to a build of the server.
struct Variant {
    name: String,
    is_before: bool,
    way: Way,
}

pub(crate) async fn run(scene: &Scene, options: &Options, report: &mut Report) {
    let variants = variants(scene, options);
    explain(options, variants.len());
    let mut results: Vec<_> = variants.iter().map(|variant| (variant.name.clone(), Vec::new())).collect();
    let mut progress = Progress::of(options.rounds * 2 * variants.len());
    for round in 1..=options.rounds {
        let mut out = Vec::new();
        let there = 0..variants.len();
        for (step, number) in there.clone().chain(there.rev()).enumerate() {
            progress.begin(&format!("send: {}, round {round}", variants[number].name));
            let figures = leg(&variants[number], scene, options, round == 1 && step == 0).await;
            progress.step();
            if step < variants.len() {
                out.push(figures);
            } else {
                results[number].1.push(out.pop().expect("as many legs out as back").and(&figures));
            }
        }
    }
    tell::tell(report, options.store.name(), &results);
    say("  Every acked message is in the history exactly once.");
}

fn variants(scene: &Scene, options: &Options) -> Vec<Variant> {
    let builds = [false, true].into_iter().filter(|&is_before| !is_before || scene.before.is_some());
    let all = builds.flat_map(|is_before| options.by.iter().map(move |&way| (is_before, way)));
    let variant = |(is_before, way): (bool, Way)| {
        let build = if is_before { "ours, before" } else { "ours" };
        Variant { name: format!("{build}, {}", way.name()), is_before, way }
    };
    all.map(variant).collect()
}

/// Starts a server, and sends for some time.
async fn leg(variant: &Variant, scene: &Scene, options: &Options, is_first: bool) -> Figures {
    let setup = scene.setup_before().filter(|_| variant.is_before).unwrap_or_else(|| scene.setup());
    let site = Site::start(&setup, options.store, &options.settings).await;
    if is_first {
        disk::probe(&site.store_folder(), PROBE);
    }
    let (conversations, clients) = stage(&site, variant.way, options).await;
    let log = site.log();
    let begin = Instant::now() + Duration::from_millis(100);
    let window = begin + Duration::from_secs(options.warm_up);
    let end = window + Duration::from_secs(options.seconds);
    let timetable = Arc::new(Timetable::new(begin, window, end, options.rate));
    let mut running = JoinSet::new();
    for client in clients {
        running.spawn(client.send(timetable.clone()));
    }
    tokio::time::sleep_until(window.into()).await;
    let before = site.sample().await;
    let growth = grow(&site, &timetable, end).await;
    let spent = site.sample().await.since(before);
    let clients = running.join_all().await;
    let mut figures = Figures::new(&clients, spent, window, Duration::from_secs(options.seconds));
    if let Some((now, before)) = site.log().zip(log) {
        let seconds = (options.warm_up + options.seconds) as f64;
        figures.set_commits(spent, now.since(before), seconds, timetable.acked());
    } else if let Some(bytes) = growth {
        figures.set(Figure::LogBytes, bytes);
    }
    check(&conversations, &clients).await;
    site.server.assert_untroubled();
    figures
}

/// Waits until the end. Returns how much the log of the embedded database grew per message.
async fn grow(site: &Site, timetable: &Timetable, end: Instant) -> Option<f64> {
    let Some(database) = site.embedded() else {
        tokio::time::sleep_until(end.into()).await;
        return None;
    };
    let mut growth = Growth::of(&database);
    while Instant::now() < end {
        growth.look(timetable.acked());
        tokio::time::sleep_until(end.min(Instant::now() + LOOK).into()).await;
    }
    growth.per_message()
}

fn explain(options: &Options, variants: usize) {
    let when = options.rate.map_or_else(
        || "closed loop: each sends its next message when the last is acked".to_owned(),
        |rate| {
            format!(
                "open loop: {rate:.0} become due per second, evenly; the next free client sends each, and latency \
                 counts from\n  when it was due (the client's timer adds up to 1 ms)"
            )
        },
    );
    say(format!(
        "send: {} clients send messages of 64 characters, each with a key, to {} conversations; {when}.\n  \
         Over REST they use keep-alive connections, and nobody receives. On sockets (plain WebSocket) each member of \
         a conversation also receives\n  \
         its messages. An ack follows the commit ({}). {} s are counted, after {} s of warm-up, on a new server each \
         time. Client, server and\n  \
         database share the machine.",
        options.clients,
        options.conversations,
        options.store.name(),
        options.seconds,
        options.warm_up
    ));
    if variants * options.rounds > 1 {
        say(format!(
            "  {} rounds, there and back (A B B A). Figures are medians of the rounds, ratios are taken within each \
             round.",
            options.rounds
        ));
    }
    if options.store == StoreKind::Sqlite {
        say("  Log bytes: pages added to the write-ahead log per message, with their headers, from the log's index.");
    }
}

/// A conversation, and a member who can read it.
type Place = (String, Person);

/// Creates the accounts, and the conversations that they send to.
async fn stage(site: &Site, way: Way, options: &Options) -> (Vec<Place>, Vec<Client>) {
    let mut members: Vec<Vec<Person>> = vec![Vec::new(); options.conversations];
    for number in 0..options.clients.max(options.conversations * 2) {
        members[number % options.conversations].push(site.server.register(&format!("m{number}")).await);
    }
    let (mut conversations, mut clients) = (Vec::new(), Vec::new());
    for people in members {
        let others: Vec<_> = people[1..].iter().collect();
        let conversation = people[0].group_with("a group", &others).await;
        for person in &people {
            clients.push(Client::connect(way, site.server.base(), person, &conversation).await);
        }
        conversations.push((conversation, people[0].clone()));
    }
    clients.truncate(options.clients);
    (conversations, clients)
}

/// Checks that every acked message is in its conversation's history once, that the history is numbered from 1 without a
/// gap, and that it contains nothing else.
async fn check(conversations: &[Place], sent: &[Client]) {
    let mut acked: HashMap<&str, HashSet<&str>> = HashMap::new();
    for client in sent {
        let of_place = acked.entry(client.conversation.as_str()).or_default();
        for id in &client.ids {
            assert!(of_place.insert(id), "two sends were acked as one message");
        }
    }
    for (conversation, reader) in conversations {
        let history = reader.history(conversation).await;
        assert!(
            history.iter().zip(1..).all(|(message, seq)| message["seq"] == seq),
            "the history has a gap or a repeat"
        );
        let stored: HashSet<_> = history.iter().filter_map(|message| message["id"].as_str()).collect();
        assert_eq!(stored.len(), history.len(), "a message is in the history twice");
        let acked = acked.remove(conversation.as_str()).unwrap_or_default();
        assert!(acked == stored, "acked and stored messages differ");
    }
}
