//! Reads of every new connection, shared by many of them; see [`crate::batches`].

use super::rows::{KindColumns, KindRow, ParticipantColumns, ParticipantRow};
use crate::fault::Stored;
use crate::receipts::{PositionColumns, positions};
use crate::statement::cached_statement;
use crate::time::timestamp;
use chat_domain::conversations::{ConversationKind, Membership};
use chat_domain::presence::{Contact, ContactsWanted, PresenceAudience};
use chat_domain::receipts::PositionsMoved;
use chat_domain::{ConversationId, Pos, UserId};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::cmp::Reverse;
use std::collections::HashMap;
use uuid::Uuid;

/// A user, and the most memberships to list.
pub(crate) type Wanted = (UserId, u32);

cached_statement!(
    /// The first memberships of each of these users, found one user at a time, so that the cost depends on the
    /// memberships of these users only.
    ListMemberships { numbers: Vec<i64>, user_ids: Vec<Uuid>, limits: Vec<i64> }
        -> (BigInt, BigInt, BigInt, Integer, ParticipantColumns),
    "SELECT asked.number, newest.*
     FROM unnest(",
    numbers as Array<BigInt>,
    ", ",
    user_ids as Array<SqlUuid>,
    ", ",
    limits as Array<BigInt>,
    ") AS asked (number, user_id, most)
     CROSS JOIN LATERAL (
         SELECT c.updated_at, c.last_pos, c.participant_count,
                p.conversation_id, p.role, p.joined_at, p.joined_seq, p.delivered_seq, p.read_seq
         FROM participants AS p
         JOIN conversations AS c ON c.id = p.conversation_id
         WHERE p.user_id = asked.user_id AND p.left_at IS NULL
         ORDER BY c.updated_at DESC, c.id DESC
         LIMIT asked.most) AS newest",
);

/// A row of [`ListMemberships`].
type MembershipRow = (i64, i64, i64, i32, ParticipantRow);

pub(crate) async fn list_memberships(
    connection: &mut AsyncPgConnection,
    wanted: Vec<Wanted>,
) -> Stored<HashMap<Wanted, Vec<Membership>>> {
    let asked = ListMemberships {
        numbers: (0..).take(wanted.len()).collect(),
        user_ids: wanted.iter().map(|(user, _)| user.as_uuid()).collect(),
        limits: wanted.iter().map(|(_, limit)| i64::from(*limit)).collect(),
    };
    let mut rows: Vec<MembershipRow> = asked.load(connection).await?;
    // The rows usually arrive in this order, but the server does not guarantee it. Sorting sorted rows is cheap.
    rows.sort_by_key(|(number, updated_at, .., row)| (*number, Reverse((*updated_at, row.conversation_id()))));
    let mut found = HashMap::with_capacity(wanted.len());
    for rows in rows.chunk_by(|(one, ..), (other, ..)| one == other) {
        let theirs = rows.iter().map(|(.., last_pos, count, row)| {
            row.membership(Pos::from_i64(*last_pos), u32::try_from(*count).unwrap_or(0))
        });
        let Some((number, ..)) = rows.first() else { continue };
        let Some(wanted) = usize::try_from(*number).ok().and_then(|number| wanted.get(number)) else { continue };
        found.insert(*wanted, theirs.collect());
    }
    Ok(found)
}

/// A user, and the limits on the conversations whose participants may see the user's presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AudienceWanted {
    pub(crate) user: UserId,
    pub(crate) most_participants: u32,
    pub(crate) limit: u32,
}

