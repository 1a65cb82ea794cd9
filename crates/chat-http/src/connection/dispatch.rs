use super::session::Session;
use crate::ApiError;
use chat_domain::auth::Actor;
use chat_domain::messages::{Appended, HistoryRequest, SendMessage};
use chat_domain::receipts::DeliveryStatus;
use chat_domain::{ConversationId, ErrorCode};
use chat_protocol::Pagination;
use chat_protocol::messages::MessageView;
use chat_protocol::realtime::{Command, FetchedView, MessageReceivedView, PresenceStatusView};
use chat_protocol::receipts::PositionsView;
use chat_protocol::users::UserView;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// How many windows one connection may have open, and in how many conversations it may be writing at once.
const MAX_WINDOWS: usize = 100;

/// What a command that succeeded has to say.
pub(super) enum Answer {
    /// Nothing but that.
    Done,
    /// This, to whoever asked to be answered.
    Effect(Box<RawValue>),
    /// This, as the acknowledgement, or as an event of this name where there was no id to acknowledge.
    Reply(&'static str, Box<RawValue>),
}

fn data(view: &impl Serialize) -> Box<RawValue> {
    // Views are strings, numbers and maps with string keys: writing them to memory cannot fail.
    to_raw_value(view).unwrap_or_default()
}

/// Runs one command of a user who is signed in. What writes runs on the main runtime, to its end.
pub(super) async fn dispatch(session: &mut Session, actor: Actor, command: Command) -> Result<Answer, ApiError> {
    let state = session.realtime().state.clone();
    let app = state.app.clone();
    match command {
        Command::OpenWindow(id) => open_window(session, actor, id).await,
        Command::CloseWindow(id) => {
            if session.connection().close_window(id) {
                state.run(async move { app.conversations.close_window(actor, id).await }).await??;
            }
            Ok(Answer::Done)
        }
        Command::SendMessage(message) => send(session, actor, *message).await,
        Command::Advance(id, advance) => {
            let advanced = state.run(async move { app.receipts.advance(actor, id, advance).await }).await??;
            Ok(Answer::Effect(data(&PositionsView::new(id, actor.user_id, advanced))))
        }
        Command::FetchMessages(id, request) => fetch(session, actor, id, request).await,
        Command::StartTyping(id) => {
            if !session.typing.contains(&id) && session.typing.len() >= MAX_WINDOWS {
                return Err(ApiError::new(ErrorCode::RateLimited, "Nobody writes in so many conversations at once"));
            }
            state.run(async move { app.typing.start(actor, id).await }).await??;
            if !session.typing.contains(&id) {
                session.typing.push(id);
            }
            Ok(Answer::Done)
        }
        Command::StopTyping(id) => {
            session.typing.retain(|known| *known != id);
            state.run(async move { app.typing.stop(actor, id).await }).await??;
            Ok(Answer::Done)
        }
        Command::ChoosePresence(status) => {
            state.run(async move { app.presence.choose(actor, status).await }).await??;
            Ok(Answer::Done)
        }
        Command::ReadPresence(user) => {
            let profile = state.run(async move { app.presence.status_of(actor, user).await }).await??;
            let view = UserView::new(profile.user, profile.status);
            let view = PresenceStatusView {
                user_id: view.id,
                is_online: view.is_online,
                status: view.status,
                last_seen: view.last_seen,
            };
            Ok(Answer::Reply("presence:status", data(&view)))
        }
        Command::StartCall(id) => {
            state.run(async move { app.calls.start(actor, id).await }).await??;
            Ok(Answer::Done)
        }
        Command::Authenticate { .. } | Command::Resume(_) => {
            Err(ApiError::new(ErrorCode::ProtocolError, "This is understood only where a session begins"))
        }
    }
}

async fn open_window(session: &Session, actor: Actor, id: ConversationId) -> Result<Answer, ApiError> {
    if session.connection().has_window(id) {
        return Ok(Answer::Done);
    }
    // Before others are told of it: what they answer is meant for this window.
    if !session.connection().open_window(id, MAX_WINDOWS) {
        return Err(ApiError::new(ErrorCode::RateLimited, "Nobody looks at so many conversations at once"));
    }
    let app = session.realtime().state.app.clone();
    let opened = session.realtime().state.run(async move { app.conversations.open_window(actor, id).await }).await;
    match opened {
        Ok(Ok(())) => Ok(Answer::Done),
        Ok(Err(error)) => {
            session.connection().close_window(id);
            Err(error.into())
        }
        Err(error) => {
            session.connection().close_window(id);
            Err(error)
        }
    }
}

async fn send(session: &mut Session, actor: Actor, message: SendMessage) -> Result<Answer, ApiError> {
    let (app, id) = (session.realtime().state.app.clone(), message.conversation_id);
    let sent = session.realtime().state.run(async move { app.messages.send(actor, message).await }).await??;
    session.typing.retain(|known| *known != id);
    let (message, duplicate) = match sent {
        Appended::New(message) => (message, None),
        Appended::Replayed(message) => (message, Some(true)),
    };
    let pos = message.pos.get();
    let message = MessageView { duplicate, ..MessageView::new(message, DeliveryStatus::Sent, true) };
    Ok(Answer::Effect(data(&MessageReceivedView { message, pos })))
}

async fn fetch(
    session: &Session,
    actor: Actor,
    id: ConversationId,
    request: HistoryRequest,
) -> Result<Answer, ApiError> {
    let app = session.realtime().state.app.clone();
    let page = session.realtime().state.run(async move { app.messages.history(actor, id, request).await }).await??;
    let pagination = Pagination::of_history(request, &page);
    let messages = MessageView::of_history(page, actor.user_id);
    let view = FetchedView { conversation_id: id.as_uuid(), messages, pagination };
    Ok(Answer::Reply("messages:fetched", data(&view)))
}
