//! How each command of a socket is counted and limited.

use crate::limits::Limit;
use chat_domain::messages::Reacting;
use chat_domain::receipts::{AdvancePositions, DeliveryStatus};
use chat_protocol::realtime::Command;

/// Returns the name under which a command is counted: the first of its row in the table of commands.
pub(crate) const fn name_of(command: &Command) -> &'static str {
    kind_of(command).0
}

/// Returns the limit of a frame of a socket; `None`: the frame is not a command.
pub(crate) fn limit_of(command: Option<&Command>) -> Limit {
    command.map_or(Limit::Requests, |command| kind_of(command).1)
}

/// Returns the name and the limit of a command. A new command does not compile until it is added here. `Signals` are
/// commands whose effect is sent to other users at once and not stored.
const fn kind_of(command: &Command) -> (&'static str, Limit) {
    match command {
        Command::Authenticate { .. } | Command::Resume(_) => ("auth", Limit::Requests),
        Command::StartCall(..) => ("call:start", Limit::Signals),
        Command::OpenWindow(_) => ("conversation:join", Limit::Requests),
        Command::CloseWindow(_) => ("conversation:leave", Limit::Requests),
        Command::Advance(_, AdvancePositions::Delivered(_))
        | Command::AdvanceMessage(_, DeliveryStatus::Sent | DeliveryStatus::Delivered) => {
            ("message:delivered", Limit::Requests)
        }
        Command::Advance(_, AdvancePositions::Read(_)) | Command::AdvanceMessage(_, DeliveryStatus::Read) => {
            ("message:read", Limit::Requests)
        }
        Command::SendMessage(_) | Command::SendChatMessage(_) => ("message:send", Limit::Sends),
        Command::EditMessage(_) => ("message:edit", Limit::Sends),
        Command::DeleteMessage(..) => ("message:delete", Limit::Sends),
        Command::React(react) => match react.action {
            Reacting::Add | Reacting::Replace => ("reaction:add", Limit::Sends),
            Reacting::Remove => ("reaction:remove", Limit::Sends),
        },
        Command::Pin(pin) if pin.is_pinned => ("message:pin", Limit::Sends),
        Command::Pin(_) => ("message:unpin", Limit::Sends),
        Command::FetchMessages(..) | Command::FetchChat(_) | Command::FetchGroup(_) => {
            ("messages:fetch", Limit::Requests)
        }
        Command::ReadPresence(_) => ("presence:get", Limit::Requests),
        Command::ChoosePresence(_) => ("presence:update", Limit::Signals),
        Command::StartTyping(_) => ("typing:start", Limit::Signals),
        Command::StopTyping(_) => ("typing:stop", Limit::Signals),
        Command::UpdateLastSeen => ("updateLastSeen", Limit::Signals),
    }
}
