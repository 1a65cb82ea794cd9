use super::answers::{FetchedRoom, Outcome};
use super::client::Client;
use crate::ApiError;
use crate::identity::must_be_oneself;
use crate::sending::Sending;
use chat_app::{ChatTarget, Receipt};
use chat_domain::auth::Actor;
use chat_domain::receipts::DeliveryStatus;
use chat_domain::{ConversationId, ErrorCode};
use chat_protocol::chat::{ChatFetch, ChatRoomId};
use chat_protocol::realtime::{ChatPlace, Command};

/// The maximum number of windows that the client of one connection may open, and of conversations in which it may be
/// typing at once.
const MAX_WINDOWS: usize = 100;

/// The maximum number of windows that the client of one connection may close, in a dialect in which all windows are
/// open from the start.
const MAX_CLOSED_WINDOWS: usize = 1_000;

/// Runs one command of a signed-in user. Commands that write run to their end, even if the client disconnects. Data
/// that only an acknowledgement would contain is not read if there will be none (`is_acknowledged`).
pub(super) async fn dispatch(
    client: &mut Client,
    actor: Actor,
    command: Command,
    is_acknowledged: bool,
) -> Result<Outcome, ApiError> {
    let state = client.realtime.state.clone();
    let app = state.app.clone();
    match command {
        Command::OpenWindow(place) => open_window(client, actor, place).await,
        Command::CloseWindow(place) => close_window(client, actor, place).await,
        // These are the sends that do not overlap with others: see `sends.rs`.
        Command::SendMessage(message) => send(client, actor, (*message).into()).await,
        Command::SendChatMessage(message) => send(client, actor, (*message).into()).await,
        Command::EditMessage(edit) => {
            let edited = state.run(async move { app.messages.edit(actor, *edit).await }).await??;
            Ok(Outcome::Changed(Box::new(edited)))
        }
        Command::DeleteMessage(conversation, message) => {
            let deleted = state.run(async move { app.messages.delete(actor, conversation, message).await }).await??;
            Ok(Outcome::Changed(Box::new(deleted)))
        }
        Command::React(react) => {
            let reacted = state.run(async move { app.messages.react(actor, *react).await }).await??;
            Ok(Outcome::Changed(Box::new(reacted)))
        }
        Command::Pin(pin) => {
            let pinned = state.run(async move { app.messages.pin(actor, pin).await }).await??;
            Ok(Outcome::Changed(Box::new(pinned)))
        }
        Command::Advance(id, advance) => {
            let advanced = state.run(async move { app.receipts.advance(actor, id, advance).await }).await??;
            Ok(Outcome::Advanced(id, advanced))
        }
        Command::AdvanceMessage(id, status) => {
            if let (false, Some(receipt)) = (is_acknowledged, receipt_of(status)) {
                state.run(async move { app.receipts.mark_message(actor, id, receipt).await }).await??;
                return Ok(Outcome::Done);
            }
            let tracked = state.run(async move { app.receipts.advance_message(actor, id, status).await }).await??;
            Ok(Outcome::Tracked(Box::new(tracked)))
        }
        Command::FetchMessages(id, request) => {
            let page = state.run(async move { app.messages.history(actor, id, request).await }).await??;
            Ok(Outcome::Fetched(id, request, page))
        }
        Command::FetchChat(fetch) => fetch_room(client, actor, fetch).await.map(Outcome::FetchedChat),
        Command::FetchGroup(fetch) => fetch_room(client, actor, fetch).await.map(Outcome::FetchedGroup),
        Command::StartTyping(place) => start_typing(client, actor, place).await,
        Command::StopTyping(place) => {
            let id = locate(client, actor, place).await?;
            client.typing.retain(|known| *known != id);
            state.run(async move { app.typing.stop(actor, id).await }).await??;
            Ok(Outcome::Done)
        }
        Command::ChoosePresence(status) => {
            state.run(async move { app.presence.choose(actor, status).await }).await??;
            Ok(Outcome::Done)
        }
        Command::UpdateLastSeen => {
            let at = state.run(async move { app.presence.touch(actor).await }).await??;
            Ok(Outcome::Seen(at))
        }
        Command::ReadPresence(user) => {
            let profile = state.run(async move { app.presence.status_of(actor, user).await }).await??;
            Ok(Outcome::Presence(Box::new(profile)))
        }
        Command::StartCall(place, caller_name) => {
            let id = locate(client, actor, place).await?;
            state.run(async move { app.calls.start(actor, id, caller_name).await }).await??;
            Ok(Outcome::Done)
        }
        Command::Authenticate { .. } | Command::Resume(_) => {
            Err(ApiError::new(ErrorCode::ProtocolError, "This frame is only valid at the start of a connection"))
        }
    }
}

