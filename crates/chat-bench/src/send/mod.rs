//! Durable sends per second and their latency: the ack follows the commit, which is on disk.

mod load;

use crate::disk;
use crate::report::{Kind, Report};
use crate::say;
use crate::site::{Log, Settings, Site, Spent, StoreKind};
use chat_blackbox::{Person, Setup};
use hdrhistogram::Histogram;
use load::{Client, Sent, Timetable};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long the disk is probed.
const PROBE: Duration = Duration::from_secs(2);

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
    /// Duration in seconds, after the warm-up
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Duration of the warm-up, in seconds
    #[arg(long, default_value_t = 3)]
    warm_up: u64,
    #[command(flatten)]
    settings: Settings,
}

pub(crate) async fn run(setup: &Setup, options: &Options, report: &mut Report) {
    explain(options);
    let site = Site::start(setup, options.store, &options.settings).await;
    disk::probe(&site.store_folder(), PROBE);
    let (conversations, clients) = stage(&site, options).await;
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
    tokio::time::sleep_until(end.into()).await;
    let spent = site.sample().await.since(before);
    let done = running.join_all().await;
    tell(report, options, &done, spent, window);
    if let Some((now, before)) = site.log().zip(log) {
        tell_commits(options, spent, now.since(before), done.iter().map(|client| client.ids.len()).sum());
    }
    check(&conversations, &done).await;
    say("  Every acked message is in the history exactly once.");
    site.server.assert_untroubled();
}

fn explain(options: &Options) {
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
        "send: {} keep-alive clients POST messages of 64 characters, each with a key, to {} conversations; {when}.\n  \
         A 201 follows the commit ({}). {} s are counted, after {} s of warm-up. Client, server and database share the \
         machine.",
        options.clients,
        options.conversations,
        options.store.name(),
        options.seconds,
        options.warm_up
    ));
}

/// A conversation, and a member who can read it.
type Place = (String, Person);

/// Creates the accounts, and the conversations that they send to.
async fn stage(site: &Site, options: &Options) -> (Vec<Place>, Vec<Client>) {
    let mut members: Vec<Vec<Person>> = vec![Vec::new(); options.conversations];
    for number in 0..options.clients.max(options.conversations * 2) {
        members[number % options.conversations].push(site.server.register(&format!("m{number}")).await);
    }
    let (mut conversations, mut clients) = (Vec::new(), Vec::new());
    for people in members {
        let others: Vec<_> = people[1..].iter().collect();
        let conversation = people[0].group_with("a group", &others).await;
        for person in &people {
            clients.push(Client::connect(site.server.base(), person, &conversation).await);
        }
        conversations.push((conversation, people[0].clone()));
    }
    clients.truncate(options.clients);
    (conversations, clients)
}

fn tell(report: &mut Report, options: &Options, clients: &[Sent], spent: Spent, window: Instant) {
    let mut waits: Histogram<u64> = Histogram::new(3).expect("three digits");
    for client in clients {
        waits.add(&client.waits).expect("equal histograms");
    }
    let count = waits.len() as f64;
    let last = clients.iter().filter_map(|client| client.last_ack).max().unwrap_or(window);
    let seconds = Duration::from_secs(options.seconds).max(last - window).as_secs_f64();
    let at = |quantile| waits.value_at_quantile(quantile) as f64 / 1_000.0;
    say(format!(
        "  {:.0} durable sends per second ({count} in {seconds:.1} s); latency p50 {:.1} ms, p99 {:.1} ms, p99.9 {:.1} \
         ms, longest {:.1} ms",
        count / seconds,
        at(0.5),
        at(0.99),
        at(0.999),
        waits.max() as f64 / 1_000.0,
    ));
    let rate = count / seconds * spent.time.as_secs_f64();
    let each = |time: Duration| time.as_secs_f64() * 1e6 / rate;
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let share = |time: Duration| 100.0 * time.as_secs_f64() / (spent.time.as_secs_f64() * cores);
    let database = spent.database.unwrap_or_default();
    say(format!(
        "  CPU per send: server {:.0} µs, database {:.0} µs, client {:.0} µs. Of {cores} cores: server {:.0} %, \
         database {:.0} %, client {:.0} %, other processes {:.0} %, stolen by the host {:.0} %",
        each(spent.server),
        each(database),
        each(spent.client),
        share(spent.server),
        share(database),
        share(spent.client),
        share(spent.others),
        share(spent.stolen),
    ));
    let mut note =
        |figure, unit, value| report.note(Kind { scenario: "send", figure, unit }, options.store.name(), value);
    note("durable sends per second", "", count / seconds);
    note("latency, p50", "ms", at(0.5));
    note("latency, p99", "ms", at(0.99));
    note("CPU of the server per send", "µs", each(spent.server));
    note("CPU of the database per send", "µs", each(database));
    note("CPU of other processes", "% of the cores", share(spent.others));
}

/// Reports how many sends share a commit in the counted time, and the syncs of the disk over the whole run.
fn tell_commits(options: &Options, spent: Spent, log: Log, sends: usize) {
    let seconds = (options.warm_up + options.seconds) as f64;
    say(format!(
        "  {:.1} messages per commit, {:.0} commits per second; {:.0} syncs of the log per second, {:.2} ms each on \
         average, busy {:.0} % of the time; {:.1} KiB of log per message",
        spent.commits.sends / spent.commits.count.max(1.0),
        spent.commits.count / spent.time.as_secs_f64(),
        log.syncs / seconds,
        log.sync_millis / log.syncs.max(1.0),
        log.sync_millis / seconds / 10.0,
        log.bytes / 1_024.0 / sends.max(1) as f64,
    ));
}

/// Checks that every acked message is in its conversation's history once, that the history is numbered from 1 without a
/// gap, and that it contains nothing else.
async fn check(conversations: &[Place], sent: &[Sent]) {
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
