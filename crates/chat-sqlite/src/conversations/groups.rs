use super::details::find_conversation;
use super::memberships::find_participant;
use super::names;
use super::update::record_update;
use crate::fault::Stored;
use crate::id::Id;
use crate::schema::conversations;
use chat_domain::conversations::{Conversation, ConversationDetails, InviteCode, Role, may_change_group};
use chat_domain::{ActionError, Change, ConversationId, Refusal, Timestamp, UserId};
use diesel::prelude::*;

pub(super) fn deactivate(
    connection: &mut SqliteConnection,
    id: ConversationId,
    actor: UserId,
    at: Timestamp,
) -> Result<(ConversationDetails, Change), ActionError> {
    as_admin(connection, id, actor)?;
    retire(connection, id)?;
    Ok(record_update(connection, id, at)?)
}

pub(super) fn replace_invite_code(
    connection: &mut SqliteConnection,
    id: ConversationId,
    actor: UserId,
    code: InviteCode,
) -> Result<Conversation, ActionError> {
    let conversation = as_admin(connection, id, actor)?;
    store_invite_code(connection, id, code)?;
    Ok(Conversation { invite_code: Some(code), ..conversation })
}

/// The group, if the actor may change it.
fn as_admin(connection: &mut SqliteConnection, id: ConversationId, actor: UserId) -> Result<Conversation, ActionError> {
    with_role(connection, (id, actor), may_change_group)
}

/// The conversation, if the actor's role allows what `may` decides.
pub(super) fn with_role(
    connection: &mut SqliteConnection,
    (id, actor): (ConversationId, UserId),
    may: impl FnOnce(&Conversation, Option<Role>) -> Result<(), Refusal>,
) -> Result<Conversation, ActionError> {
    let conversation = find_conversation(connection, id)?.ok_or(Refusal::UnknownConversation)?;
    let role = find_participant(connection, id, actor)?.map(|row| row.role());
    may(&conversation, role)?;
    Ok(conversation)
}

/// Makes the group inactive and frees its name.
pub(super) fn retire(connection: &mut SqliteConnection, id: ConversationId) -> Stored<()> {
    names::forget(connection, id)?;
    // The key of the name may stay, since only active groups reserve names.
    let row = conversations::table.find(Id::from(id));
    diesel::update(row).set(conversations::is_active.eq(false)).execute(connection)?;
    Ok(())
}

fn store_invite_code(connection: &mut SqliteConnection, id: ConversationId, code: InviteCode) -> Stored<()> {
    let row = conversations::table.find(Id::from(id));
    diesel::update(row).set(conversations::invite_code.eq(code.as_text())).execute(connection)?;
    Ok(())
}
