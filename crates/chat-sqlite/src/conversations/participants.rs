use super::details::{all_participants, find_by_invite, find_conversation, load_details, participations};
use super::groups::retire;
use super::memberships::find_standing;
use super::own;
use super::update::record_update;
use crate::changes::{store, take_pos};
use crate::fault::{Fault, Stored};
use crate::id::{Id, micros, timestamp};
use crate::schema::{conversations, participants, users};
use crate::users::SummaryRow;
use chat_domain::conversations::{
    AddParticipant, ChangeRole, ConversationDetails, JoinGroup, Participant, RemoveParticipant, Role,
    may_add_participant, may_change_role, may_have_another, may_join, may_remove_participant, next_admin,
};
use chat_domain::receipts::Positions;
use chat_domain::users::UserSummary;
use chat_domain::{ActionError, Change, ChangeKind, ConversationId, Pos, Refusal, Timestamp, UserId};
use diesel::dsl::exists;
use diesel::prelude::*;

pub(super) fn add(
    connection: &mut SqliteConnection,
    add: AddParticipant,
) -> Result<(ConversationDetails, Change), ActionError> {
    let AddParticipant { conversation_id: id, actor, user, at } = add;
    let conversation = find_conversation(connection, id)?.ok_or(Refusal::UnknownConversation)?;
    let (actor_role, standing) = (role_of(connection, id, actor)?, find_standing(connection, id, user)?);
    may_add_participant(&conversation, actor_role, standing)?;
    let summary = find_summary(connection, user)?.ok_or(Refusal::UnknownUser)?;
    let arrival = Arrival { positions: Positions::joining_at(conversation.last_seq), by_code: false, at };
    Ok(join(connection, id, summary, arrival)?)
}

/// Adds the bearer of an invite code, as if a participant had added them.
pub(super) fn join_by_invite(
    connection: &mut SqliteConnection,
    request: JoinGroup,
) -> Result<(ConversationDetails, Change), ActionError> {
    let JoinGroup { invite_code, user, max_own, at } = request;
    let conversation = find_by_invite(connection, invite_code)?.ok_or(Refusal::InviteNotFound)?;
    may_join(&conversation, find_standing(connection, conversation.id, user)?)?;
    let summary = find_summary(connection, user)?.ok_or(Refusal::UnknownUser)?;
    // A group counts for its creator, whether the creator is a participant or not.
    let by_code = conversation.created_by != user;
    if by_code {
        may_have_another(own::count(connection, user, max_own)?, max_own)?;
    }
    let arrival = Arrival { positions: Positions::joining_at(conversation.last_seq), by_code, at };
    Ok(join(connection, conversation.id, summary, arrival)?)
}

pub(super) fn remove(connection: &mut SqliteConnection, remove: RemoveParticipant) -> Result<Vec<Change>, ActionError> {
    let RemoveParticipant { conversation_id: id, actor, user, at } = remove;
    let conversation = find_conversation(connection, id)?.ok_or(Refusal::UnknownConversation)?;
    let (actor_role, user_role) = (role_of(connection, id, actor)?, role_of(connection, id, user)?);
    may_remove_participant(&conversation, actor_role, user_role, actor == user)?;
    Ok(leave(connection, id, user, Departure { by_admin: actor != user, at })?)
}

pub(super) fn change_role(
    connection: &mut SqliteConnection,
    change: ChangeRole,
) -> Result<(Participant, Option<Change>), ActionError> {
    let ChangeRole { conversation_id: id, actor, user, role, at } = change;
    let conversation = find_conversation(connection, id)?.ok_or(Refusal::UnknownConversation)?;
    let actor_role = role_of(connection, id, actor)?;
    let user_role = role_of(connection, id, user)?;
    let has_another = has_another_admin(connection, id, user)?;
    let changed = if may_change_role(&conversation, actor_role, user_role, role, has_another)? {
        let place = take_pos(connection, id, at)?;
        give_role(connection, id, user, role)?;
        let kind = ChangeKind::ParticipantUpdated { user_id: user, role };
        Some(store(connection, id, place, kind)?)
    } else {
        None
    };
    let participant = participations(connection, user, &[id])?.remove(&id).ok_or(Refusal::NoSuchParticipant)?;
    Ok((participant, changed))
}

fn has_another_admin(connection: &mut SqliteConnection, id: ConversationId, user: UserId) -> Stored<bool> {
    let others = participants::table
        .filter(participants::conversation_id.eq(Id::from(id)))
        .filter(participants::left_at.is_null())
        .filter(participants::role.eq(Role::Admin.as_str()))
        .filter(participants::user_id.ne(Id::from(user)));
    Ok(diesel::select(exists(others)).get_result(connection)?)
}

fn give_role(connection: &mut SqliteConnection, id: ConversationId, user: UserId, role: Role) -> Stored<()> {
    diesel::update(participants::table.find((Id::from(id), Id::from(user))))
        .set(participants::role.eq(role.as_str()))
        .execute(connection)?;
    Ok(())
}

