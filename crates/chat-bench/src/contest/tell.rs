use super::{Entrant, Leg};
use crate::report::{Kind, Report, ratios, spread};
use crate::say;
use crate::table::{grouped, table};

const PER_CPU_SECOND: &str = "deliveries per CPU-second of the server";
const P99: &str = "to the last member, p99";

/// One load, and what it cost each server.
pub(crate) struct Cell {
    pub(crate) members: usize,
    pub(crate) load: String,
    /// Deliveries per CPU-second with one bare `send()` each, where that is a bound.
    pub(crate) bare: Option<f64>,
    /// The rounds of each server.
    pub(crate) results: Vec<(&'static str, Vec<Leg>)>,
}

/// Prints what each server does for a message.
pub(crate) fn explain_entrants(entrants: &[Entrant], store: &str) {
    say("  What each does for a message:");
    if entrants.iter().any(|entrant| entrant.peer().is_none()) {
        say(format!(
            "  - ours: authenticates every connection, checks membership and repeated keys, numbers the message, \
             stores it ({store}), and acknowledges and delivers it when it is on disk"
        ));
    }
    for entrant in entrants.iter().filter_map(|entrant| entrant.peer()) {
        say(format!("  - {}", entrant.work()));
    }
}

/// Prints a table of the figures, then how many times the others' figures those of the first server are.
pub(crate) fn tell(report: &mut Report, scenario: &'static str, cells: &[Cell]) {
    let heads = [
        "server",
        "members",
        "load",
        "deliveries/CPU-s",
        "rounds from",
        "to",
        "deliveries/s",
        "p50 ms",
        "p99 ms",
        "bytes",
        "server",
        "client",
        "others",
    ];
    let rows: Vec<_> = cells.iter().flat_map(|cell| cell.results.iter().map(|result| row(cell, result))).collect();
    for line in table(&heads, &rows) {
        say(line);
    }
    say("  p50 and p99: from when a message was sent or due until the last member has it. bytes: JSON or text per \
         delivery. server, client, others: % of the cores.");
    for cell in cells {
        record(report, scenario, cell);
    }
    compare(report, scenario, cells, PER_CPU_SECOND, Leg::per_cpu_second);
    compare(report, scenario, cells, P99, |leg| leg.latency_at(0.99));
}

fn row(cell: &Cell, (name, rounds): &(&'static str, Vec<Leg>)) -> Vec<String> {
    let of = |of: fn(&Leg) -> f64| spread(&rounds.iter().map(of).collect::<Vec<_>>());
    let (median, least, most) = of(Leg::per_cpu_second);
    let share = |of: fn(&Leg) -> f64| format!("{:.0}", 100.0 * rounds.iter().map(of).sum::<f64>() / core_time(rounds));
    vec![
        (*name).to_owned(),
        grouped(cell.members as f64),
        cell.load.clone(),
        grouped(median),
        grouped(least),
        grouped(most),
        grouped(of(Leg::per_second).0),
        format!("{:.2}", of(|leg| leg.latency_at(0.5)).0),
        format!("{:.2}", of(|leg| leg.latency_at(0.99)).0),
        grouped(of(|leg| leg.bytes as f64 / leg.deliveries as f64).0),
        share(|leg| leg.cpu.as_secs_f64()),
        share(|leg| leg.client.as_secs_f64()),
        share(|leg| leg.others.as_secs_f64()),
    ]
}

/// The time of the rounds on all cores, in seconds.
fn core_time(rounds: &[Leg]) -> f64 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    rounds.iter().map(|leg| leg.time.as_secs_f64()).sum::<f64>() * cores
}

/// Stores the figures of the table.
fn record(report: &mut Report, scenario: &'static str, cell: &Cell) {
    for (name, rounds) in &cell.results {
        let subject = format!("{name}, {} members, {}", cell.members, cell.load);
        let mut record = |figure, unit, of: &dyn Fn(&Leg) -> f64| {
            let figures: Vec<_> = rounds.iter().map(of).collect();
            report.record(Kind { scenario, figure, unit }, &subject, &figures);
        };
        record(PER_CPU_SECOND, "", &Leg::per_cpu_second);
        record("deliveries per second", "", &Leg::per_second);
        record("to the last member, p50", "ms", &|leg| leg.latency_at(0.5));
        record(P99, "ms", &|leg| leg.latency_at(0.99));
        record("bytes per delivery", "bytes", &|leg| leg.bytes as f64 / leg.deliveries as f64);
        record("all else on the machine", "seconds of CPU", &|leg| leg.others.as_secs_f64());
    }
}

/// Prints the first server's figure as a multiple of each other server's, within each round, as median and range.
fn compare(
    report: &mut Report,
    scenario: &'static str,
    cells: &[Cell],
    figure: &'static str,
    of: impl Fn(&Leg) -> f64 + Copy,
) {
    let figures = |rounds: &[Leg]| rounds.iter().map(of).collect::<Vec<_>>();
    let mut rows = Vec::new();
    let all_first = cells.iter().find_map(|cell| cell.results.first()).map(|(name, _)| *name);
    for cell in cells {
        // The first server may have no figure for a load that it could not bear.
        let results = cell.results.split_first().filter(|((name, _), _)| Some(*name) == all_first);
        let Some(((name, first), others)) = results else { continue };
        let first = figures(first);
        for (other, rounds) in others {
            let ratios = ratios(&first, &figures(rounds));
            let (median, least, most) = spread(&ratios);
            let load = format!("{} members, {}", cell.members, cell.load);
            rows.push(vec![
                format!("{name} / {other}"),
                grouped(cell.members as f64),
                cell.load.clone(),
                format!("{median:.2}"),
                format!("{least:.2}"),
                format!("{most:.2}"),
            ]);
            let kind = Kind { scenario, figure, unit: "times" };
            report.record_ratio(kind, (&format!("{name}, {load}"), other), &ratios);
        }
        if let Some(bare) = cell.bare.filter(|_| figure == PER_CPU_SECOND) {
            let shares: Vec<_> = first.iter().map(|figure| figure / bare).collect();
            let (median, least, most) = spread(&shares);
            let shown = [median, least, most].map(|share| format!("{share:.2}"));
            let load = [format!("{name} / one bare send() each"), grouped(cell.members as f64), cell.load.clone()];
            rows.push(load.into_iter().chain(shown).collect());
        }
    }
    if !rows.is_empty() {
        say(format!("  {figure}, ratios:"));
        for line in table(&["servers", "members", "load", "times", "rounds from", "to"], &rows) {
            say(line);
        }
    }
}
