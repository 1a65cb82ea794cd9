//! Reactions. Each begins by locking the conversation, as everything that takes a `pos` does. A user's reaction is a
//! row of `message_reactions`; the message has a summary of them in a column.

use super::edit::{move_changed, read};
use super::history::find_in_conversation;
use crate::changes::{store as store_change, take_pos};
use crate::conversations::hold_conversation;
use crate::fault::Stored;
use crate::schema::{message_reactions, messages, users};
use crate::threads;
use crate::users::SummaryRow;
use chat_domain::columns::parsed;
use chat_domain::messages::{
    By, Emoji, HiddenReactions, MAX_NAMED_REACTORS, Message, React, ReactedMessage, ReactionChange, ReactionStep,
    ReactorPage, ReactorsWanted, decide_reaction,
};
use chat_domain::users::UserSummary;
use chat_domain::{ActionError, Change, ChangeKind, ConversationId, MessageId, Pos, Refusal, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) async fn react(
    connection: &mut AsyncPgConnection,
    react: &React,
    by: By,
) -> Result<ReactedMessage, ActionError> {
    let conversation = hold_conversation(connection, react.conversation_id).await?;
    threads::hold_membership(connection, conversation.as_ref(), by.user_id).await?;
    let context = read(connection, conversation, by.user_id, react.message_id).await?;
    let own = list_own(connection, react.message_id, by.user_id).await?;
    let (mut message, user, steps) = decide_reaction(context, &own, react)?;
    let before = message.changed;
    let mut changes = Vec::with_capacity(steps.len());
    for step in &steps {
        changes.push(take(connection, &mut message, &user, step, by).await?);
    }
    if !changes.is_empty() {
        store(connection, &message, before).await?;
    }
    Ok(ReactedMessage { message, changes })
}

/// Takes one step, and stores its change.
async fn take(
    connection: &mut AsyncPgConnection,
    message: &mut Message,
    user: &UserSummary,
    step: &ReactionStep,
    by: By,
) -> Stored<Change> {
    let place = take_pos(connection, message.conversation_id, by.at).await?;
    let (id, emoji) = (message.id.as_uuid(), step.emoji());
    match step {
        ReactionStep::Add(_) => {
            let row = (
                message_reactions::message_id.eq(id),
                message_reactions::emoji.eq(emoji.as_str()),
                message_reactions::pos.eq(place.0.to_i64()),
                message_reactions::user_id.eq(user.id.as_uuid()),
            );
            diesel::insert_into(message_reactions::table).values(row).execute(connection).await?;
        }
        ReactionStep::Remove(_) => {
            let row = message_reactions::table
                .filter(message_reactions::message_id.eq(id))
                .filter(message_reactions::user_id.eq(user.id.as_uuid()))
                .filter(message_reactions::emoji.eq(emoji.as_str()));
            diesel::delete(row).execute(connection).await?;
        }
    }
    if message.reactions.apply(step, user.id) {
        message.reactions.set_users(emoji, list_first(connection, message.id, emoji).await?);
    }
    message.changed = Some(place.0);
    let reaction = Box::new(ReactionChange {
        message_id: message.id,
        seq: message.seq,
        emoji: emoji.clone(),
        user: user.clone(),
        count: message.reactions.count(emoji),
    });
    let kind = match step {
        ReactionStep::Add(_) => ChangeKind::ReactionAdded(reaction),
        ReactionStep::Remove(_) => ChangeKind::ReactionRemoved(reaction),
    };
    store_change(connection, message.conversation_id, place, kind).await
}

async fn store(connection: &mut AsyncPgConnection, message: &Message, before: Option<Pos>) -> Stored<()> {
    let columns = (
        messages::reactions.eq(message.reactions.to_stored()),
        messages::changed_pos.eq(message.changed.map(Pos::to_i64)),
    );
    let row = messages::table.find((message.conversation_id.as_uuid(), message.seq.to_i64()));
    diesel::update(row).set(columns).execute(connection).await?;
    move_changed(connection, message, before).await
}

/// The user's reactions to this message.
async fn list_own(connection: &mut AsyncPgConnection, message: MessageId, user: UserId) -> Stored<Vec<Emoji>> {
    let emoji: Vec<String> = message_reactions::table
        .filter(message_reactions::message_id.eq(message.as_uuid()))
        .filter(message_reactions::user_id.eq(user.as_uuid()))
        .select(message_reactions::emoji)
        .load(connection)
        .await?;
    emoji.iter().map(|text| Ok(parsed("emoji", text, Emoji::from_stored)?)).collect()
}

/// The first users who reacted so.
async fn list_first(connection: &mut AsyncPgConnection, message: MessageId, emoji: &Emoji) -> Stored<Vec<UserId>> {
    let users: Vec<Uuid> = message_reactions::table
        .filter(message_reactions::message_id.eq(message.as_uuid()))
        .filter(message_reactions::emoji.eq(emoji.as_str()))
        .order(message_reactions::pos)
        .limit(i64::try_from(MAX_NAMED_REACTORS).unwrap_or(i64::MAX))
        .select(message_reactions::user_id)
        .load(connection)
        .await?;
    Ok(users.into_iter().map(UserId::new).collect())
}

/// The reader's reactions that these messages do not name. Needs no query if they name every user.
pub(super) async fn load_hidden(
    connection: &mut AsyncPgConnection,
    messages: &[Message],
    reader: UserId,
) -> Stored<HiddenReactions> {
    let hiding = messages.iter().filter(|message| message.reactions.may_hide(reader));
    let ids: Vec<_> = hiding.map(|message| message.id.as_uuid()).collect();
    if ids.is_empty() {
        return Ok(HiddenReactions::default());
    }
    let rows: Vec<(Uuid, String)> = message_reactions::table
        .filter(message_reactions::message_id.eq_any(ids))
        .filter(message_reactions::user_id.eq(reader.as_uuid()))
        .select((message_reactions::message_id, message_reactions::emoji))
        .load(connection)
        .await?;
    let known = rows.into_iter().filter_map(|(id, emoji)| Some((MessageId::new(id), Emoji::from_stored(&emoji).ok()?)));
    Ok(HiddenReactions::new(known))
}

pub(super) async fn list(
    connection: &mut AsyncPgConnection,
    conversation: ConversationId,
    message: MessageId,
    wanted: &ReactorsWanted,
) -> Result<ReactorPage, ActionError> {
    find_in_conversation(connection, conversation, message).await?.ok_or(Refusal::UnknownMessage)?;
    Ok(load_part(connection, message, wanted).await?)
}

async fn load_part(
    connection: &mut AsyncPgConnection,
    message: MessageId,
    wanted: &ReactorsWanted,
) -> Stored<ReactorPage> {
    let rows: Vec<(i64, SummaryRow)> = message_reactions::table
        .inner_join(users::table)
        .filter(message_reactions::message_id.eq(message.as_uuid()))
        .filter(message_reactions::emoji.eq(wanted.emoji.as_str()))
        .filter(message_reactions::pos.gt(wanted.after.to_i64()))
        .order(message_reactions::pos)
        .limit(i64::from(wanted.limit.get()) + 1)
        .select((message_reactions::pos, SummaryRow::as_select()))
        .load(connection)
        .await?;
    let found = rows.into_iter().map(|(pos, user)| Ok((Pos::from_i64(pos), user.try_into()?)));
    Ok(ReactorPage::of(wanted.limit, found.collect::<Stored<_>>()?))
}
