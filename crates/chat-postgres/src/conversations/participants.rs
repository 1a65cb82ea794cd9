use super::details::{all_participants, hold_by_invite, hold_conversation, load_details, participations};
use super::groups::retire;
use super::memberships::find_standing;
use super::own;
use super::update::record_update;
use crate::changes::{store, take_pos};
use crate::fault::{Fault, Stored};
use crate::schema::{conversations, participants};
use crate::time::{micros, timestamp};
use crate::users::{hold, load_summaries};
use chat_domain::conversations::{
    AddParticipant, ChangeRole, ConversationDetails, JoinGroup, Participant, RemoveParticipant, Role,
    may_add_participant, may_change_role, may_have_another, may_join, may_remove_participant, next_admin,
};
use chat_domain::receipts::Positions;
use chat_domain::users::UserSummary;
use chat_domain::{ActionError, Change, ChangeKind, ConversationId, Pos, Refusal, Timestamp, UserId};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

pub(super) async fn add(
    connection: &mut AsyncPgConnection,
    add: AddParticipant,
) -> Result<(ConversationDetails, Change), ActionError> {
    let AddParticipant { conversation_id: id, actor, user, at } = add;
    // Users are locked before conversations. A missing user is reported only after the rules have been checked.
    let user_exists = !hold(connection, &[user]).await?.is_empty();
    let conversation = hold_conversation(connection, id).await?.ok_or(Refusal::UnknownConversation)?;
    let actor_role = role_of(connection, id, actor).await?;
    let standing = find_standing(connection, id, user).await?;
    may_add_participant(&conversation, actor_role, standing)?;
    if !user_exists {
        return Err(Refusal::UnknownUser.into());
    }
    let summary = load_summaries(connection, vec![user.as_uuid()]).await?.pop();
    let summary = summary.ok_or(Refusal::UnknownUser)?;
    let arrival = Arrival { positions: Positions::joining_at(conversation.last_seq), by_code: false, at };
    Ok(join(connection, id, summary, arrival).await?)
}

/// Adds the bearer of an invite code, as if a participant had added them.
pub(super) async fn join_by_invite(
    connection: &mut AsyncPgConnection,
    request: JoinGroup,
) -> Result<(ConversationDetails, Change), ActionError> {
    let JoinGroup { invite_code, user, max_own, at } = request;
    own::hold(connection, user).await?;
    // Users are locked before conversations.
    let user_exists = !hold(connection, &[user]).await?.is_empty();
    let conversation = hold_by_invite(connection, invite_code).await?.ok_or(Refusal::InviteNotFound)?;
    may_join(&conversation, find_standing(connection, conversation.id, user).await?)?;
    if !user_exists {
        return Err(Refusal::UnknownUser.into());
    }
    let summary = load_summaries(connection, vec![user.as_uuid()]).await?.pop().ok_or(Refusal::UnknownUser)?;
    // A group counts for its creator, whether the creator is a participant or not.
    let by_code = conversation.created_by != user;
    if by_code {
        may_have_another(own::count(connection, user, max_own).await?, max_own)?;
    }
    let arrival = Arrival { positions: Positions::joining_at(conversation.last_seq), by_code, at };
    Ok(join(connection, conversation.id, summary, arrival).await?)
}

pub(super) async fn remove(
    connection: &mut AsyncPgConnection,
    remove: RemoveParticipant,
) -> Result<Vec<Change>, ActionError> {
    let RemoveParticipant { conversation_id: id, actor, user, at } = remove;
    let conversation = hold_conversation(connection, id).await?.ok_or(Refusal::UnknownConversation)?;
    let actor_role = role_of(connection, id, actor).await?;
    let user_role = role_of(connection, id, user).await?;
    may_remove_participant(&conversation, actor_role, user_role, actor == user)?;
    Ok(leave(connection, id, user, Departure { by_admin: actor != user, at }).await?)
}

