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
        self.figures.push(json!({
            "scenario": kind.scenario, "figure": kind.figure, "subject": subject,
            "unit": kind.unit, "median": median, "rounds": rounds,
        }));
        median
    }

    /// Adds a figure that was measured once.
    pub(crate) fn figure(&mut self, kind: Kind, subject: &str, value: f64) {
        self.rounds(kind, subject, &[value]);
    }

    /// As [`Report::figure`], but prints nothing: for lines that show several figures.
    pub(crate) fn note(&mut self, kind: Kind, subject: &str, value: f64) {
        self.figures.push(json!({
            "scenario": kind.scenario, "figure": kind.figure, "subject": subject,
            "unit": kind.unit, "median": value, "rounds": [value],
        }));
    }

    /// Adds the ratio of two subjects' figures, round by round, so that a disturbance affects both.
    pub(crate) fn ratio(&mut self, kind: Kind, subject: (&str, &[f64]), other: (&str, &[f64])) {
        let ratios: Vec<f64> = subject.1.iter().zip(other.1).map(|(one, other)| one / other).collect();
        let (median, least, most) = spread(&ratios);
        say(format!("  {} / {}: {median:.2} times{}", subject.0, other.0, range(&ratios, least, most)));
        self.figures.push(json!({
            "scenario": kind.scenario, "figure": kind.figure, "subject": subject.0, "against": other.0, "unit": "times",
            "median": median, "rounds": ratios,
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

/// Returns the median, the minimum and the maximum.
fn spread(rounds: &[f64]) -> (f64, f64, f64) {
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
    use super::{Kind, Report, spread};

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(spread(&[3.0, 1.0, 2.0]), (2.0, 1.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]), (2.5, 1.0, 4.0));
    }

    #[test]
    fn a_ratio_is_taken_round_by_round() {
        let mut report = Report::default();
        let kind = Kind { scenario: "s", figure: "f", unit: "u" };
        report.ratio(kind, ("a", &[10.0, 90.0, 20.0]), ("b", &[1.0, 30.0, 10.0]));
        assert_eq!(report.figures[0]["median"], 3.0);
    }
}
