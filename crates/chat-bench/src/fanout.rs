//! Deliveries per CPU-second to every member of a conversation, and how long the last member waits.

use crate::baseline;
use crate::contest::{Cell, Contest, Entrant, Pace, Terms, explain_entrants, tell};
use crate::crowd::TEXT_BYTES;
use crate::report::{Kind, Report};
use crate::say;
use crate::scene::Scene;
use std::time::Duration;

/// Members who send in turn where senders are not what is measured.
const SENDERS: usize = 16;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Members of the conversation, each with one connection; several numbers are measured one after the other
    #[arg(long, value_delimiter = ',', default_values_t = [20, 100, 1_000])]
    members: Vec<usize>,
    /// Messages that have not reached every member yet; several numbers are measured one after the other
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16])]
    in_flight: Vec<u64>,
    /// One member sends all of them, on one connection, without waiting for answers
    #[arg(long)]
    pipelined: bool,
    /// Sends all of them at once, and the next when every member has all of the last
    #[arg(long, conflicts_with = "pipelined")]
    bursts: bool,
    /// Which servers are measured, separated by commas. Ratios are of the first to each other
    #[arg(long = "entrant", value_enum, value_delimiter = ',', default_values_t = Entrant::EVERY_PEER)]
    entrants: Vec<Entrant>,
    #[command(flatten)]
    terms: Terms,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LatencyOptions {
    /// Members of the conversation, each with one connection
    #[arg(long, default_value_t = 1_000)]
    members: usize,
    /// Messages per second; without it, half of what the official Socket.IO server reaches one at a time, as measured
    /// just before
    #[arg(long)]
    rate: Option<f64>,
    /// Which servers are measured, separated by commas. Ratios are of the first to each other
    #[arg(long = "entrant", value_enum, value_delimiter = ',', default_values_t = Entrant::FEW)]
    entrants: Vec<Entrant>,
    #[command(flatten)]
    terms: Terms,
}

pub(crate) async fn run(scene: &Scene, options: &Options, report: &mut Report) {
    let how = if options.bursts {
        "all messages in flight are sent at once, from as many members; the next when every member has all of them"
    } else if options.pipelined {
        "one member sends on one connection; the next message is sent when every member has one of those in flight"
    } else {
        "as many members as messages in flight take turns to send; the next message is sent when every member has one \
         of those in flight"
    };
    explain("fanout", how, &options.entrants, &options.terms);
    let mut cells = Vec::new();
    for &members in &options.members {
        let most = options.in_flight.iter().copied().max().unwrap_or(1);
        let senders = if options.pipelined { 1 } else { usize::try_from(most).expect("few").min(members) };
        let contest = Contest::stage(scene, &options.entrants, &options.terms, members, senders).await;
        for &count in &options.in_flight {
            let senders = senders.min(usize::try_from(count).expect("few"));
            let pace = if options.bursts { Pace::Bursts { count, senders } } else { Pace::InFlight { count, senders } };
            // With more in flight, several deliveries may share a write.
            let bare = (count == 1).then(|| baseline::bare(members));
            let what = format!("fanout, {members} members, {}", pace.label());
            let results = contest.run(&what, pace, &options.terms).await;
            cells.push(Cell { members, load: pace.label(), bare, results });
        }
        contest.check().await;
    }
    tell(report, "fanout", &cells);
    checked();
}

/// How long the last member waits.
pub(crate) async fn latency(scene: &Scene, options: &LatencyOptions, report: &mut Report) {
    let how = "messages become due evenly, whatever the server does (open loop), and times count from then (a timer \
               of the client's adds up to 1 ms)";
    explain("latency", how, &options.entrants, &options.terms);
    let senders = SENDERS.min(options.members);
    let contest = Contest::stage(scene, &options.entrants, &options.terms, options.members, senders).await;
    let rate = match options.rate {
        Some(rate) => rate,
        None => half_of_the_peak(&contest, options, report).await,
    };
    let pace = Pace::Rate { rate, senders };
    let results = contest.run("latency", pace, &options.terms).await;
    contest.check().await;
    tell(report, "latency", &[Cell { members: options.members, load: pace.label(), bare: None, results }]);
    checked();
}

/// In messages per second.
async fn half_of_the_peak(contest: &Contest, options: &LatencyOptions, report: &mut Report) -> f64 {
    let peer = contest.subject(Entrant::Peer).expect("--rate is needed without the official Socket.IO server");
    let (time, pace) = (Duration::from_secs(options.terms.seconds), Pace::InFlight { count: 1, senders: 1 });
    // The first leg warms it up.
    peer.leg(pace, time).await;
    let peak = peer.leg(pace, time).await.per_second();
    let kind = Kind { scenario: "latency", figure: "peak, deliveries per second of the clock", unit: "" };
    report.figure(kind, peer.name(), peak);
    peak / 2.0 / options.members as f64
}

fn explain(scenario: &str, how: &str, entrants: &[Entrant], terms: &Terms) {
    say(format!(
        "{scenario}: the members of one conversation or room on each server, one connection each, on loopback; \
         messages with a text of {TEXT_BYTES} bytes.\n  \
         {how}.\n  \
         {} rounds of legs of {} s, there and back (A B C C B A), after one leg of each to warm up; figures are \
         medians of the rounds, ratios are taken\n  \
         within each round. CPU is the user and kernel time of all processes of a server. One client reads for all \
         of them with the same code, except for the framing.\n  \
         Each member counts each message by its number; a lost or repeated message voids the run.",
        terms.rounds, terms.seconds
    ));
    explain_entrants(entrants, terms.store.name());
}

fn checked() {
    say("  Every message reached every member exactly once. Our server has stored all of them and nothing else.");
}