pub(super) async fn change_role(
    connection: &mut AsyncPgConnection,
    change: ChangeRole,
) -> Result<(Participant, Option<Change>), ActionError> {
    let ChangeRole { conversation_id: id, actor, user, role, at } = change;
    let conversation = hold_conversation(connection, id).await?.ok_or(Refusal::UnknownConversation)?;
    let actor_role = role_of(connection, id, actor).await?;
    let user_role = role_of(connection, id, user).await?;
    let has_another = has_another_admin(connection, id, user).await?;
    let changed = if may_change_role(&conversation, actor_role, user_role, role, has_another)? {
        let place = take_pos(connection, id, at).await?;
        give_role(connection, id, user, role).await?;
        let kind = ChangeKind::ParticipantUpdated { user_id: user, role };
        Some(store(connection, id, place, kind).await?)
    } else {
        None
    };
    let participant = participations(connection, user, &[id]).await?.remove(&id).ok_or(Refusal::NoSuchParticipant)?;
    Ok((participant, changed))
}

async fn has_another_admin(connection: &mut AsyncPgConnection, id: ConversationId, user: UserId) -> Stored<bool> {
    let others = participants::table
        .filter(participants::conversation_id.eq(id.as_uuid()))
        .filter(participants::left_at.is_null())
        .filter(participants::role.eq(Role::Admin.as_str()))
        .filter(participants::user_id.ne(user.as_uuid()));
    Ok(diesel::select(exists(others)).get_result(connection).await?)
}

