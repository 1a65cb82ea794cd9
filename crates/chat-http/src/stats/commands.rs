use super::{Latency, LatencyStats};
use chat_domain::receipts::{AdvancePositions, DeliveryStatus};
use chat_protocol::realtime::Command;
use std::time::Duration;

/// The durations of socket commands, by command and outcome: from the start of a command until its answer is queued.
#[derive(Debug, Default)]
pub(crate) struct CommandStats([[LatencyStats; 2]; COMMANDS.len()]);

/// The `colon` names of the commands; the `camel` name of the one command without a `colon` name.
const COMMANDS: [&str; 13] = [
    "auth",
    "call:start",
    "conversation:join",
    "conversation:leave",
    "message:delivered",
    "message:read",
    "message:send",
    "messages:fetch",
    "presence:get",
    "presence:update",
    "typing:start",
    "typing:stop",
    "updateLastSeen",
];

/// The outcomes, indexed by whether the command failed.
const OUTCOMES: [&str; 2] = ["ok", "failed"];

impl CommandStats {
    pub(crate) fn observe(&self, command: &'static str, failed: bool, duration: Duration) {
        if let Some(index) = COMMANDS.iter().position(|known| *known == command) {
            self.0[index][usize::from(failed)].observe(duration);
        }
    }

    /// The commands so far: name, outcome, latency.
    pub(super) fn read(&self) -> impl Iterator<Item = (&'static str, &'static str, Latency)> {
        let named = COMMANDS.iter().zip(&self.0);
        named
            .flat_map(|(name, outcomes)| {
                OUTCOMES.iter().zip(outcomes).map(move |(outcome, stats)| (*name, *outcome, stats.read()))
            })
            .filter(|(_, _, latency)| latency.count > 0)
    }
}

/// Returns the name under which a command is counted, one of [`COMMANDS`]. A new command does not compile until it is
/// added here.
pub(crate) const fn name_of(command: &Command) -> &'static str {
    match command {
        Command::Authenticate { .. } | Command::Resume(_) => "auth",
        Command::StartCall(..) => "call:start",
        Command::OpenWindow(_) => "conversation:join",
        Command::CloseWindow(_) => "conversation:leave",
        Command::Advance(_, AdvancePositions::Delivered(_))
        | Command::AdvanceMessage(_, DeliveryStatus::Sent | DeliveryStatus::Delivered) => "message:delivered",
        Command::Advance(_, AdvancePositions::Read(_)) | Command::AdvanceMessage(_, DeliveryStatus::Read) => {
            "message:read"
        }
        Command::SendMessage(_) | Command::SendChatMessage(_) => "message:send",
        Command::FetchMessages(..) | Command::FetchChat(_) | Command::FetchGroup(_) => "messages:fetch",
        Command::ReadPresence(_) => "presence:get",
        Command::ChoosePresence(_) => "presence:update",
        Command::StartTyping(_) => "typing:start",
        Command::StopTyping(_) => "typing:stop",
        Command::UpdateLastSeen => "updateLastSeen",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_count() {
        for row in chat_protocol::realtime::COMMANDS {
            // Resuming is part of authenticating.
            let counted = |name| name == "resume" || COMMANDS.contains(&name);
            assert!(row.names.iter().any(|entry| counted(entry.name)), "not counted: {}", row.what);
        }
    }

    #[test]
    fn commands_are_counted_by_name_and_outcome() {
        let stats = CommandStats::default();
        stats.observe(name_of(&Command::UpdateLastSeen), false, Duration::from_millis(3));
        stats.observe("message:send", true, Duration::from_millis(1));
        let read: Vec<_> = stats.read().map(|(name, outcome, latency)| (name, outcome, latency.count)).collect();
        assert_eq!(read, [("message:send", "failed", 1), ("updateLastSeen", "ok", 1)]);
    }
}
