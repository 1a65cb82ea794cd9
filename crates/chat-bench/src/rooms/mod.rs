//! Many small rooms: 10,000 connections in rooms of 20. Messages become due evenly over all rooms (open loop), at rates
//! that rise until a server no longer keeps up.

mod phase;
mod rest;

use crate::contest::{Cell, Entrant, Leg, Size, Stand, Terms, explain_entrants, tell};
use crate::crowd::TEXT_BYTES;
use crate::progress::Progress;
use crate::report::{Kind, Report};
use crate::say;
use crate::scene::Scene;
use crate::send::Way;
use crate::table::{grouped, table};
use phase::Phase;
use std::collections::BTreeMap;

const SCENARIO: &str = "rooms";
/// A rate fits if 99 of 100 messages reach their last member within this time, in milliseconds.
const P99_LIMIT: f64 = 1_000.0;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Rooms or conversations on each server
    #[arg(long, default_value_t = 500)]
    rooms: usize,
    /// Members of each room, each with one connection
    #[arg(long, default_value_t = 20)]
    members: usize,
    /// Messages per second that become due. A server is not measured at rates above the first that does not fit
    #[arg(long = "rate", value_delimiter = ',',
          default_values_t = [1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000, 16_000, 24_000])]
    rates: Vec<u32>,
    /// How members send; other servers than ours have no REST
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Way::Socket, Way::Rest])]
    by: Vec<Way>,
    /// Which servers are measured, separated by commas. Ratios are of the first to each other
    #[arg(long = "entrant", value_enum, value_delimiter = ',', default_values_t = Entrant::EVERY_PEER)]
    entrants: Vec<Entrant>,
    #[command(flatten)]
    terms: Terms,
}

/// A rate, and how the messages are sent.
type Load = (Way, u32);

/// The legs of one server: one for each time that it was measured at this load.
type Legs = BTreeMap<Load, Vec<Leg>>;

pub(crate) async fn run(scene: &Scene, options: &Options, report: &mut Report) {
    explain(options);
    let size = Size { rooms: options.rooms, members: options.members };
    let mut stands = Vec::new();
    for &entrant in &options.entrants {
        match Stand::start(entrant, scene, options.terms.store, &options.terms.settings, size).await {
            Some(stand) => stands.push((stand, Legs::new())),
            None => say(format!("  {} is missing: scripts/install-peers.sh installs other servers", entrant.name())),
        }
    }
    let mut progress = Progress::of(options.terms.rounds * 2 * stands.len());
    for round in 1..=options.terms.rounds {
        let there = 0..stands.len();
        for number in there.clone().chain(there.rev()) {
            let (stand, legs) = &mut stands[number];
            progress.begin(&format!("rooms: {}, round {round}", stand.entrant.name()));
            measure(stand, legs, options).await;
            progress.step();
        }
    }
    let all_legs = options.terms.rounds * 2;
    let (mut checked, mut results) = (Vec::new(), Vec::new());
    for (stand, legs) in stands {
        let sent: Vec<_> = stand.rooms.iter().map(|room| room.sent).collect();
        stand.check(&sent).await;
        checked.push(stand.entrant.name());
        results.push((stand.entrant.name(), in_rounds(legs, all_legs)));
    }
    tell_limits(report, options, &results);
    tell(report, SCENARIO, &cells(options, &results));
    say(format!(
        "  Every message reached every member exactly once ({}). Our server has stored all of them and nothing else.",
        checked.join(", ")
    ));
}

fn explain(options: &Options) {
    say(format!(
        "rooms: {} connections in {} rooms of {} members on each server, on loopback; messages with a text of \
         {TEXT_BYTES} bytes.\n  \
         Messages become due evenly, one room after the other, whatever the server does (open loop); times count from \
         then. All members of a room take\n  \
         turns to send, on their own connections or over REST. The rate rises until the p99 to the last member exceeds \
         {P99_LIMIT:.0} ms.\n  \
         {} rounds, there and back (A B C C B A): a server's members connect, send {} s at each rate after a warm-up, \
         and disconnect before the next\n  \
         server's turn. Figures are medians of the rounds, ratios are taken within each round. CPU is the user and \
         kernel time of all processes\n  \
         of a server. One client reads for all with the same code, except for the framing. Each member counts each \
         message by its number; a lost or\n  \
         repeated message voids the run.",
        options.rooms * options.members,
        options.rooms,
        options.members,
        options.terms.rounds,
        options.terms.seconds,
    ));
    explain_entrants(&options.entrants, options.terms.store.name());
}

/// Connects the members, measures each load up to the first that does not fit, and disconnects them.
async fn measure(stand: &mut Stand, legs: &mut Legs, options: &Options) {
    let mut phase = Phase::connect(stand, &options.by).await;
    let time = std::time::Duration::from_secs(options.terms.seconds);
    for &way in &options.by {
        if way == Way::Rest && stand.site.is_none() {
            continue;
        }
        let Some(&first) = options.rates.first() else { return };
        phase.leg(way, first, time.min(phase::WARM_UP)).await;
        for &rate in &options.rates {
            let leg = phase.leg(way, rate, time).await;
            if leg.latency_at(0.99) > P99_LIMIT {
                break;
            }
            legs.entry((way, rate)).or_default().push(leg);
        }
    }
    phase.disconnect(stand).await;
}

/// Adds up the two legs of each round. A load counts only if it has fitted each time.
fn in_rounds(legs: Legs, all_legs: usize) -> Legs {
    let complete = legs.into_iter().filter(|(_, legs)| legs.len() == all_legs);
    let round = |legs: Vec<Leg>| {
        let (mut rounds, mut legs) = (Vec::new(), legs.into_iter());
        while let (Some(out), Some(back)) = (legs.next(), legs.next()) {
            rounds.push(out.and(&back));
        }
        rounds
    };
    complete.map(|(load, legs)| (load, round(legs))).collect()
}

/// Prints the highest rate that fitted.
fn tell_limits(report: &mut Report, options: &Options, results: &[(&'static str, Legs)]) {
    let mut rows = Vec::new();
    for (name, legs) in results {
        for &way in &options.by {
            let most = legs.keys().filter(|load| load.0 == way).map(|load| load.1).max();
            let shown = most.map_or_else(|| "none".to_owned(), |rate| grouped(f64::from(rate)));
            if most.is_some() || way == Way::Socket {
                rows.push(vec![(*name).to_owned(), way.name().to_owned(), shown]);
            }
            let kind = Kind { scenario: SCENARIO, figure: "highest rate that fitted", unit: "messages per second" };
            report.note(kind, &format!("{name}, by {}", way.name()), most.map_or(0.0, f64::from));
        }
    }
    for line in table(&["server", "senders", "highest rate that fitted, messages/s"], &rows) {
        say(line);
    }
}

fn cells(options: &Options, results: &[(&'static str, Legs)]) -> Vec<Cell> {
    let loads = options.by.iter().flat_map(|&way| options.rates.iter().map(move |&rate| (way, rate)));
    let cell = |load: Load| {
        let of_load = results.iter().filter_map(|(name, legs)| Some((*name, legs.get(&load)?.clone())));
        let load = format!("{}/s by {}", grouped(f64::from(load.1)), load.0.name());
        Cell { members: options.members, load, bare: None, results: of_load.collect() }
    };
    loads.map(cell).filter(|cell| !cell.results.is_empty()).collect()
}
