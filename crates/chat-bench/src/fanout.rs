//! Deliveries per CPU-second of messages to every member of a large conversation, one at a time or in bursts; and their
//! latency at a rate that the peer can sustain.

use crate::contest::{Contest, Entrant, Leg, Pace, Terms, circumstances, compare};
use crate::report::{Kind, Report};
use crate::say;
use chat_blackbox::Setup;
use hdrhistogram::Histogram;
use std::time::Duration;

/// Members who send in turn, in the scenarios that do not vary the number of senders.
const SENDERS: usize = 16;

const PER_CPU_SECOND: &str = "deliveries per CPU-second of the server";

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct BurstOptions {
    /// Messages per burst, each from a different member; with --steady, messages in flight
    #[arg(long, default_value_t = 16)]
    in_flight: u64,
    /// Instead of bursts: send the next message whenever one has reached every member
    #[arg(long)]
    steady: bool,
    #[command(flatten)]
    terms: Terms,
}

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LatencyOptions {
    /// Messages per second; by default half of the peer's peak rate, which is measured first
    #[arg(long)]
    rate: Option<f64>,
    #[command(flatten)]
    terms: Terms,
}

/// Measures one message at a time.
pub(crate) async fn one_at_a_time(setup: &Setup, terms: &Terms, report: &mut Report) {
    throughput(setup, "fanout", Pace::InFlight(1), terms, report).await;
}

/// Measures several messages in flight.
pub(crate) async fn burst(setup: &Setup, options: &BurstOptions, report: &mut Report) {
    let pace = if options.steady { Pace::InFlight(options.in_flight) } else { Pace::Bursts(options.in_flight) };
    throughput(setup, "burst", pace, &options.terms, report).await;
}

async fn throughput(setup: &Setup, scenario: &'static str, pace: Pace, terms: &Terms, report: &mut Report) {
    let (senders, how) = match pace {
        Pace::InFlight(1) | Pace::Rate(_) => {
            (1, "one message at a time: the next is sent when every member has received the last".to_owned())
        }
        Pace::InFlight(count) => (
            count,
            format!("{count} in flight, from as many members: one is sent whenever one has reached all members"),
        ),
        Pace::Bursts(count) => (
            count,
            format!("bursts of {count} messages from as many members: the next when all have received the last"),
        ),
    };
    explain(scenario, &how, terms);
    let contest = Contest::stage(setup, terms, usize::try_from(senders).expect("few")).await;
    let results = contest.run(scenario, pace, terms).await;
    compare(report, Kind { scenario, figure: PER_CPU_SECOND, unit: "" }, &results, Leg::per_cpu_second);
    circumstances(report, scenario, &results);
    contest.check().await;
}

/// Measures the latency to the last member.
pub(crate) async fn latency(setup: &Setup, options: &LatencyOptions, report: &mut Report) {
    let scenario = "latency";
    explain(
        scenario,
        "messages become due at a fixed rate (open loop); latency is from then until the last\n  member has received \
         the message (the client's timer adds up to 1 ms). Without --rate, the rate is half of the peer's peak, one \
         message at a time",
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

/// Measures the peer's peak rate, and returns half of it in messages per second.
async fn half_of_the_peak(contest: &Contest, terms: &Terms, report: &mut Report) -> f64 {
    let peer = contest.subject(Entrant::Peer).expect("without the peer, --rate is needed");
    let time = Duration::from_secs(terms.seconds);
    // The first leg is a warm-up.
    peer.leg(Pace::InFlight(1), time).await;
    let peak = peer.leg(Pace::InFlight(1), time).await.per_second();
    report.figure(Kind { scenario: "latency", figure: "peak deliveries per second", unit: "" }, peer.name, peak);
    let rate = peak / 2.0 / peer.crowd.members() as f64;
    say(format!("  {rate:.1} messages are due per second."));
    rate
}

fn explain(scenario: &str, how: &str, terms: &Terms) {
    let (members, seconds, rounds) = (terms.members, terms.seconds, terms.rounds);
    say(format!(
        "{scenario}: {members} members of one conversation on each server, one connection each, on loopback; {how}.\n  \
         {rounds} rounds, in each two legs of {seconds} s per server, after a warm-up; figures are medians of the \
         rounds. Our server authenticates and stores ({});\n  \
         the peer does neither. CPU is the CPU time of all processes of a server, as the kernel counts it.",
        terms.store.name()
    ));
}
