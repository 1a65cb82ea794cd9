use super::changes::{NewChange, record};
use super::find::overview;
use crate::fault::{Fault, Stored};
use crate::schema::{conversations, participants};
use crate::time::micros;
use crate::users::hold;
use chat_domain::conversations::{
    ConversationName, ConversationOverview, CreateConversationError, CreatedConversation, DirectKey, NewConversation,
    Role,
};
use chat_domain::{Change, ChangeKind, ConversationId, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) async fn create(
    connection: &mut AsyncPgConnection,
    new: &NewConversation,
) -> Result<CreatedConversation, CreateConversationError> {
    let members: Vec<UserId> = std::iter::once(new.created_by).chain(new.others.as_slice().iter().copied()).collect();
    refuse_unknown(connection, &members).await?;
    let pair = new.direct_pair();
    if let Some(pair) = pair
        && let Some(found) = find_direct(connection, pair, new.created_by).await?
    {
        return Ok(found);
    }
    if !insert(connection, new, pair).await? {
        // Somebody made the pair's conversation meanwhile, here or on another node; the insert waited for their commit.
        let found = match pair {
            Some(pair) => find_direct(connection, pair, new.created_by).await?,
            None => None,
        };
        return Ok(found.ok_or(Fault::Database(diesel::result::Error::NotFound))?);
    }
    insert_participants(connection, new, &members, pair.is_some()).await?;
    let pos = record(connection, new.id, &NewChange::Created { member_ids: &members }, new.at).await?;
    let overview = present(connection, new.id, new.created_by).await?;
    let kind = ChangeKind::Created { details: Box::new(overview.details.clone()), member_ids: members };
    Ok(CreatedConversation { overview, change: Some(Change { conversation_id: new.id, pos, at: new.at, kind }) })
}

async fn refuse_unknown(connection: &mut AsyncPgConnection, members: &[UserId]) -> Result<(), CreateConversationError> {
    let known = hold(connection, members).await?;
    let unknown: Vec<_> = members.iter().copied().filter(|id| !known.contains(id)).collect();
    if unknown.is_empty() { Ok(()) } else { Err(CreateConversationError::UnknownUsers(unknown)) }
}

async fn find_direct(
    connection: &mut AsyncPgConnection,
    pair: DirectKey,
    viewer: UserId,
) -> Stored<Option<CreatedConversation>> {
    let id: Option<Uuid> = conversations::table
        .filter(conversations::direct_key.eq(pair.as_text()))
        .select(conversations::id)
        .get_result(connection)
        .await
        .optional()?;
    match id {
        Some(id) => {
            let overview = present(connection, ConversationId::new(id), viewer).await?;
            Ok(Some(CreatedConversation { overview, change: None }))
        }
        None => Ok(None),
    }
}

async fn present(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    viewer: UserId,
) -> Stored<ConversationOverview> {
    overview(connection, id, viewer).await?.ok_or(Fault::Database(diesel::result::Error::NotFound))
}

/// Whether it was inserted: not where the pair has its conversation.
async fn insert(connection: &mut AsyncPgConnection, new: &NewConversation, pair: Option<DirectKey>) -> Stored<bool> {
    let count = i32::try_from(new.others.as_slice().len() + 1).unwrap_or(i32::MAX);
    let inserted = diesel::insert_into(conversations::table)
        .values((
            conversations::id.eq(new.id.as_uuid()),
            conversations::is_group.eq(pair.is_none()),
            conversations::name.eq(new.name.as_ref().map(ConversationName::as_str)),
            conversations::is_active.eq(true),
            conversations::created_by.eq(new.created_by.as_uuid()),
            conversations::direct_key.eq(pair.map(|pair| pair.as_text())),
            conversations::participant_count.eq(count),
            conversations::created_at.eq(micros(new.at)),
            conversations::updated_at.eq(micros(new.at)),
        ))
        .on_conflict(conversations::direct_key)
        .do_nothing()
        .execute(connection)
        .await?;
    Ok(inserted > 0)
}

/// Members from the beginning have everything still to read.
async fn insert_participants(
    connection: &mut AsyncPgConnection,
    new: &NewConversation,
    members: &[UserId],
    is_direct: bool,
) -> Stored<()> {
    let row = |member: &UserId| {
        let role = if *member == new.created_by && !is_direct { Role::Admin } else { Role::Member };
        (
            participants::conversation_id.eq(new.id.as_uuid()),
            participants::user_id.eq(member.as_uuid()),
            participants::role.eq(role.as_str()),
            participants::joined_at.eq(micros(new.at)),
            participants::joined_seq.eq(0_i64),
            participants::delivered_seq.eq(0_i64),
            participants::read_seq.eq(0_i64),
        )
    };
    let rows: Vec<_> = members.iter().map(row).collect();
    diesel::insert_into(participants::table).values(rows).execute(connection).await?;
    Ok(())
}
