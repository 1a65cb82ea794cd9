use super::find::{direct, overview};
use super::names::{self, NameStanding};
use super::own;
use crate::changes::{store, take_pos};
use crate::fault::{Fault, Stored};
use crate::schema::{conversations, participants};
use crate::time::micros;
use crate::users::hold;
use chat_domain::conversations::{
    ConversationDescription, ConversationName, ConversationOverview, CreatedConversation, DirectKey, InviteCode,
    NewConversation, NewGroup, Role, group_name_key, may_have_another,
};
use chat_domain::users::{AvatarUrl, KEY_VERSION};
use chat_domain::{ActionError, ChangeKind, ConversationId, Refusal, Timestamp, UserId};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::BTreeSet;

pub(super) async fn create(
    connection: &mut AsyncPgConnection,
    new: &NewConversation,
) -> Result<CreatedConversation, ActionError> {
    let members: Vec<UserId> = std::iter::once(new.created_by).chain(new.others.as_slice().iter().copied()).collect();
    own::hold(connection, new.created_by).await?;
    refuse_unknown(connection, &members).await?;
    let pair = new.direct_pair();
    if let Some(pair) = pair
        && let Some(found) = find_pairs(connection, pair, new.created_by).await?
    {
        return Ok(found);
    }
    may_have_another(own::count(connection, new.created_by, new.max_own).await?, new.max_own)?;
    let beginning = Beginning {
        id: new.id,
        created_by: new.created_by,
        members,
        pair,
        name: new.name.as_ref(),
        name_key: None,
        description: None,
        avatar: None,
        invite_code: if pair.is_none() { Some(new.invite_code) } else { None },
        at: new.at,
    };
    if !insert(connection, &beginning).await? {
        // Another call, perhaps on another node, created the pair's conversation meanwhile; the insert waited for its
        // commit.
        let found = match pair {
            Some(pair) => find_pairs(connection, pair, new.created_by).await?,
            None => None,
        };
        return Ok(found.ok_or(Fault::Database(diesel::result::Error::NotFound))?);
    }
    Ok(begin(connection, beginning).await?)
}

pub(super) async fn create_group(
    connection: &mut AsyncPgConnection,
    new: &NewGroup,
) -> Result<CreatedConversation, ActionError> {
    let others: BTreeSet<UserId> = new.others.iter().copied().filter(|other| *other != new.created_by).collect();
    let members: Vec<UserId> = std::iter::once(new.created_by).chain(others).collect();
    own::hold(connection, new.created_by).await?;
    refuse_unknown(connection, &members).await?;
    if names::standing(connection, &new.name, None).await? == NameStanding::Taken {
        return Err(Refusal::GroupNameTaken.into());
    }
    may_have_another(own::count(connection, new.created_by, new.max_own).await?, new.max_own)?;
    let beginning = Beginning {
        id: new.id,
        created_by: new.created_by,
        members,
        pair: None,
        name: Some(&new.name),
        name_key: Some(group_name_key(&new.name)),
        description: new.description.as_ref(),
        avatar: new.avatar.as_ref(),
        invite_code: Some(new.invite_code),
        at: new.at,
    };
    // If another call is creating a group with this name, the insert waits for its result.
    if !insert(connection, &beginning).await? {
        return Err(Refusal::GroupNameTaken.into());
    }
    names::index(connection, new.id, &new.name).await?;
    Ok(begin(connection, beginning).await?)
}

/// A conversation to be created.
struct Beginning<'a> {
    id: ConversationId,
    created_by: UserId,
    /// The members, the creator first.
    members: Vec<UserId>,
    pair: Option<DirectKey>,
    name: Option<&'a ConversationName>,
    /// The key of the name, if the name is to be reserved.
    name_key: Option<String>,
    description: Option<&'a ConversationDescription>,
    avatar: Option<&'a AvatarUrl>,
    invite_code: Option<InviteCode>,
    at: Timestamp,
}

/// Adds the participants and the first change to the conversation's row.
async fn begin(connection: &mut AsyncPgConnection, new: Beginning<'_>) -> Stored<CreatedConversation> {
    insert_participants(connection, &new).await?;
    let Beginning { id, created_by, members: member_ids, at, .. } = new;
    let place = take_pos(connection, id, at).await?;
    let overview = present(connection, id, created_by).await?;
    let kind = ChangeKind::Created { details: Box::new(overview.details.clone()), member_ids };
    let change = store(connection, id, place, kind).await?;
    Ok(CreatedConversation { overview, change: Some(change) })
}

async fn refuse_unknown(connection: &mut AsyncPgConnection, members: &[UserId]) -> Result<(), ActionError> {
    let known = hold(connection, members).await?;
    let unknown: Vec<_> = members.iter().copied().filter(|id| !known.contains(id)).collect();
    if unknown.is_empty() { Ok(()) } else { Err(Refusal::UnknownUsers { ids: unknown }.into()) }
}

async fn find_pairs(
    connection: &mut AsyncPgConnection,
    pair: DirectKey,
    viewer: UserId,
) -> Stored<Option<CreatedConversation>> {
    let Some(id) = direct(connection, pair).await? else { return Ok(None) };
    Ok(Some(CreatedConversation { overview: present(connection, id, viewer).await?, change: None }))
}

async fn present(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    viewer: UserId,
) -> Stored<ConversationOverview> {
    overview(connection, id, viewer).await?.ok_or(Fault::Database(diesel::result::Error::NotFound))
}

/// Whether the row was inserted. It is not if the pair already has a conversation, or if the name is taken.
async fn insert(connection: &mut AsyncPgConnection, new: &Beginning<'_>) -> Stored<bool> {
    let row = (
        conversations::id.eq(new.id.as_uuid()),
        conversations::is_group.eq(new.pair.is_none()),
        conversations::name.eq(new.name.map(ConversationName::as_str)),
        conversations::description.eq(new.description.map(ConversationDescription::as_str)),
        conversations::avatar.eq(new.avatar.map(AvatarUrl::as_str)),
        conversations::is_active.eq(true),
        conversations::created_by.eq(new.created_by.as_uuid()),
        conversations::direct_key.eq(new.pair.map(|pair| pair.as_text())),
        conversations::group_name_key.eq(new.name_key.as_deref()),
        conversations::invite_code.eq(new.invite_code.map(InviteCode::as_text)),
        conversations::participant_count.eq(i32::try_from(new.members.len()).unwrap_or(i32::MAX)),
        conversations::created_at.eq(micros(new.at)),
        conversations::updated_at.eq(micros(new.at)),
        conversations::key_version.eq(KEY_VERSION),
    );
    let insert = diesel::insert_into(conversations::table).values(row);
    let inserted = if new.name_key.is_some() {
        let is_reserved = conversations::group_name_key.is_not_null().and(conversations::is_active);
        let is_free = insert.on_conflict(conversations::group_name_key).filter_target(is_reserved);
        is_free.do_nothing().execute(connection).await?
    } else {
        insert.on_conflict(conversations::direct_key).do_nothing().execute(connection).await?
    };
    Ok(inserted > 0)
}

/// Inserts the first participants, who have all messages still to read.
async fn insert_participants(connection: &mut AsyncPgConnection, new: &Beginning<'_>) -> Stored<()> {
    let row = |member: &UserId| {
        let role = if *member == new.created_by && new.pair.is_none() { Role::Admin } else { Role::Member };
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
    let rows: Vec<_> = new.members.iter().map(row).collect();
    diesel::insert_into(participants::table).values(rows).execute(connection).await?;
    Ok(())
}