cached_statement!(
    /// The conversations of each of these users in which presence is visible, by the rule of [`crate::users`]'
    /// contacts: a pair's other participant is one step in the primary key.
    ListAudiences { numbers: Vec<i64>, user_ids: Vec<Uuid>, sizes: Vec<i64>, limits: Vec<i64> }
        -> (BigInt, BigInt, SqlUuid),
    "SELECT asked.number, newest.*
     FROM unnest(",
    numbers as Array<BigInt>,
    ", ",
    user_ids as Array<SqlUuid>,
    ", ",
    sizes as Array<BigInt>,
    ", ",
    limits as Array<BigInt>,
    ") AS asked (number, user_id, most_participants, most)
     CROSS JOIN LATERAL (
         SELECT c.updated_at, c.id
         FROM participants AS p
         JOIN conversations AS c ON c.id = p.conversation_id
         WHERE p.user_id = asked.user_id AND p.left_at IS NULL AND c.participant_count <= asked.most_participants
           AND ((c.is_group AND c.is_active)
                OR (NOT c.is_group AND p.has_written AND EXISTS (
                    SELECT 1 FROM participants AS other
                    WHERE other.conversation_id = p.conversation_id AND other.user_id <> p.user_id
                      AND other.has_written)))
         ORDER BY c.updated_at DESC, c.id DESC
         LIMIT asked.most) AS newest",
);

pub(crate) async fn list_audiences(
    connection: &mut AsyncPgConnection,
    wanted: Vec<AudienceWanted>,
) -> Stored<HashMap<AudienceWanted, Vec<ConversationId>>> {
    let asked = ListAudiences {
        numbers: (0..).take(wanted.len()).collect(),
        user_ids: wanted.iter().map(|wanted| wanted.user.as_uuid()).collect(),
        sizes: wanted.iter().map(|wanted| i64::from(wanted.most_participants)).collect(),
        limits: wanted.iter().map(|wanted| i64::from(wanted.limit)).collect(),
    };
    let mut rows: Vec<(i64, i64, Uuid)> = asked.load(connection).await?;
    rows.sort_by_key(|(number, updated_at, id)| (*number, Reverse((*updated_at, *id))));
    let mut found: HashMap<_, Vec<_>> = HashMap::with_capacity(wanted.len());
    for (number, _, id) in rows {
        let Some(wanted) = usize::try_from(number).ok().and_then(|number| wanted.get(number)) else { continue };
        found.entry(*wanted).or_default().push(ConversationId::new(id));
    }
    Ok(found)
}

cached_statement!(
    /// The contacts of each of these users in the conversations with the newest activity, by the same rule.
    ListContacts {
        numbers: Vec<i64>,
        user_ids: Vec<Uuid>,
        everyone: Vec<bool>,
        sizes: Vec<i64>,
        looked_at: Vec<i64>,
        conversations: Vec<i64>,
        limits: Vec<i64>,
    } -> (BigInt, BigInt, SqlUuid, Nullable<BigInt>),
    "SELECT asked.number, newest.active_at, users.id, users.last_seen
     FROM unnest(",
    numbers as Array<BigInt>,
    ", ",
    user_ids as Array<SqlUuid>,
    ", ",
    everyone as Array<Bool>,
    ", ",
    sizes as Array<BigInt>,
    ", ",
    looked_at as Array<BigInt>,
    ", ",
    conversations as Array<BigInt>,
    ", ",
    limits as Array<BigInt>,
    ") AS asked (number, user_id, everyone, most_participants, looked_at, conversations, most)
     CROSS JOIN LATERAL (
         SELECT other.user_id, max(place.updated_at) AS active_at
         FROM (
             SELECT c.id, c.updated_at
             FROM (
                 SELECT c.id, c.updated_at, c.is_group, c.is_active, p.has_written
                 FROM participants AS p
                 JOIN conversations AS c ON c.id = p.conversation_id
                 WHERE p.user_id = asked.user_id AND p.left_at IS NULL
                   AND c.participant_count <= asked.most_participants
                 ORDER BY c.updated_at DESC, c.id DESC
                 LIMIT asked.looked_at) AS c
             WHERE (c.is_group AND c.is_active)
                OR (NOT c.is_group
                    AND (asked.everyone OR (c.has_written AND EXISTS (
                        SELECT 1 FROM participants AS other
                        WHERE other.conversation_id = c.id AND other.user_id <> asked.user_id
                          AND other.has_written))))
             ORDER BY c.updated_at DESC, c.id DESC
             LIMIT asked.conversations) AS place
         JOIN participants AS other ON other.conversation_id = place.id
         WHERE other.left_at IS NULL AND other.user_id <> asked.user_id
         GROUP BY other.user_id
         ORDER BY active_at DESC, other.user_id
         LIMIT asked.most) AS newest
     JOIN users ON users.id = newest.user_id AND users.deleted_at IS NULL",
);

pub(crate) async fn list_contacts(
    connection: &mut AsyncPgConnection,
    wanted: Vec<ContactsWanted>,
) -> Stored<HashMap<ContactsWanted, Vec<Contact>>> {
    let asked = ListContacts {
        numbers: (0..).take(wanted.len()).collect(),
        user_ids: wanted.iter().map(|wanted| wanted.user.as_uuid()).collect(),
        everyone: wanted.iter().map(|wanted| wanted.audience == PresenceAudience::Everyone).collect(),
        sizes: wanted.iter().map(|wanted| i64::from(wanted.most_participants)).collect(),
        looked_at: wanted.iter().map(|wanted| i64::from(wanted.looked_at)).collect(),
        conversations: wanted.iter().map(|wanted| i64::from(wanted.conversations)).collect(),
        limits: wanted.iter().map(|wanted| i64::from(wanted.limit)).collect(),
    };
    let mut rows: Vec<(i64, i64, Uuid, Option<i64>)> = asked.load(connection).await?;
    rows.sort_by_key(|(number, active_at, id, _)| (*number, Reverse(*active_at), *id));
    let mut found: HashMap<_, Vec<_>> = HashMap::with_capacity(wanted.len());
    for (number, _, id, last_seen) in rows {
        let Some(wanted) = usize::try_from(number).ok().and_then(|number| wanted.get(number)) else { continue };
        let contact = Contact { user_id: UserId::new(id), last_seen: last_seen.map(timestamp) };
        found.entry(*wanted).or_default().push(contact);
    }
    Ok(found)
}

cached_statement!(
    /// The positions of all participants of these conversations.
    ListPositions { ids: Vec<Uuid> } -> (SqlUuid, KindColumns, SqlUuid, (BigInt, BigInt, BigInt)),
    "SELECT c.id, c.direct_key, c.parent_id, p.user_id, p.joined_seq, p.delivered_seq, p.read_seq
     FROM conversations AS c
     JOIN participants AS p ON p.conversation_id = c.id AND p.left_at IS NULL
     WHERE c.id = ANY (",
    ids as Array<SqlUuid>,
    ")",
);

pub(crate) async fn list_positions(
    connection: &mut AsyncPgConnection,
    ids: Vec<ConversationId>,
) -> Stored<HashMap<ConversationId, Vec<PositionsMoved>>> {
    let asked = ListPositions { ids: ids.into_iter().map(ConversationId::as_uuid).collect() };
    let rows: Vec<(Uuid, KindRow, Uuid, PositionColumns)> = asked.load(connection).await?;
    let mut found: HashMap<ConversationId, Vec<PositionsMoved>> = HashMap::new();
    for (id, kind, user, columns) in rows {
        let conversation_id = ConversationId::new(id);
        found.entry(conversation_id).or_default().push(PositionsMoved {
            conversation_id,
            kind: kind.read()?,
            user_id: UserId::new(user),
            positions: positions(columns),
            covers: None,
        });
    }
    Ok(found)
}

/// The facts of a conversation that are needed to read its changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) conversation_id: ConversationId,
    pub(crate) last_pos: Pos,
    /// `None` if this release cannot read it.
    pub(crate) kind: Option<ConversationKind>,
}

cached_statement!(
    /// The heads of the existing ones of these conversations.
    ListHeads { ids: Vec<Uuid> } -> (SqlUuid, BigInt, KindColumns),
    "SELECT id, last_pos, direct_key, parent_id FROM conversations WHERE id = ANY (",
    ids as Array<SqlUuid>,
    ")",
);

pub(crate) async fn list_heads(
    connection: &mut AsyncPgConnection,
    ids: Vec<ConversationId>,
) -> Stored<HashMap<ConversationId, Head>> {
    let asked = ListHeads { ids: ids.into_iter().map(ConversationId::as_uuid).collect() };
    let rows: Vec<(Uuid, i64, KindRow)> = asked.load(connection).await?;
    let head = |(id, last_pos, kind): (Uuid, i64, KindRow)| {
        let conversation_id = ConversationId::new(id);
        (conversation_id, Head { conversation_id, last_pos: Pos::from_i64(last_pos), kind: kind.read().ok() })
    };
    Ok(rows.into_iter().map(head).collect())
}
