//! The figures: printed while the measurement runs, and written as JSON at its end.

use crate::say;
use serde_json::{Value, json};
use std::path::Path;

/// All figures of a run.
#[derive(Default)]
pub(crate) struct Report {
    figures: Vec<Value>,
}

/// The scenario, the name and the unit of a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) scenario: &'static str,
    pub(crate) figure: &'static str,
    pub(crate) unit: &'static str,
}

impl Report {
    /// Adds a figure that was measured in several rounds. Prints their median and range, and returns the median.
    pub(crate) fn rounds(&mut self, kind: Kind, subject: &str, rounds: &[f64]) -> f64 {
        let (median, least, most) = spread(rounds);
        say(format!("  {subject:<26} {}: {} {}{}", kind.figure, shown(median), kind.unit, range(rounds, least, most)));
        self.record(kind, subject, rounds);
        median
    }

    /// Adds a figure that was measured once.
    pub(crate) fn figure(&mut self, kind: Kind, subject: &str, value: f64) {
        self.rounds(kind, subject, &[value]);
    }

    /// As [`Report::figure`], but prints nothing: for lines that show several figures.
    pub(crate) fn note(&mut self, kind: Kind, subject: &str, value: f64) {
        self.record(kind, subject, &[value]);
    }

    /// As [`Report::rounds`], but prints nothing: for tables.
    pub(crate) fn record(&mut self, kind: Kind, subject: &str, rounds: &[f64]) {
        self.figures.push(json!({
            "scenario": kind.scenario, "figure": kind.figure, "subject": subject,
            "unit": kind.unit, "median": spread(rounds).0, "rounds": rounds,
        }));
    }

    /// Adds and prints the ratio of two subjects' figures.
    pub(crate) fn ratio(&mut self, kind: Kind, subject: (&str, f64), other: (&str, f64)) {
        let ratio = subject.1 / other.1;
        say(format!("  {} / {}: {ratio:.2} times", subject.0, other.0));
        self.record_ratio(kind, (subject.0, other.0), &[ratio]);
    }

    /// Adds the ratios of two subjects' figures in each round, but prints nothing: for tables.
    pub(crate) fn record_ratio(&mut self, kind: Kind, (subject, other): (&str, &str), ratios: &[f64]) {
        self.figures.push(json!({
            "scenario": kind.scenario, "figure": kind.figure, "subject": subject, "against": other, "unit": "times",
            "median": spread(ratios).0, "rounds": ratios,
        }));
    }

    /// Writes all figures and a description of the machine.
    pub(crate) fn write(&self, file: &Path) {
        let all = json!({"machine": machine(), "figures": self.figures});
        let text = serde_json::to_string_pretty(&all).expect("JSON") + "\n";
        std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        say(format!("All figures are in {}.", file.display()));
    }
}

fn range(rounds: &[f64], least: f64, most: f64) -> String {
    if rounds.len() < 2 {
        return String::new();
    }
    format!(" ({} to {} in {} rounds)", shown(least), shown(most), rounds.len())
}

/// Returns the ratio of two figures in each round, so that a disturbance affects both.
pub(crate) fn ratios(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| one / other).collect()
}

/// Returns the median, the minimum and the maximum.
pub(crate) fn spread(rounds: &[f64]) -> (f64, f64, f64) {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else { return (f64::NAN, f64::NAN, f64::NAN) };
    let middle = sorted.len() / 2;
    let median = if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
    (median, *least, *most)
}

/// Formats a value with its significant digits.
fn shown(value: f64) -> String {
    if value.abs() < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

fn machine() -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    json!({
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "processor": model.map(|(_, name)| name.trim()),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Kind, Report, ratios, spread};

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(spread(&[3.0, 1.0, 2.0]), (2.0, 1.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]), (2.5, 1.0, 4.0));
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let ratios = ratios(&[10.0, 90.0, 20.0], &[1.0, 30.0, 10.0]);
        assert_eq!(spread(&ratios), (3.0, 2.0, 10.0));
        let mut report = Report::default();
        report.record_ratio(Kind { scenario: "s", figure: "f", unit: "u" }, ("a", "b"), &ratios);
        assert_eq!(report.figures[0]["median"], 3.0);
    }
}
