//! Deliveries per CPU-second: messages to every member of a large conversation, one at a time or in bursts, and how
//! long they take at a rate that the peer can bear.

use crate::contest::{Contest, Entrant, Leg, Pace, Terms, circumstances, compare};
use crate::report::{Kind, Report};
use crate::say;
use chat_blackbox::Setup;
use hdrhistogram::Histogram;
use std::time::Duration;

/// Members who send in turn where that is not what is measured.
const SENDERS: usize = 16;

const PER_CPU_SECOND: &str = "deliveries per CPU-second of the server";

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct BurstOptions {
    /// Messages in a burst, each from another member; or in flight
    #[arg(long, default_value_t = 16)]
    in_flight: u64,
    /// Not in bursts: whenever a message has reached every member, the next is sent
    #[arg(long)]
    steady: bool,
    #[command(flatten)]
    terms: Terms,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LatencyOptions {
    /// Messages per second; without it, half of what the peer does one at a time, as measured just before
    #[arg(long)]
    rate: Option<f64>,
    #[command(flatten)]
    terms: Terms,
}

/// One message at a time.
pub(crate) async fn one_at_a_time(setup: &Setup, terms: &Terms, report: &mut Report) {
    throughput(setup, "fanout", Pace::InFlight(1), terms, report).await;
}

/// Several in flight.
pub(crate) async fn burst(setup: &Setup, options: &BurstOptions, report: &mut Report) {
    let pace = if options.steady { Pace::InFlight(options.in_flight) } else { Pace::Bursts(options.in_flight) };
    throughput(setup, "burst", pace, &options.terms, report).await;
}

async fn throughput(setup: &Setup, scenario: &'static str, pace: Pace, terms: &Terms, report: &mut Report) {
    let (senders, how) = match pace {
        Pace::InFlight(1) | Pace::Rate(_) => {
            (1, "one message at a time: the next is sent when every member has the last".to_owned())
        }
        Pace::InFlight(count) => {
            (count, format!("{count} in flight, from as many members: one is sent whenever one has reached everybody"))
        }
        Pace::Bursts(count) => (
            count,
            format!("bursts of {count} messages from as many members: the next when every member has all of the last"),
        ),
    };
    explain(scenario, &how, terms);
    let contest = Contest::stage(setup, terms, usize::try_from(senders).expect("few")).await;
    let results = contest.run(scenario, pace, terms).await;
    compare(report, Kind { scenario, figure: PER_CPU_SECOND, unit: "" }, &results, Leg::per_cpu_second);
    circumstances(report, scenario, &results);
    contest.check().await;
}

/// How long the last member waits.
pub(crate) async fn latency(setup: &Setup, options: &LatencyOptions, report: &mut Report) {
    let scenario = "latency";
    explain(
        scenario,
        "messages become due evenly, whatever the server does (open loop); counted from then until the last\n  member \
         has it (a timer of the client's adds up to 1 ms). Half of the peer's rate: of what it does by the clock, one \
         at a time",
        &options.terms,
    );
    let contest = Contest::stage(setup, &options.terms, SENDERS).await;
    let rate = match options.rate {
        Some(rate) => rate,
        None => half_of_the_peak(&contest, &options.terms, report).await,
    };
    let results = contest.run(scenario, Pace::Rate(rate), &options.terms).await;
    for (figure, quantile) in [("to the last member, p50", 0.5), ("to the last member, p99", 0.99)] {
        compare(report, Kind { scenario, figure, unit: "ms" }, &results, |leg| leg.latency_at(quantile));
    }
    for (subject, rounds) in &results {
        let mut whole: Histogram<u64> = Histogram::new(3).expect("three digits");
        for round in rounds {
            whole.add(&round.latency).expect("equal histograms");
        }
        let at = |quantile| whole.value_at_quantile(quantile) as f64 / 1_000.0;
        say(format!(
            "  {:<26} all rounds together: p50 {:.2} ms, p99 {:.2} ms, p99.9 {:.2} ms, longest {:.2} ms",
            subject.name,
            at(0.5),
            at(0.99),
            at(0.999),
            whole.max() as f64 / 1_000.0,
        ));
        report.note(
            Kind { scenario, figure: "to the last member, p99 of all rounds", unit: "ms" },
            subject.name,
            at(0.99),
        );
    }
    circumstances(report, scenario, &results);
    contest.check().await;
}

/// In messages per second.
async fn half_of_the_peak(contest: &Contest, terms: &Terms, report: &mut Report) -> f64 {
    let peer = contest.subject(Entrant::Peer).expect("without the peer, --rate is needed");
    let time = Duration::from_secs(terms.seconds);
    // The first leg warms it up.
    peer.leg(Pace::InFlight(1), time).await;
    let peak = peer.leg(Pace::InFlight(1), time).await.per_second();
    report.figure(
        Kind { scenario: "latency", figure: "peak, deliveries per second of the clock", unit: "" },
        peer.name,
        peak,
    );
    let rate = peak / 2.0 / peer.crowd.members() as f64;
    say(format!("  {rate:.1} messages are due per second."));
    rate
}

fn explain(scenario: &str, how: &str, terms: &Terms) {
    let (members, seconds, rounds) = (terms.members, terms.seconds, terms.rounds);
    say(format!(
        "{scenario}: {members} members of one conversation on each server, one connection each, on loopback; {how}.\n  \
         {rounds} rounds of legs of {seconds} s, there and back, after one of each to warm up; medians of the rounds. \
         Ours authenticates and stores ({});\n  \
         the peer does neither. CPU is that of all processes of a server, by the kernel.",
        terms.store.name()
    ));
}
