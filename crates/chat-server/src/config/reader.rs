//! Reads values one by one and collects their faults, so that one start reports all of them.

use super::faults::{Fault, InvalidConfig};
use super::settings::SETTINGS;
use super::source::Source;
use super::values::{parse_duration, write_duration};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// The source of the values, and the faults found so far.
pub(super) struct Reader<'a> {
    source: &'a Source,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(source: &'a Source) -> Self {
        Self { source, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, setting: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        self.faults.push(Fault { setting: setting.to_owned(), problem: problem.into(), remedy: remedy.into() });
    }

    /// The value in the source, without the default.
    pub(super) fn given(&self, name: &str) -> Option<&'a str> {
        self.source.get(name)
    }

    /// Whether the setting is present but empty.
    pub(super) fn is_blank(&self, name: &str) -> bool {
        self.source.is_blank(name)
    }

    /// The value in the source, or the default of the table.
    pub(super) fn text(&self, name: &str) -> &'a str {
        self.given(name).unwrap_or_else(|| default_of(name))
    }

    /// A value that `parse` accepts; otherwise records a fault that says what was `expected`.
    pub(super) fn parsed<T>(&mut self, name: &str, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name);
        let value = parse(text);
        if value.is_none() {
            self.fault(name, format!("is \"{}\"", shortened(text)), format!("set it to {expected}"));
        }
        value
    }

    /// A whole number within bounds.
    pub(super) fn number<T: FromStr + PartialOrd + Display>(
        &mut self,
        name: &str,
        bounds: &RangeInclusive<T>,
    ) -> Option<T> {
        let expected = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        self.parsed(name, &expected, |text| text.parse().ok().filter(|number| bounds.contains(number)))
    }

    /// A duration within bounds.
    pub(super) fn duration(&mut self, name: &str, bounds: RangeInclusive<Duration>) -> Option<Duration> {
        let expected = format!(
            "a duration from {} to {}, such as 500ms, 30s, 15m, 7d, or seconds",
            write_duration(*bounds.start()),
            write_duration(*bounds.end())
        );
        self.parsed(name, &expected, |text| parse_duration(text).filter(|duration| bounds.contains(duration)))
    }

    /// One of several words; case is ignored.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        let find =
            |text: &str| choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value);
        self.parsed(name, &format!("one of {}", words.join(", ")), find)
    }

    /// The configuration, or all faults.
    pub(super) fn finish<T>(self, whole: impl FnOnce() -> Option<T>) -> Result<T, InvalidConfig> {
        match whole() {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(InvalidConfig(self.faults)),
        }
    }
}

fn default_of(name: &str) -> &'static str {
    SETTINGS.iter().find(|setting| setting.name == name).map_or("", |setting| setting.default)
}

/// Shortens a value, so that the message stays readable.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST { text.to_owned() } else { text.chars().take(MOST).chain(['…']).collect() }
}
