use super::changes::{NewChange, record};
use super::find::overview;
use crate::fault::{Fault, Stored};
use crate::id::{Id, micros};
use crate::schema::{conversations, participants};
use crate::users::exist;
use chat_domain::conversations::{
    ConversationName, CreateConversationError, CreatedConversation, DirectKey, NewConversation, Role,
};
use chat_domain::{Change, ChangeKind, ConversationId, UserId};
use diesel::prelude::*;

pub(super) fn create(
    connection: &mut SqliteConnection,
    new: &NewConversation,
) -> Result<CreatedConversation, CreateConversationError> {
    let members: Vec<UserId> = std::iter::once(new.created_by).chain(new.others.as_slice().iter().copied()).collect();
    refuse_unknown(connection, &members)?;
    let pair = new.direct_pair();
    if let Some(pair) = pair
        && let Some(id) = find_direct(connection, pair)?
    {
        return Ok(CreatedConversation { overview: present(connection, id, new.created_by)?, change: None });
    }
    insert(connection, new, pair)?;
    insert_participants(connection, new, &members, pair.is_some())?;
    let pos = record(connection, new.id, &NewChange::Created { member_ids: &members }, new.at)?;
    let overview = present(connection, new.id, new.created_by)?;
    let kind = ChangeKind::Created { details: Box::new(overview.details.clone()), member_ids: members };
    Ok(CreatedConversation { overview, change: Some(Change { conversation_id: new.id, pos, at: new.at, kind }) })
}

fn refuse_unknown(connection: &mut SqliteConnection, members: &[UserId]) -> Result<(), CreateConversationError> {
    let known = exist(connection, members)?;
    let unknown: Vec<_> = members.iter().copied().filter(|id| !known.contains(id)).collect();
    if unknown.is_empty() { Ok(()) } else { Err(CreateConversationError::UnknownUsers(unknown)) }
}

fn find_direct(connection: &mut SqliteConnection, pair: DirectKey) -> Stored<Option<ConversationId>> {
    let id: Option<Id> = conversations::table
        .filter(conversations::direct_key.eq(pair.as_text()))
        .select(conversations::id)
        .get_result(connection)
        .optional()?;
    Ok(id.map(ConversationId::from))
}

fn present(
    connection: &mut SqliteConnection,
    id: ConversationId,
    viewer: UserId,
) -> Stored<chat_domain::conversations::ConversationOverview> {
    overview(connection, id, viewer)?.ok_or(Fault::Database(diesel::result::Error::NotFound))
}

fn insert(connection: &mut SqliteConnection, new: &NewConversation, pair: Option<DirectKey>) -> Stored<()> {
    let count = i32::try_from(new.others.as_slice().len() + 1).unwrap_or(i32::MAX);
    diesel::insert_into(conversations::table)
        .values((
            conversations::id.eq(Id::from(new.id)),
            conversations::is_group.eq(pair.is_none()),
            conversations::name.eq(new.name.as_ref().map(ConversationName::as_str)),
            conversations::is_active.eq(true),
            conversations::created_by.eq(Id::from(new.created_by)),
            conversations::direct_key.eq(pair.map(|pair| pair.as_text())),
            conversations::participant_count.eq(count),
            conversations::created_at.eq(micros(new.at)),
            conversations::updated_at.eq(micros(new.at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Members from the beginning have everything still to read.
fn insert_participants(
    connection: &mut SqliteConnection,
    new: &NewConversation,
    members: &[UserId],
    is_direct: bool,
) -> Stored<()> {
    let row = |member: &UserId| {
        let role = if *member == new.created_by && !is_direct { Role::Admin } else { Role::Member };
        (
            participants::conversation_id.eq(Id::from(new.id)),
            participants::user_id.eq(Id::from(*member)),
            participants::role.eq(role.as_str()),
            participants::joined_at.eq(micros(new.at)),
            participants::joined_seq.eq(0_i64),
            participants::delivered_seq.eq(0_i64),
            participants::read_seq.eq(0_i64),
        )
    };
    let rows: Vec<_> = members.iter().map(row).collect();
    diesel::insert_into(participants::table).values(rows).execute(connection)?;
    Ok(())
}
