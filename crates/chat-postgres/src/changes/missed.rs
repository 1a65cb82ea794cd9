//! Finds what a client missed: sent messages, changed messages, and changes of other kinds. The changes of a message
//! that was changed often are not read, except the newest one.

use super::list::{Columns, Span, columns};
use super::record::{RecordColumns, RecordRow};
use crate::fault::Stored;
use crate::statement::cached_statement;
use chat_domain::changes::ChangeTag;
use chat_domain::{ChangeRange, Pos};
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

cached_statement!(
    /// In these ranges, the newest record of each message that was sent before, all records of other kinds, and the
    /// last record. The kinds of a conversation are found by one step in the index for each. `LIMIT` and `OFFSET` keep
    /// the planner from reading all records of a conversation with many.
    ListRecords { ids: Vec<Uuid>, afters: Vec<i64>, up_tos: Vec<i64>, of_messages: Vec<&'static str> }
        -> (BigInt, RecordColumns),
    "SELECT asked.number, o.conversation_id, o.pos, o.kind, o.at, o.user_id, o.role, o.member_ids, o.effect, o.actor_id,
            o.message_id, o.detail
     FROM unnest(",
    ids as Array<SqlUuid>,
    ", ",
    afters as Array<BigInt>,
    ", ",
    up_tos as Array<BigInt>,
    ") WITH ORDINALITY AS asked (id, after, up_to, number)
     CROSS JOIN LATERAL (
         SELECT changed.changed_pos AS pos
         FROM changed_messages AS changed
         WHERE changed.conversation_id = asked.id
           AND changed.changed_pos > asked.after AND changed.changed_pos <= asked.up_to
           AND changed.seq <= (SELECT m.seq FROM messages AS m
                               WHERE m.conversation_id = asked.id AND m.pos <= asked.after
                               ORDER BY m.pos DESC LIMIT 1)
         UNION
         SELECT other.pos
         FROM (
             WITH RECURSIVE kinds (kind) AS (
                 SELECT min(kind) FROM conversation_changes WHERE conversation_id = asked.id
                 UNION ALL
                 SELECT (SELECT min(later.kind) FROM conversation_changes AS later
                         WHERE later.conversation_id = asked.id AND later.kind > kinds.kind)
                 FROM kinds WHERE kinds.kind IS NOT NULL
             )
             SELECT kind FROM kinds
         ) AS known
         CROSS JOIN LATERAL (
             SELECT c.pos FROM conversation_changes AS c
             WHERE c.conversation_id = asked.id AND c.kind = known.kind
               AND c.pos > asked.after AND c.pos <= asked.up_to
             OFFSET 0
         ) AS other
         WHERE known.kind <> ALL (",
    of_messages as Array<Text>,
    ")
         UNION
         SELECT asked.up_to
     ) AS found
     CROSS JOIN LATERAL (
         SELECT * FROM conversation_changes AS c WHERE c.conversation_id = asked.id AND c.pos = found.pos LIMIT 1
     ) AS o",
);

pub(super) async fn load_records(mut connection: &AsyncPgConnection, spans: &[Span]) -> Stored<Vec<(i64, RecordRow)>> {
    let Columns { ids, afters, up_tos } = columns(spans);
    Ok(ListRecords { ids, afters, up_tos, of_messages: of_messages() }.load(&mut connection).await?)
}

cached_statement!(
    /// The first places of what [`super::list::list_missed_spans`] finds in a range. If there are enough sent messages,
    /// nothing after the last of them is read: otherwise all changed messages that were sent in the range would be read
    /// and rejected.
    ListPos { id: Uuid, after: i64, up_to: i64, most: i64, of_messages: Vec<&'static str> } -> BigInt,
    "WITH RECURSIVE asked (id, after, up_to, most) AS (VALUES (",
    id as SqlUuid,
    ", ",
    after as BigInt,
    ", ",
    up_to as BigInt,
    ", ",
    most as BigInt,
    ")),
     sent (pos) AS (
         SELECT m.pos FROM asked CROSS JOIN LATERAL (
             SELECT m.pos FROM messages AS m
             WHERE m.conversation_id = asked.id AND m.pos > asked.after AND m.pos <= asked.up_to
             ORDER BY m.pos LIMIT asked.most
         ) AS m
     ),
     last (up_to) AS (
         SELECT CASE WHEN count(sent.pos) < min(asked.most) THEN min(asked.up_to) ELSE max(sent.pos) END
         FROM asked LEFT JOIN sent ON TRUE
     ),
     kinds (kind) AS (
         SELECT (SELECT min(first.kind) FROM conversation_changes AS first WHERE first.conversation_id = asked.id)
         FROM asked
         UNION ALL
         SELECT (SELECT min(later.kind) FROM conversation_changes AS later
                 WHERE later.conversation_id = asked.id AND later.kind > kinds.kind)
         FROM kinds, asked WHERE kinds.kind IS NOT NULL
     )
     SELECT found.pos FROM asked CROSS JOIN last CROSS JOIN LATERAL (
         SELECT sent.pos FROM sent
         UNION
         (SELECT changed.changed_pos FROM changed_messages AS changed
          WHERE changed.conversation_id = asked.id
            AND changed.changed_pos > asked.after AND changed.changed_pos <= last.up_to
            AND changed.seq <= (SELECT m.seq FROM messages AS m
                                WHERE m.conversation_id = asked.id AND m.pos <= asked.after
                                ORDER BY m.pos DESC LIMIT 1)
          ORDER BY changed.changed_pos LIMIT asked.most)
         UNION
         SELECT other.pos FROM kinds CROSS JOIN LATERAL (
             SELECT o.pos FROM conversation_changes AS o
             WHERE o.conversation_id = asked.id AND o.kind = kinds.kind
               AND o.pos > asked.after AND o.pos <= last.up_to
             ORDER BY o.pos LIMIT asked.most
         ) AS other
         WHERE kinds.kind <> ALL (",
    of_messages as Array<Text>,
    ")
     ) AS found ORDER BY found.pos LIMIT (SELECT most FROM asked)",
);

pub(super) async fn list_pos(connection: &mut AsyncPgConnection, range: ChangeRange, limit: u32) -> Stored<Vec<Pos>> {
    let ChangeRange { conversation_id, after, up_to } = range;
    let (id, after, up_to) = (conversation_id.as_uuid(), after.to_i64(), up_to.to_i64());
    let asked = ListPos { id, after, up_to, most: limit.into(), of_messages: of_messages() };
    let mut found: Vec<i64> = asked.load(connection).await?;
    if found.len() < limit as usize && found.last() != Some(&up_to) {
        found.push(up_to);
    }
    Ok(found.into_iter().map(Pos::from_i64).collect())
}

/// The kinds of change for which the changed message stands.
fn of_messages() -> Vec<&'static str> {
    ChangeTag::of_sent_messages().map(ChangeTag::as_str).collect()
}
