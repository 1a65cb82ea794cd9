use super::Limit;
use chat_protocol::realtime::Command;

/// Returns the limit of a frame of a socket; `None`: the frame is not a command.
pub(crate) fn limit_of(command: Option<&Command>) -> Limit {
    command.map_or(Limit::Requests, limit_of_command)
}

/// Returns the limit of a command. A new command does not compile until it is added here.
const fn limit_of_command(command: &Command) -> Limit {
    match command {
        Command::SendMessage(_) | Command::SendChatMessage(_) => Limit::Sends,
        // Commands whose effect is sent to other users at once and not stored.
        Command::StartTyping(_)
        | Command::StopTyping(_)
        | Command::ChoosePresence(_)
        | Command::UpdateLastSeen
        | Command::StartCall(..) => Limit::Signals,
        Command::OpenWindow(_)
        | Command::CloseWindow(_)
        | Command::Advance(..)
        | Command::AdvanceMessage(..)
        | Command::FetchMessages(..)
        | Command::FetchChat(_)
        | Command::FetchGroup(_)
        | Command::ReadPresence(_)
        | Command::Authenticate { .. }
        | Command::Resume(_) => Limit::Requests,
    }
}
