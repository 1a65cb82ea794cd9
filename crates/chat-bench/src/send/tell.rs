use super::load::Client;
use crate::report::{Kind, Report, ratios, spread};
use crate::say;
use crate::site::{Log, Spent};
use crate::table::{grouped, table};
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

/// A column of the table.
#[derive(Debug, Clone, Copy)]
pub(super) enum Figure {
    PerSecond,
    P50,
    P99,
    P999,
    Server,
    Database,
    Client,
    Others,
    Stolen,
    LogBytes,
    PerCommit,
    Syncs,
    SyncMillis,
}

impl Figure {
    const ALL: [Self; 13] = [
        Self::PerSecond,
        Self::P50,
        Self::P99,
        Self::P999,
        Self::Server,
        Self::Database,
        Self::Client,
        Self::Others,
        Self::Stolen,
        Self::LogBytes,
        Self::PerCommit,
        Self::Syncs,
        Self::SyncMillis,
    ];

    /// The head of its column, its name in the report, and its unit.
    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::PerSecond => ("sends/s", "durable sends per second", ""),
            Self::P50 => ("p50 ms", "latency, p50", "ms"),
            Self::P99 => ("p99 ms", "latency, p99", "ms"),
            Self::P999 => ("p99.9 ms", "latency, p99.9", "ms"),
            Self::Server => ("server µs", "CPU of the server per send", "µs"),
            Self::Database => ("database µs", "CPU of the database per send", "µs"),
            Self::Client => ("client µs", "CPU of the client per send", "µs"),
            Self::Others => ("others %", "CPU of other processes", "% of the cores"),
            Self::Stolen => ("stolen %", "CPU that the host gave to others", "% of the cores"),
            Self::LogBytes => ("log bytes", "write-ahead log per message", "bytes"),
            Self::PerCommit => ("per commit", "messages per commit", ""),
            Self::Syncs => ("syncs/s", "syncs of the log per second", ""),
            Self::SyncMillis => ("sync ms", "time of a sync", "ms"),
        }
    }

    fn shown(self, value: f64) -> String {
        match self {
            _ if value.is_nan() => String::new(),
            Self::PerSecond | Self::LogBytes | Self::Syncs => grouped(value),
            Self::SyncMillis => format!("{value:.2}"),
            _ => format!("{value:.1}"),
        }
    }
}

/// The results of a leg or of a round; NaN where there is none.
pub(super) struct Figures([f64; Figure::ALL.len()]);

impl Figures {
    pub(super) fn new(clients: &[Client], spent: Spent, window: Instant, seconds: Duration) -> Self {
        let mut waits: Histogram<u64> = Histogram::new(3).expect("three digits");
        for client in clients {
            waits.add(&client.waits).expect("equal histograms");
        }
        let last = clients.iter().filter_map(|client| client.last_ack).max().unwrap_or(window);
        let per_second = waits.len() as f64 / seconds.max(last - window).as_secs_f64();
        let at = |quantile| waits.value_at_quantile(quantile) as f64 / 1_000.0;
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        let time = spent.time.as_secs_f64();
        let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / (per_second * time);
        let share = |cpu: Duration| 100.0 * cpu.as_secs_f64() / (time * cores);
        let mut figures = Self([f64::NAN; Figure::ALL.len()]);
        figures.set(Figure::PerSecond, per_second);
        figures.set(Figure::P50, at(0.5));
        figures.set(Figure::P99, at(0.99));
        figures.set(Figure::P999, at(0.999));
        figures.set(Figure::Server, each(spent.server));
        figures.set(Figure::Database, spent.database.map_or(f64::NAN, each));
        figures.set(Figure::Client, each(spent.client));
        figures.set(Figure::Others, share(spent.others));
        figures.set(Figure::Stolen, share(spent.stolen));
        figures
    }

    pub(super) fn set(&mut self, figure: Figure, value: f64) {
        self.0[figure as usize] = value;
    }

    /// Adds what `PostgreSQL` says about its commits in the counted time, and about its log over the whole run.
    pub(super) fn set_commits(&mut self, spent: Spent, log: Log, seconds: f64, sends: u64) {
        self.set(Figure::PerCommit, spent.commits.sends / spent.commits.count.max(1.0));
        self.set(Figure::Syncs, log.syncs / seconds);
        self.set(Figure::SyncMillis, log.sync_millis / log.syncs.max(1.0));
        self.set(Figure::LogBytes, log.bytes / sends.max(1) as f64);
    }

    /// The mean of both legs of a round.
    pub(super) fn and(mut self, other: &Self) -> Self {
        for (one, other) in self.0.iter_mut().zip(other.0) {
            *one = f64::midpoint(*one, other);
        }
        self
    }
}

/// Prints a table of the figures, then the ratios of the first variant to each other.
pub(super) fn tell(report: &mut Report, store: &str, results: &[(String, Vec<Figures>)]) {
    let of = |rounds: &[Figures], figure: Figure| -> Vec<f64> {
        rounds.iter().map(|figures| figures.0[figure as usize]).collect()
    };
    let columns: Vec<_> = Figure::ALL
        .into_iter()
        .filter(|&figure| results.iter().any(|(_, rounds)| !spread(&of(rounds, figure)).0.is_nan()))
        .collect();
    let mut heads = vec!["senders", "rounds from", "to"];
    heads.extend(columns.iter().map(|figure| figure.names().0));
    let mut rows = Vec::new();
    for (name, rounds) in results {
        let (_, least, most) = spread(&of(rounds, Figure::PerSecond));
        let mut row = vec![name.clone(), grouped(least), grouped(most)];
        for &figure in &columns {
            let values = of(rounds, figure);
            row.push(figure.shown(spread(&values).0));
            let (_, name_in_report, unit) = figure.names();
            report.record(
                Kind { scenario: "send", figure: name_in_report, unit },
                &format!("{store}, {name}"),
                &values,
            );
        }
        rows.push(row);
    }
    for line in table(&heads, &rows) {
        say(line);
    }
    say("  rounds from, to: sends per second. µs: CPU per send. others, stolen: % of all cores.");
    let Some(((name, first), others)) = results.split_first().filter(|(_, others)| !others.is_empty()) else { return };
    let mut rows = Vec::new();
    for (other, rounds) in others {
        for figure in [Figure::PerSecond, Figure::Server, Figure::P99] {
            let ratios = ratios(&of(first, figure), &of(rounds, figure));
            let (median, least, most) = spread(&ratios);
            let (_, figure, unit) = figure.names();
            let shown = [median, least, most].map(|ratio| format!("{ratio:.2}"));
            rows.push([format!("{name} / {other}: {figure}")].into_iter().chain(shown).collect());
            report.record_ratio(Kind { scenario: "send", figure, unit }, (name, other), &ratios);
        }
    }
    for line in table(&["ratio", "times", "rounds from", "to"], &rows) {
        say(line);
    }
}

#[cfg(test)]
mod tests {
    use super::{Figure, Figures};

    #[test]
    fn a_round_is_the_mean_of_its_legs() {
        let leg = |value| Figures([value; Figure::ALL.len()]);
        assert!(leg(10.0).and(&leg(30.0)).0.iter().all(|value| (value - 20.0).abs() < 1e-9));
    }

    #[test]
    fn each_figure_has_its_own_place() {
        for (place, figure) in Figure::ALL.into_iter().enumerate() {
            assert_eq!(figure as usize, place);
        }
    }
}
