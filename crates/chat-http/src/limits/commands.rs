use super::{Limit, Limits, Subject};
use crate::ApiError;
use chat_domain::UserId;
use chat_protocol::realtime::Command;

impl Limits {
    /// Counts a frame of a socket; `None`: it is no command.
    pub(crate) async fn frame(&self, user: UserId, command: Option<&Command>) -> Result<(), ApiError> {
        self.take(command.map_or(Limit::Requests, limit_of), Subject::User(user)).await.map(drop)
    }
}

/// A new command does not compile until it is placed.
const fn limit_of(command: &Command) -> Limit {
    match command {
        Command::SendMessage(_) | Command::SendChatMessage(_) => Limit::Sends,
        // What others are told of at once, and nobody stores.
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
