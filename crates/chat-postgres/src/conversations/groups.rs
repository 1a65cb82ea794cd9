use super::details::hold_conversation;
use super::memberships::find_participant;
use super::names;
use super::update::record_update;
use crate::fault::Stored;
use crate::schema::conversations;
use chat_domain::conversations::{Conversation, ConversationDetails, InviteCode, Role, may_change_group};
use chat_domain::{ActionError, Change, ConversationId, Refusal, Timestamp, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) async fn deactivate(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    actor: UserId,
    at: Timestamp,
) -> Result<(ConversationDetails, Change), ActionError> {
    as_admin(connection, id, actor).await?;
    retire(connection, id).await?;
    Ok(record_update(connection, id, at).await?)
}

pub(super) async fn replace_invite_code(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    actor: UserId,
    code: InviteCode,
) -> Result<Conversation, ActionError> {
    let conversation = as_admin(connection, id, actor).await?;
    store_invite_code(connection, id, code).await?;
    Ok(Conversation { invite_code: Some(code), ..conversation })
}

/// The group, if the actor may change it.
async fn as_admin(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    actor: UserId,
) -> Result<Conversation, ActionError> {
    with_role(connection, (id, actor), may_change_group).await
}

/// The conversation, if the actor's role allows what `may` decides.
pub(super) async fn with_role(
    connection: &mut AsyncPgConnection,
    (id, actor): (ConversationId, UserId),
    may: impl FnOnce(&Conversation, Option<Role>) -> Result<(), Refusal>,
) -> Result<Conversation, ActionError> {
    let conversation = hold_conversation(connection, id).await?.ok_or(Refusal::UnknownConversation)?;
    let role = find_participant(connection, id, actor).await?.map(|row| row.role());
    may(&conversation, role)?;
    Ok(conversation)
}

/// Makes the group inactive and frees its name. Waits for what is being written in its threads, which locks the row
/// against nothing else.
pub(super) async fn retire(connection: &mut AsyncPgConnection, id: ConversationId) -> Stored<()> {
    let this = conversations::table.filter(conversations::id.eq(id.as_uuid()));
    let _held: Vec<Uuid> = this.select(conversations::id).for_update().load(connection).await?;
    names::forget(connection, id).await?;
    // The key of the name may stay, since only active groups reserve names.
    let row = conversations::table.find(id.as_uuid());
    diesel::update(row).set(conversations::is_active.eq(false)).execute(connection).await?;
    Ok(())
}

async fn store_invite_code(connection: &mut AsyncPgConnection, id: ConversationId, code: InviteCode) -> Stored<()> {
    let row = conversations::table.find(id.as_uuid());
    diesel::update(row).set(conversations::invite_code.eq(code.as_text())).execute(connection).await?;
    Ok(())
}