/// Removes the user from every group, inactive ones too. Each departure is a change of its own.
pub(crate) fn leave_every_group(connection: &mut SqliteConnection, user: UserId, at: Timestamp) -> Stored<Vec<Change>> {
    let groups: Vec<Id> = participants::table
        .inner_join(conversations::table)
        .filter(participants::user_id.eq(Id::from(user)))
        .filter(participants::left_at.is_null())
        .filter(conversations::is_group)
        .order(participants::conversation_id)
        .select(participants::conversation_id)
        .load(connection)?;
    let mut changes = Vec::with_capacity(groups.len());
    for group in groups {
        changes.extend(leave(connection, group.into(), user, Departure { by_admin: false, at })?);
    }
    Ok(changes)
}

fn role_of(connection: &mut SqliteConnection, id: ConversationId, user: UserId) -> Stored<Option<Role>> {
    Ok(find_standing(connection, id, user)?.role())
}

fn find_summary(connection: &mut SqliteConnection, id: UserId) -> Stored<Option<UserSummary>> {
    let row: Option<SummaryRow> = users::table
        .find(Id::from(id))
        .filter(users::deleted_at.is_null())
        .select(SummaryRow::as_select())
        .get_result(connection)
        .optional()?;
    row.map(UserSummary::try_from).transpose()
}

/// A new participant's positions, and whether the user joined by invite code a group that another user created.
#[derive(Clone, Copy)]
struct Arrival {
    positions: Positions,
    by_code: bool,
    at: Timestamp,
}

fn join(
    connection: &mut SqliteConnection,
    id: ConversationId,
    user: UserSummary,
    arrival: Arrival,
) -> Stored<(ConversationDetails, Change)> {
    let Arrival { positions, by_code, at } = arrival;
    let at = time_of_joining(connection, id, user.id, at)?;
    let (pos, at) = take_pos(connection, id, at)?;
    // A user who was a participant before has a row, which is replaced.
    diesel::replace_into(participants::table)
        .values((
            participants::conversation_id.eq(Id::from(id)),
            participants::user_id.eq(Id::from(user.id)),
            participants::role.eq(Role::Member.as_str()),
            participants::joined_at.eq(micros(at)),
            participants::joined_seq.eq(positions.joined.to_i64()),
            participants::delivered_seq.eq(positions.delivered.to_i64()),
            participants::read_seq.eq(positions.read.to_i64()),
            participants::joined_by_code.eq(by_code),
        ))
        .execute(connection)?;
    // A joining moves the conversation up in lists.
    let counted = conversations::participant_count.eq(conversations::participant_count + 1);
    diesel::update(conversations::table.find(Id::from(id)))
        .set((counted, conversations::updated_at.eq(micros(at))))
        .execute(connection)?;
    let details = load_details(connection, id)?.ok_or(Fault::Database(diesel::result::Error::NotFound))?;
    let kind = ChangeKind::ParticipantAdded { user, role: Role::Member, details: Box::new(details.clone()) };
    let change = store(connection, id, (pos, at), kind)?;
    Ok((details, change))
}

/// After the end of the user's previous membership, so that each membership begins at a time of its own.
fn time_of_joining(
    connection: &mut SqliteConnection,
    id: ConversationId,
    user: UserId,
    at: Timestamp,
) -> Stored<Timestamp> {
    let left_at: Option<Option<i64>> = participants::table
        .find((Id::from(id), Id::from(user)))
        .select(participants::left_at)
        .get_result(connection)
        .optional()?;
    Ok(left_at.flatten().map_or(at, |left_at| at.max(timestamp(left_at.saturating_add(1)))))
}

/// The time of a departure, and whether another user, who must be an admin, removed the participant.
#[derive(Clone, Copy)]
struct Departure {
    by_admin: bool,
    at: Timestamp,
}

/// Stores the departure. If no admin remains, makes another participant admin.
fn leave(
    connection: &mut SqliteConnection,
    id: ConversationId,
    user: UserId,
    departure: Departure,
) -> Stored<Vec<Change>> {
    let at = departure.at;
    let heir = match role_of(connection, id, user)? {
        Some(Role::Admin | Role::Unknown) => next_admin(&all_participants(connection, id)?, user),
        Some(Role::Member) | None => None,
    };
    let left = count_departure(connection, id)?;
    if left == 0 {
        // No participant remains who could add users or free the name.
        retire(connection, id)?;
    }
    let (pos, at) = take_pos(connection, id, at)?;
    mark_left(connection, id, user, pos, Departure { at, ..departure })?;
    let kind = ChangeKind::ParticipantRemoved { user_id: user };
    let mut changes = vec![store(connection, id, (pos, at), kind)?];
    if let Some(heir) = heir {
        give_role(connection, id, heir, Role::Admin)?;
        changes.push(record_update(connection, id, at)?.1);
    }
    Ok(changes)
}

fn mark_left(
    connection: &mut SqliteConnection,
    id: ConversationId,
    user: UserId,
    pos: Pos,
    departure: Departure,
) -> Stored<()> {
    diesel::update(participants::table.find((Id::from(id), Id::from(user))))
        .set((
            participants::left_at.eq(micros(departure.at)),
            participants::left_pos.eq(pos.to_i64()),
            participants::removed_by_admin.eq(departure.by_admin),
        ))
        .execute(connection)?;
    Ok(())
}

/// Returns the number of remaining participants.
fn count_departure(connection: &mut SqliteConnection, id: ConversationId) -> Stored<i32> {
    Ok(diesel::update(conversations::table.find(Id::from(id)))
        .set(conversations::participant_count.eq(conversations::participant_count - 1))
        .returning(conversations::participant_count)
        .get_result(connection)?)
}
