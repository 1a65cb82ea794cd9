//! Pinned messages. Each begins by locking the conversation, as everything that takes a `pos` does.

use super::edit::{move_changed, read};
use crate::changes::{store as store_change, take_pos};
use crate::conversations::hold_conversation;
use crate::fault::Stored;
use crate::schema::{messages, pinned_messages};
use crate::threads;
use crate::time::micros;
use chat_domain::messages::{By, ChangedMessage, Message, PinChange, PinMessage, decide_pin};
use chat_domain::{ActionError, ChangeKind, ConversationId, Pos};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

pub(super) async fn pin(
    connection: &mut AsyncPgConnection,
    pin: PinMessage,
    by: By,
) -> Result<ChangedMessage, ActionError> {
    let conversation = hold_conversation(connection, pin.conversation_id).await?;
    threads::hold_membership(connection, conversation.as_ref(), by.user_id).await?;
    let context = read(connection, conversation, by.user_id, pin.message_id).await?;
    let pins = count(connection, pin.conversation_id).await?;
    let (message, user) = decide_pin(context, pins, pin)?;
    let Some(user) = user else { return Ok(ChangedMessage { message, change: None }) };
    let place = take_pos(connection, message.conversation_id, by.at).await?;
    let before = message.changed;
    let message = message.pinned(pin.is_pinned, place);
    store(connection, &message, before).await?;
    let change = Box::new(PinChange { message_id: message.id, seq: message.seq, user });
    let kind = if pin.is_pinned { ChangeKind::MessagePinned(change) } else { ChangeKind::MessageUnpinned(change) };
    let change = store_change(connection, message.conversation_id, place, kind).await?;
    Ok(ChangedMessage { message, change: Some(change) })
}

async fn count(connection: &mut AsyncPgConnection, conversation: ConversationId) -> Stored<u32> {
    let is_this = pinned_messages::conversation_id.eq(messages::conversation_id);
    let pins = pinned_messages::table
        .inner_join(messages::table.on(is_this.and(pinned_messages::seq.eq(messages::seq))))
        .filter(pinned_messages::conversation_id.eq(conversation.as_uuid()))
        // A node of an earlier release leaves the pins of messages that it deletes.
        .filter(messages::deleted_at.is_null());
    let count: i64 = pins.count().get_result(connection).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

async fn store(connection: &mut AsyncPgConnection, message: &Message, before: Option<Pos>) -> Stored<()> {
    let place = (message.conversation_id.as_uuid(), message.seq.to_i64());
    let columns = (
        messages::pinned_at.eq(message.pinned_at.map(micros)),
        messages::changed_pos.eq(message.changed.map(Pos::to_i64)),
    );
    diesel::update(messages::table.find(place)).set(columns).execute(connection).await?;
    if message.pinned_at.is_some() {
        let row = (pinned_messages::conversation_id.eq(place.0), pinned_messages::seq.eq(place.1));
        diesel::insert_into(pinned_messages::table).values(row).execute(connection).await?;
    } else {
        diesel::delete(pinned_messages::table.find(place)).execute(connection).await?;
    }
    move_changed(connection, message, before).await
}
