//! Reactions. A user's reaction is a row of `message_reactions`; the message has a summary of them in a column.

use super::edit::{move_changed, read};
use super::history::find_in_conversation;
use crate::changes::{store as store_change, take_pos};
use crate::conversations::find_conversation;
use crate::fault::Stored;
use crate::id::{IN_LIST, Id, id_list};
use crate::schema::{message_reactions, messages, users};
use crate::users::SummaryRow;
use chat_domain::columns::parsed;
use chat_domain::messages::{
    By, Emoji, HiddenReactions, MAX_NAMED_REACTORS, Message, React, ReactedMessage, ReactionChange, ReactionStep,
    ReactorPage, ReactorsWanted, decide_reaction,
};
use chat_domain::users::UserSummary;
use chat_domain::{ActionError, Change, ChangeKind, ConversationId, MessageId, Pos, Refusal, UserId};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

pub(super) fn react(connection: &mut SqliteConnection, react: &React, by: By) -> Result<ReactedMessage, ActionError> {
    let conversation = find_conversation(connection, react.conversation_id)?;
    let context = read(connection, conversation, by.user_id, react.message_id)?;
    let own = list_own(connection, react.message_id, by.user_id)?;
    let (mut message, user, steps) = decide_reaction(context, &own, react)?;
    let before = message.changed;
    let mut changes = Vec::with_capacity(steps.len());
    for step in &steps {
        changes.push(take(connection, &mut message, &user, step, by)?);
    }
    if !changes.is_empty() {
        store(connection, &message, before)?;
    }
    Ok(ReactedMessage { message, changes })
}

/// Takes one step, and stores its change.
fn take(
    connection: &mut SqliteConnection,
    message: &mut Message,
    user: &UserSummary,
    step: &ReactionStep,
    by: By,
) -> Stored<Change> {
    let place = take_pos(connection, message.conversation_id, by.at)?;
    let (id, emoji) = (Id::from(message.id), step.emoji());
    match step {
        ReactionStep::Add(_) => {
            let row = (
                message_reactions::message_id.eq(id),
                message_reactions::emoji.eq(emoji.as_str()),
                message_reactions::pos.eq(place.0.to_i64()),
                message_reactions::user_id.eq(Id::from(user.id)),
            );
            diesel::insert_into(message_reactions::table).values(row).execute(connection)?;
        }
        ReactionStep::Remove(_) => {
            let row = message_reactions::table
                .filter(message_reactions::message_id.eq(id))
                .filter(message_reactions::user_id.eq(Id::from(user.id)))
                .filter(message_reactions::emoji.eq(emoji.as_str()));
            diesel::delete(row).execute(connection)?;
        }
    }
    if message.reactions.apply(step, user.id) {
        message.reactions.set_users(emoji, list_first(connection, message.id, emoji)?);
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
    store_change(connection, message.conversation_id, place, kind)
}

fn store(connection: &mut SqliteConnection, message: &Message, before: Option<Pos>) -> Stored<()> {
    let columns = (
        messages::reactions.eq(message.reactions.to_stored()),
        messages::changed_pos.eq(message.changed.map(Pos::to_i64)),
    );
    let row = messages::table.find((Id::from(message.conversation_id), message.seq.to_i64()));
    diesel::update(row).set(columns).execute(connection)?;
    move_changed(connection, message, before)
}

/// The user's reactions to this message.
fn list_own(connection: &mut SqliteConnection, message: MessageId, user: UserId) -> Stored<Vec<Emoji>> {
    let emoji: Vec<String> = message_reactions::table
        .filter(message_reactions::message_id.eq(Id::from(message)))
        .filter(message_reactions::user_id.eq(Id::from(user)))
        .select(message_reactions::emoji)
        .load(connection)?;
    emoji.iter().map(|text| Ok(parsed("emoji", text, Emoji::from_stored)?)).collect()
}

/// The first users who reacted so.
fn list_first(connection: &mut SqliteConnection, message: MessageId, emoji: &Emoji) -> Stored<Vec<UserId>> {
    let users: Vec<Id> = message_reactions::table
        .filter(message_reactions::message_id.eq(Id::from(message)))
        .filter(message_reactions::emoji.eq(emoji.as_str()))
        .order(message_reactions::pos)
        .limit(i64::try_from(MAX_NAMED_REACTORS).unwrap_or(i64::MAX))
        .select(message_reactions::user_id)
        .load(connection)?;
    Ok(users.into_iter().map(UserId::from).collect())
}

/// The reader's reactions that these messages do not name. Needs no query if they name every user.
pub(super) fn load_hidden(
    connection: &mut SqliteConnection,
    messages: &[Message],
    reader: UserId,
) -> Stored<HiddenReactions> {
    let hiding = messages.iter().filter(|message| message.reactions.may_hide(reader));
    let ids: Vec<_> = hiding.map(|message| message.id).collect();
    if ids.is_empty() {
        return Ok(HiddenReactions::default());
    }
    let these = sql::<Bool>("message_id").sql(IN_LIST).bind::<Text, _>(id_list(&ids)).sql("))");
    let rows: Vec<(Id, String)> = message_reactions::table
        .filter(these)
        .filter(message_reactions::user_id.eq(Id::from(reader)))
        .select((message_reactions::message_id, message_reactions::emoji))
        .load(connection)?;
    let known = rows.into_iter().filter_map(|(id, emoji)| Some((id.into(), Emoji::from_stored(&emoji).ok()?)));
    Ok(HiddenReactions::new(known))
}

pub(super) fn list(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
    message: MessageId,
    wanted: &ReactorsWanted,
) -> Result<ReactorPage, ActionError> {
    find_in_conversation(connection, conversation, message)?.ok_or(Refusal::UnknownMessage)?;
    Ok(load_part(connection, message, wanted)?)
}

fn load_part(connection: &mut SqliteConnection, message: MessageId, wanted: &ReactorsWanted) -> Stored<ReactorPage> {
    let rows: Vec<(i64, SummaryRow)> = message_reactions::table
        .inner_join(users::table)
        .filter(message_reactions::message_id.eq(Id::from(message)))
        .filter(message_reactions::emoji.eq(wanted.emoji.as_str()))
        .filter(message_reactions::pos.gt(wanted.after.to_i64()))
        .order(message_reactions::pos)
        .limit(i64::from(wanted.limit.get()) + 1)
        .select((message_reactions::pos, SummaryRow::as_select()))
        .load(connection)?;
    let found = rows.into_iter().map(|(pos, user)| Ok((Pos::from_i64(pos), user.try_into()?)));
    Ok(ReactorPage::of(wanted.limit, found.collect::<Stored<_>>()?))
}
