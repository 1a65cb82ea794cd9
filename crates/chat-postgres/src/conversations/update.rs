use super::details::load_details;
use super::groups::with_role;
use super::names::{self, NameStanding};
use crate::changes::{store as store_change, take_pos};
use crate::fault::{Fault, Stored};
use crate::schema::conversations;
use chat_domain::conversations::{
    Conversation, ConversationDescription, ConversationDetails, ConversationName, NameRule, UpdateConversation,
    group_name_key, may_change,
};
use chat_domain::users::AvatarUrl;
use chat_domain::{ActionError, Change, ChangeKind, ConversationId, Metadata, Refusal, Timestamp};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// The changes of a row: `None` leaves a column as it is, `Some(None)` clears it.
#[derive(AsChangeset)]
#[expect(clippy::option_option, reason = "diesel's way to distinguish clearing a column from leaving it")]
#[diesel(table_name = conversations)]
struct Changeset {
    name: Option<Option<String>>,
    group_name_key: Option<Option<String>>,
    description: Option<Option<String>>,
    avatar: Option<Option<String>>,
    metadata: Option<Option<String>>,
}

pub(super) async fn update(
    connection: &mut AsyncPgConnection,
    update: &UpdateConversation,
) -> Result<(ConversationDetails, Option<Change>), ActionError> {
    let id = update.conversation_id;
    let by = (id, update.actor);
    let may = |conversation: &Conversation, role| may_change(conversation, role, &update.changes);
    let conversation = with_role(connection, by, may).await?;
    if update.changes.is_of_same_metadata(&conversation) {
        return Ok((present(connection, id).await?, None));
    }
    let standing = match (update.name_rule, &update.changes.name) {
        (NameRule::Reserved, Some(Some(name))) => names::standing(connection, name, Some(id)).await?,
        _ => NameStanding::Free,
    };
    if standing == NameStanding::Taken {
        return Err(Refusal::GroupNameTaken.into());
    }
    match store(connection, update, standing).await {
        // If another call was reserving the name, the update has waited for its result.
        Err(Fault::Database(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))) => {
            return Err(Refusal::GroupNameTaken.into());
        }
        stored => stored?,
    }
    index_name(connection, update).await?;
    let (details, change) = record_update(connection, id, update.at).await?;
    Ok((details, Some(change)))
}

/// Stores the conversation's update as a change with the next `pos`.
pub(super) async fn record_update(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    at: Timestamp,
) -> Stored<(ConversationDetails, Change)> {
    let place = take_pos(connection, id, at).await?;
    let details = present(connection, id).await?;
    let kind = ChangeKind::Updated(Box::new(details.clone()));
    let change = store_change(connection, id, place, kind).await?;
    Ok((details, change))
}

async fn present(connection: &mut AsyncPgConnection, id: ConversationId) -> Stored<ConversationDetails> {
    load_details(connection, id).await?.ok_or(Fault::Database(diesel::result::Error::NotFound))
}

async fn store(connection: &mut AsyncPgConnection, update: &UpdateConversation, standing: NameStanding) -> Stored<()> {
    let changes = &update.changes;
    if changes.is_empty() {
        return Ok(());
    }
    let changeset = Changeset {
        name: changes.name.clone().map(|name| name.map(ConversationName::into_string)),
        group_name_key: changes.name.as_ref().filter(|_| standing != NameStanding::Own).map(|name| {
            match update.name_rule {
                NameRule::Reserved => name.as_ref().map(group_name_key),
                NameRule::Free => None,
            }
        }),
        description: changes.description.clone().map(|text| text.map(ConversationDescription::into_string)),
        avatar: changes.avatar.clone().map(|url| url.map(AvatarUrl::into_string)),
        metadata: changes.metadata.clone().map(|metadata| metadata.map(Metadata::into_string)),
    };
    let row = conversations::table.find(update.conversation_id.as_uuid());
    diesel::update(row).set(changeset).execute(connection).await?;
    Ok(())
}

/// Adds a reserved name to the search index; other names are not in it.
async fn index_name(connection: &mut AsyncPgConnection, update: &UpdateConversation) -> Stored<()> {
    let Some(name) = &update.changes.name else { return Ok(()) };
    names::forget(connection, update.conversation_id).await?;
    match (update.name_rule, name) {
        (NameRule::Reserved, Some(name)) => names::index(connection, update.conversation_id, name).await,
        _ => Ok(()),
    }
}
