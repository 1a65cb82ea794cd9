use super::{Limit, Limits, Subject};
use crate::ApiError;
use chat_domain::UserId;
use chat_protocol::realtime::Command;

impl Limits {
    /// Counts a frame of a socket; `None`: the frame is not a command.
    pub(crate) async fn frame(&self, user: UserId, command: Option<&Command>) -> Result<(), ApiError> {
        self.take(command.map_or(Limit::Requests, limit_of), Subject::User(user)).await.map(drop)
    }
}

/// Returns the limit of a command. A new command does not compile until it is added here.
const fn limit_of(command: &Command) -> Limit {
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
