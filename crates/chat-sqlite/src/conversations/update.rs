use super::changes::{NewChange, record};
use super::details::{find_conversation, load_details};
use super::memberships::find_participant;
use crate::fault::{Fault, Stored};
use crate::id::Id;
use crate::schema::conversations;
use chat_domain::conversations::{
    ConversationChanges, ConversationDescription, ConversationDetails, ConversationName, ParticipantError,
    UpdateConversation, may_change_group,
};
use chat_domain::users::AvatarUrl;
use chat_domain::{Change, ChangeKind, ConversationId, Timestamp};
use diesel::prelude::*;

/// What of a row changes: `None` leaves a column as it is, `Some(None)` empties it.
#[derive(AsChangeset)]
#[expect(clippy::option_option, reason = "diesel's way to tell an empty value from none given")]
#[diesel(table_name = conversations)]
struct Changeset {
    name: Option<Option<String>>,
    description: Option<Option<String>>,
    avatar: Option<Option<String>>,
}

pub(super) fn update(
    connection: &mut SqliteConnection,
    update: &UpdateConversation,
) -> Result<(ConversationDetails, Change), ParticipantError> {
    let id = update.conversation_id;
    let conversation = find_conversation(connection, id)?.ok_or(ParticipantError::UnknownConversation)?;
    let actor = find_participant(connection, id, update.actor)?.map(|row| row.role()).transpose()?;
    may_change_group(&conversation, actor)?;
    store(connection, id, &update.changes)?;
    Ok(record_update(connection, id, update.at)?)
}

/// Numbers and stores that the conversation is now as it is now.
pub(super) fn record_update(
    connection: &mut SqliteConnection,
    id: ConversationId,
    at: Timestamp,
) -> Stored<(ConversationDetails, Change)> {
    let pos = record(connection, id, &NewChange::Updated, at)?;
    let details = load_details(connection, id)?.ok_or(Fault::Database(diesel::result::Error::NotFound))?;
    let kind = ChangeKind::Updated(Box::new(details.clone()));
    Ok((details, Change { conversation_id: id, pos, at, kind }))
}

fn store(connection: &mut SqliteConnection, id: ConversationId, changes: &ConversationChanges) -> Stored<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let changeset = Changeset {
        name: changes.name.clone().map(|name| name.map(ConversationName::into_string)),
        description: changes.description.clone().map(|text| text.map(ConversationDescription::into_string)),
        avatar: changes.avatar.clone().map(|url| url.map(AvatarUrl::into_string)),
    };
    diesel::update(conversations::table.find(Id::from(id))).set(changeset).execute(connection)?;
    Ok(())
}