const fn receipt_of(status: DeliveryStatus) -> Option<Receipt> {
    match status {
        DeliveryStatus::Sent => None,
        DeliveryStatus::Delivered => Some(Receipt::Delivered),
        DeliveryStatus::Read => Some(Receipt::Read),
    }
}

const fn target_of(room: ChatRoomId) -> ChatTarget {
    match room {
        ChatRoomId::Pair(pair) => ChatTarget::Pair(pair),
        ChatRoomId::Group(id) => ChatTarget::Group(id),
    }
}

/// Finds the conversation that the command names.
async fn locate(client: &Client, actor: Actor, place: ChatPlace) -> Result<ConversationId, ApiError> {
    match place {
        ChatPlace::Conversation(id) => Ok(id),
        ChatPlace::Room(room) => {
            let app = client.realtime.state.app.clone();
            let locate = async move { app.conversations.locate(actor, target_of(room)).await };
            Ok(client.realtime.state.run(locate).await??)
        }
    }
}

/// The same, but creates a private chat that does not exist yet.
async fn locate_or_make(client: &Client, actor: Actor, place: ChatPlace) -> Result<ConversationId, ApiError> {
    let ChatPlace::Room(ChatRoomId::Pair(pair)) = place else { return locate(client, actor, place).await };
    let app = client.realtime.state.app.clone();
    let locate = async move {
        match app.conversations.find_direct(actor, pair).await? {
            Some(id) => Ok(id),
            None => app.conversations.direct_with(actor, pair.other(actor.user_id)).await,
        }
    };
    Ok(client.realtime.state.run(locate).await??)
}

async fn open_window(client: &Client, actor: Actor, place: ChatPlace) -> Result<Outcome, ApiError> {
    let id = locate_or_make(client, actor, place).await?;
    if client.connection.has_opened(id) {
        return Ok(Outcome::Done);
    }
    // Before the event to other users: their answers are meant for this window.
    if !client.connection.open_window(id, MAX_WINDOWS) {
        return Err(ApiError::new(ErrorCode::RateLimited, format!("Too many open windows (limit: {MAX_WINDOWS})")));
    }
    let app = client.realtime.state.app.clone();
    let opened = client.realtime.state.run(async move { app.conversations.open_window(actor, id).await }).await;
    match opened {
        Ok(Ok(())) => Ok(Outcome::Done),
        Ok(Err(error)) => {
            client.connection.forget_window(id);
            Err(error.into())
        }
        Err(error) => {
            client.connection.forget_window(id);
            Err(error)
        }
    }
}

/// Checks that the conversation is one of the actor's before it is noted.
async fn close_window(client: &Client, actor: Actor, place: ChatPlace) -> Result<Outcome, ApiError> {
    let id = locate(client, actor, place).await?;
    if !client.connection.has_window(id) {
        return Ok(Outcome::Done);
    }
    if client.connection.closed_windows() >= MAX_CLOSED_WINDOWS {
        let message = format!("Too many closed windows (limit: {MAX_CLOSED_WINDOWS})");
        return Err(ApiError::new(ErrorCode::RateLimited, message));
    }
    let app = client.realtime.state.app.clone();
    client.realtime.state.run(async move { app.conversations.close_window(actor, id).await }).await??;
    client.connection.close_window(id);
    Ok(Outcome::Done)
}

async fn start_typing(client: &mut Client, actor: Actor, place: ChatPlace) -> Result<Outcome, ApiError> {
    let id = locate(client, actor, place).await?;
    let is_known = client.typing.contains(&id);
    if !is_known && client.typing.len() >= MAX_WINDOWS {
        return Err(ApiError::new(ErrorCode::RateLimited, "Typing in too many conversations at once"));
    }
    let app = client.realtime.state.app.clone();
    client.realtime.state.run(async move { app.typing.start(actor, id).await }).await??;
    if !is_known {
        client.typing.push(id);
    }
    Ok(Outcome::Done)
}

async fn send(client: &mut Client, actor: Actor, sending: Sending) -> Result<Outcome, ApiError> {
    let sent = client.realtime.state.send(actor, sending).await?;
    client.note_sent(sent.message());
    Ok(Outcome::Sent(Box::new(sent)))
}

async fn fetch_room(client: &Client, actor: Actor, fetch: ChatFetch) -> Result<FetchedRoom, ApiError> {
    if let Some(named) = fetch.current_user {
        must_be_oneself(actor, named)?;
    }
    let app = client.realtime.state.app.clone();
    let (target, page) = (target_of(fetch.room), fetch.page);
    let fetched = client.realtime.state.run(async move { app.messages.fetch(actor, target, page).await }).await??;
    Ok(FetchedRoom { room: fetch.room, request: page, fetched })
}
