use super::changes::{NewChange, record};
use super::details::{hold_conversation, load_details};
use super::memberships::find_participant;
use crate::fault::{Fault, Stored};
use crate::schema::conversations;
use chat_domain::conversations::{
    ConversationChanges, ConversationDescription, ConversationDetails, ConversationName, ParticipantError,
    UpdateConversation, may_change_group,
};
use chat_domain::users::AvatarUrl;
use chat_domain::{Change, ChangeKind, ConversationId, Timestamp};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// What of a row changes: `None` leaves a column as it is, `Some(None)` empties it.
#[derive(AsChangeset)]
#[expect(clippy::option_option, reason = "diesel's way to tell an empty value from none given")]
#[diesel(table_name = conversations)]
struct Changeset {
    name: Option<Option<String>>,
    description: Option<Option<String>>,
    avatar: Option<Option<String>>,
}

pub(super) async fn update(
    connection: &mut AsyncPgConnection,
    update: &UpdateConversation,
) -> Result<(ConversationDetails, Change), ParticipantError> {
    let id = update.conversation_id;
    let conversation = hold_conversation(connection, id).await?.ok_or(ParticipantError::UnknownConversation)?;
    let actor = find_participant(connection, id, update.actor).await?.map(|row| row.role()).transpose()?;
    may_change_group(&conversation, actor)?;
    store(connection, id, &update.changes).await?;
    Ok(record_update(connection, id, update.at).await?)
}

/// Numbers and stores that the conversation is now as it is now.
pub(super) async fn record_update(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    at: Timestamp,
) -> Stored<(ConversationDetails, Change)> {
    let pos = record(connection, id, &NewChange::Updated, at).await?;
    let details = load_details(connection, id).await?.ok_or(Fault::Database(diesel::result::Error::NotFound))?;
    let kind = ChangeKind::Updated(Box::new(details.clone()));
    Ok((details, Change { conversation_id: id, pos, at, kind }))
}

async fn store(connection: &mut AsyncPgConnection, id: ConversationId, changes: &ConversationChanges) -> Stored<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let changeset = Changeset {
        name: changes.name.clone().map(|name| name.map(ConversationName::into_string)),
        description: changes.description.clone().map(|text| text.map(ConversationDescription::into_string)),
        avatar: changes.avatar.clone().map(|url| url.map(AvatarUrl::into_string)),
    };
    diesel::update(conversations::table.find(id.as_uuid())).set(changeset).execute(connection).await?;
    Ok(())
}
