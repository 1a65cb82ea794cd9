use super::find::{direct, overview};
use super::names::{self, NameStanding};
use super::own;
use crate::changes::{store, take_pos};
use crate::fault::{Fault, Stored};
use crate::id::{Id, micros};
use crate::schema::{conversations, participants};
use crate::users::exist;
use chat_domain::conversations::{
    ConversationDescription, ConversationName, ConversationOverview, CreatedConversation, DirectKey, InviteCode,
    NewConversation, NewGroup, Role, group_name_key, may_have_another,
};
use chat_domain::users::{AvatarUrl, KEY_VERSION};
use chat_domain::{ActionError, ChangeKind, ConversationId, Refusal, Timestamp, UserId};
use diesel::prelude::*;
use std::collections::BTreeSet;

pub(super) fn create(
    connection: &mut SqliteConnection,
    new: &NewConversation,
) -> Result<CreatedConversation, ActionError> {
    let members: Vec<UserId> = std::iter::once(new.created_by).chain(new.others.as_slice().iter().copied()).collect();
    refuse_unknown(connection, &members)?;
    let pair = new.direct_pair();
    if let Some(pair) = pair
        && let Some(found) = find_pairs(connection, pair, new.created_by)?
    {
        return Ok(found);
    }
    may_have_another(own::count(connection, new.created_by, new.max_own)?, new.max_own)?;
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
    insert(connection, &beginning)?;
    Ok(begin(connection, beginning)?)
}

pub(super) fn create_group(
    connection: &mut SqliteConnection,
    new: &NewGroup,
) -> Result<CreatedConversation, ActionError> {
    let others: BTreeSet<UserId> = new.others.iter().copied().filter(|other| *other != new.created_by).collect();
    let members: Vec<UserId> = std::iter::once(new.created_by).chain(others).collect();
    refuse_unknown(connection, &members)?;
    if names::standing(connection, &new.name, None)? == NameStanding::Taken {
        return Err(Refusal::GroupNameTaken.into());
    }
    may_have_another(own::count(connection, new.created_by, new.max_own)?, new.max_own)?;
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
    insert(connection, &beginning)?;
    names::index(connection, new.id, &new.name)?;
    Ok(begin(connection, beginning)?)
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
fn begin(connection: &mut SqliteConnection, new: Beginning<'_>) -> Stored<CreatedConversation> {
    insert_participants(connection, &new)?;
    let Beginning { id, created_by, members: member_ids, at, .. } = new;
    let place = take_pos(connection, id, at)?;
    let overview = present(connection, id, created_by)?;
    let kind = ChangeKind::Created { details: Box::new(overview.details.clone()), member_ids };
    let change = store(connection, id, place, kind)?;
    Ok(CreatedConversation { overview, change: Some(change) })
}

fn refuse_unknown(connection: &mut SqliteConnection, members: &[UserId]) -> Result<(), ActionError> {
    let known = exist(connection, members)?;
    let unknown: Vec<_> = members.iter().copied().filter(|id| !known.contains(id)).collect();
    if unknown.is_empty() { Ok(()) } else { Err(Refusal::UnknownUsers { ids: unknown }.into()) }
}

fn find_pairs(
    connection: &mut SqliteConnection,
    pair: DirectKey,
    viewer: UserId,
) -> Stored<Option<CreatedConversation>> {
    let Some(id) = direct(connection, pair)? else { return Ok(None) };
    Ok(Some(CreatedConversation { overview: present(connection, id, viewer)?, change: None }))
}

fn present(connection: &mut SqliteConnection, id: ConversationId, viewer: UserId) -> Stored<ConversationOverview> {
    overview(connection, id, viewer)?.ok_or(Fault::Database(diesel::result::Error::NotFound))
}

fn insert(connection: &mut SqliteConnection, new: &Beginning<'_>) -> Stored<()> {
    let row = (
        conversations::id.eq(Id::from(new.id)),
        conversations::is_group.eq(new.pair.is_none()),
        conversations::name.eq(new.name.map(ConversationName::as_str)),
        conversations::description.eq(new.description.map(ConversationDescription::as_str)),
        conversations::avatar.eq(new.avatar.map(AvatarUrl::as_str)),
        conversations::is_active.eq(true),
        conversations::created_by.eq(Id::from(new.created_by)),
        conversations::direct_key.eq(new.pair.map(|pair| pair.as_text())),
        conversations::group_name_key.eq(new.name_key.as_deref()),
        conversations::invite_code.eq(new.invite_code.map(InviteCode::as_text)),
        conversations::participant_count.eq(i32::try_from(new.members.len()).unwrap_or(i32::MAX)),
        conversations::created_at.eq(micros(new.at)),
        conversations::updated_at.eq(micros(new.at)),
        conversations::key_version.eq(KEY_VERSION),
    );
    diesel::insert_into(conversations::table).values(row).execute(connection)?;
    Ok(())
}

/// Inserts the first participants, who have all messages still to read.
fn insert_participants(connection: &mut SqliteConnection, new: &Beginning<'_>) -> Stored<()> {
    let row = |member: &UserId| {
        let role = if *member == new.created_by && new.pair.is_none() { Role::Admin } else { Role::Member };
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
    let rows: Vec<_> = new.members.iter().map(row).collect();
    diesel::insert_into(participants::table).values(rows).execute(connection)?;
    Ok(())
}