async fn give_role(connection: &mut AsyncPgConnection, id: ConversationId, user: UserId, role: Role) -> Stored<()> {
    diesel::update(participants::table.find((id.as_uuid(), user.as_uuid())))
        .set(participants::role.eq(role.as_str()))
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes the user from every group, inactive ones too. Each departure is a change of its own. The caller has locked
/// the user, so that no other call adds them to a group meanwhile.
pub(crate) async fn leave_every_group(
    connection: &mut AsyncPgConnection,
    user: UserId,
    at: Timestamp,
) -> Stored<Vec<Change>> {
    let taking_part = participants::table
        .filter(participants::user_id.eq(user.as_uuid()))
        .filter(participants::left_at.is_null())
        .select(participants::conversation_id);
    let groups: Vec<Uuid> = conversations::table
        .filter(conversations::id.eq_any(taking_part))
        .filter(conversations::is_group)
        .order(conversations::id)
        .select(conversations::id)
        .for_no_key_update()
        .load(connection)
        .await?;
    let mut changes = Vec::with_capacity(groups.len());
    for group in groups.into_iter().map(ConversationId::new) {
        // Another call may have removed the user while this waited for the group's lock.
        if role_of(connection, group, user).await?.is_some() {
            changes.extend(leave(connection, group, user, Departure { by_admin: false, at }).await?);
        }
    }
    Ok(changes)
}

async fn role_of(connection: &mut AsyncPgConnection, id: ConversationId, user: UserId) -> Stored<Option<Role>> {
    Ok(find_standing(connection, id, user).await?.role())
}

/// A new participant's positions, and whether the user joined by invite code a group that another user created.
#[derive(Clone, Copy)]
struct Arrival {
    positions: Positions,
    by_code: bool,
    at: Timestamp,
}

async fn join(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserSummary,
    arrival: Arrival,
) -> Stored<(ConversationDetails, Change)> {
    let Arrival { positions, by_code, at } = arrival;
    let at = time_of_joining(connection, id, user.id, at).await?;
    let (pos, at) = take_pos(connection, id, at).await?;
    let state = (
        participants::role.eq(Role::Member.as_str()),
        participants::joined_at.eq(micros(at)),
        participants::left_at.eq(None::<i64>),
        participants::left_pos.eq(None::<i64>),
        participants::joined_seq.eq(positions.joined.to_i64()),
        participants::delivered_seq.eq(positions.delivered.to_i64()),
        participants::read_seq.eq(positions.read.to_i64()),
        participants::has_written.eq(false),
        participants::removed_by_admin.eq(false),
        participants::joined_by_code.eq(by_code),
    );
    let who = (participants::conversation_id.eq(id.as_uuid()), participants::user_id.eq(user.id.as_uuid()));
    // A user who was a participant before has a row, which is replaced.
    diesel::insert_into(participants::table)
        .values((who, state))
        .on_conflict((participants::conversation_id, participants::user_id))
        .do_update()
        .set(state)
        .execute(connection)
        .await?;
    // A joining moves the conversation up in lists.
    let counted = conversations::participant_count.eq(conversations::participant_count + 1);
    diesel::update(conversations::table.find(id.as_uuid()))
        .set((counted, conversations::updated_at.eq(micros(at))))
        .execute(connection)
        .await?;
    let details = load_details(connection, id).await?.ok_or(Fault::Database(diesel::result::Error::NotFound))?;
    let kind = ChangeKind::ParticipantAdded { user, role: Role::Member, details: Box::new(details.clone()) };
    let change = store(connection, id, (pos, at), kind).await?;
    Ok((details, change))
}

/// After the end of the user's previous membership, so that each membership begins at a time of its own.
async fn time_of_joining(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserId,
    at: Timestamp,
) -> Stored<Timestamp> {
    let left_at: Option<Option<i64>> = participants::table
        .find((id.as_uuid(), user.as_uuid()))
        .select(participants::left_at)
        .get_result(connection)
        .await
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
async fn leave(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserId,
    departure: Departure,
) -> Stored<Vec<Change>> {
    let at = departure.at;
    let heir = match role_of(connection, id, user).await? {
        Some(Role::Admin | Role::Unknown) => next_admin(&all_participants(connection, id).await?, user),
        Some(Role::Member) | None => None,
    };
    let left = count_departure(connection, id).await?;
    if left == 0 {
        // No participant remains who could add users or free the name.
        retire(connection, id).await?;
    }
    let (pos, at) = take_pos(connection, id, at).await?;
    hold_leaver(connection, id, user).await?;
    mark_left(connection, id, user, pos, Departure { at, ..departure }).await?;
    let kind = ChangeKind::ParticipantRemoved { user_id: user };
    let mut changes = vec![store(connection, id, (pos, at), kind).await?];
    if let Some(heir) = heir {
        give_role(connection, id, heir, Role::Admin).await?;
        changes.push(record_update(connection, id, at).await?.1);
    }
    Ok(changes)
}

/// Waits for what the user writes in threads, which locks the membership but not the conversation.
async fn hold_leaver(connection: &mut AsyncPgConnection, id: ConversationId, user: UserId) -> Stored<()> {
    let _held: Vec<Uuid> = participants::table
        .filter(participants::conversation_id.eq(id.as_uuid()))
        .filter(participants::user_id.eq(user.as_uuid()))
        .select(participants::user_id)
        .for_update()
        .load(connection)
        .await?;
    Ok(())
}

async fn mark_left(
    connection: &mut AsyncPgConnection,
    id: ConversationId,
    user: UserId,
    pos: Pos,
    departure: Departure,
) -> Stored<()> {
    diesel::update(participants::table.find((id.as_uuid(), user.as_uuid())))
        .set((
            participants::left_at.eq(micros(departure.at)),
            participants::left_pos.eq(pos.to_i64()),
            participants::removed_by_admin.eq(departure.by_admin),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns the number of remaining participants.
async fn count_departure(connection: &mut AsyncPgConnection, id: ConversationId) -> Stored<i32> {
    Ok(diesel::update(conversations::table.find(id.as_uuid()))
        .set(conversations::participant_count.eq(conversations::participant_count - 1))
        .returning(conversations::participant_count)
        .get_result(connection)
        .await?)
}
