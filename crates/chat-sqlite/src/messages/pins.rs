//! Pinned messages.

use super::edit::{move_changed, read};
use crate::changes::{store as store_change, take_pos};
use crate::conversations::find_conversation;
use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::schema::{messages, pinned_messages};
use chat_domain::messages::{By, ChangedMessage, Message, PinChange, PinMessage, decide_pin};
use chat_domain::{ActionError, ChangeKind, ConversationId, Pos};
use diesel::prelude::*;

pub(super) fn pin(connection: &mut SqliteConnection, pin: PinMessage, by: By) -> Result<ChangedMessage, ActionError> {
    let conversation = find_conversation(connection, pin.conversation_id)?;
    let context = read(connection, conversation, by.user_id, pin.message_id)?;
    let pins = count(connection, pin.conversation_id)?;
    let (message, user) = decide_pin(context, pins, pin)?;
    let Some(user) = user else { return Ok(ChangedMessage { message, change: None }) };
    let place = take_pos(connection, message.conversation_id, by.at)?;
    let before = message.changed;
    let message = message.pinned(pin.is_pinned, place);
    store(connection, &message, before)?;
    let change = Box::new(PinChange { message_id: message.id, seq: message.seq, user });
    let kind = if pin.is_pinned { ChangeKind::MessagePinned(change) } else { ChangeKind::MessageUnpinned(change) };
    let change = store_change(connection, message.conversation_id, place, kind)?;
    Ok(ChangedMessage { message, change: Some(change) })
}

fn count(connection: &mut SqliteConnection, conversation: ConversationId) -> Stored<u32> {
    let is_this = pinned_messages::conversation_id.eq(messages::conversation_id);
    let pins = pinned_messages::table
        .inner_join(messages::table.on(is_this.and(pinned_messages::seq.eq(messages::seq))))
        .filter(pinned_messages::conversation_id.eq(Id::from(conversation)))
        // A node of an earlier release leaves the pins of messages that it deletes.
        .filter(messages::deleted_at.is_null());
    let count: i64 = pins.count().get_result(connection)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

fn store(connection: &mut SqliteConnection, message: &Message, before: Option<Pos>) -> Stored<()> {
    let place = (Id::from(message.conversation_id), message.seq.to_i64());
    let columns = (
        messages::pinned_at.eq(message.pinned_at.map(micros)),
        messages::changed_pos.eq(message.changed.map(Pos::to_i64)),
    );
    diesel::update(messages::table.find(place)).set(columns).execute(connection)?;
    if message.pinned_at.is_some() {
        let row = (pinned_messages::conversation_id.eq(place.0), pinned_messages::seq.eq(place.1));
        diesel::insert_into(pinned_messages::table).values(row).execute(connection)?;
    } else {
        diesel::delete(pinned_messages::table.find(place)).execute(connection)?;
    }
    move_changed(connection, message, before)
}
