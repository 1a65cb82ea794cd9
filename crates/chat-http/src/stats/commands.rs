use super::{Latency, LatencyStats};
use chat_protocol::realtime::COMMANDS;
use std::time::Duration;

/// The durations of socket commands, by command and outcome: from the start of a command until its answer is queued.
#[derive(Debug, Default)]
pub(crate) struct CommandStats([[LatencyStats; 2]; COMMANDS.len()]);

/// The outcomes, indexed by whether the command failed.
const OUTCOMES: [&str; 2] = ["ok", "failed"];

impl CommandStats {
    pub(crate) fn observe(&self, command: &'static str, failed: bool, duration: Duration) {
        let row = COMMANDS.iter().position(|row| row.names[0].name == command);
        debug_assert!(row.is_some(), "no row of the table of commands begins with {command}");
        if let Some(row) = row {
            self.0[row][usize::from(failed)].observe(duration);
        }
    }

    /// The commands so far: name, outcome, latency.
    pub(super) fn read(&self) -> impl Iterator<Item = (&'static str, &'static str, Latency)> {
        let named = COMMANDS.iter().map(|row| row.names[0].name).zip(&self.0);
        named
            .flat_map(|(name, outcomes)| {
                OUTCOMES.iter().zip(outcomes).map(move |(outcome, stats)| (name, *outcome, stats.read()))
            })
            .filter(|(_, _, latency)| latency.count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_counted_by_name_and_outcome() {
        let stats = CommandStats::default();
        stats.observe("updateLastSeen", false, Duration::from_millis(3));
        stats.observe("message:send", true, Duration::from_millis(1));
        let read: Vec<_> = stats.read().map(|(name, outcome, latency)| (name, outcome, latency.count)).collect();
        assert_eq!(read, [("message:send", "failed", 1), ("updateLastSeen", "ok", 1)]);
    }
}
