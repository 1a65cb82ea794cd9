//! The statements of a send, each for many sends at once, each prepared once per connection.

use crate::statement::cached_statement;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, SmallInt, Text, Uuid as SqlUuid};
use uuid::Uuid;

cached_statement!(
    /// By the way of all others, so that it leaves before them.
    Begin {},
    "BEGIN",
);

cached_statement!(
    /// By the way of all others, so that it leaves after them. A transaction in which a statement failed answers it as
    /// if it had succeeded: what was committed is known only with the answers to all that came before.
    Commit {},
    "COMMIT",
);

cached_statement!(
    /// What one sees after this, nobody changes until the commit: everything that takes a `seq` or `pos`, or changes
    /// who takes part, begins with these rows, in this order.
    HoldConversations { ids: Vec<Uuid> } -> (SqlUuid, BigInt, BigInt, BigInt, Bool, Nullable<Text>),
    "SELECT id, last_seq, last_pos, updated_at, is_active, direct_key FROM conversations WHERE id = ANY (",
    ids as Array<SqlUuid>,
    ") ORDER BY id FOR NO KEY UPDATE",
);

/// A message's columns, as [`super::MessageRow`] reads them.
pub(crate) type MessageColumns = (
    SqlUuid,
    BigInt,
    SqlUuid,
    BigInt,
    Text,
    Nullable<Text>,
    Nullable<SqlUuid>,
    Nullable<Text>,
    BigInt,
    BigInt,
    Nullable<BigInt>,
    Nullable<BigInt>,
);

/// An account's columns, as [`crate::users::SummaryRow`] reads them.
pub(crate) type SummaryColumns = (SqlUuid, Nullable<Text>, Nullable<Text>, Nullable<Text>);

cached_statement!(
    /// Messages that stand under these keys already. Only after the conversations are held is the answer final.
    FindReplays { conversation_ids: Vec<Uuid>, sender_ids: Vec<Uuid>, keys: Vec<String> }
        -> (MessageColumns, SummaryColumns, Nullable<Binary>, SmallInt),
    "SELECT m.conversation_id, m.seq, m.id, m.pos, m.body, m.attachment, m.reply_to, m.client_message_id,
            m.created_at, m.updated_at, m.edited_at, m.deleted_at, u.id, u.username, u.name, u.avatar, m.fingerprint,
            m.fingerprint_version
     FROM unnest(",
    conversation_ids as Array<SqlUuid>,
    ", ",
    sender_ids as Array<SqlUuid>,
    ", ",
    keys as Array<Text>,
    ") AS asked (conversation_id, sender_id, key)
     JOIN messages AS m ON m.conversation_id = asked.conversation_id AND m.sender_id = asked.sender_id
                       AND m.client_message_id = asked.key
     JOIN users AS u ON u.id = m.sender_id",
);

cached_statement!(
    /// Those of these senders who take part, and whose accounts exist, with whether they have written there.
    FindSenders { conversation_ids: Vec<Uuid>, user_ids: Vec<Uuid> } -> (SqlUuid, Bool, SummaryColumns),
    "SELECT p.conversation_id, p.has_written, u.id, u.username, u.name, u.avatar
     FROM unnest(",
    conversation_ids as Array<SqlUuid>,
    ", ",
    user_ids as Array<SqlUuid>,
    ") AS asked (conversation_id, user_id)
     JOIN participants AS p ON p.conversation_id = asked.conversation_id AND p.user_id = asked.user_id
     JOIN users AS u ON u.id = asked.user_id
     WHERE p.left_at IS NULL AND u.deleted_at IS NULL",
);

cached_statement!(
    /// Those of these messages that exist, with where.
    FindAnswered { ids: Vec<Uuid> } -> (SqlUuid, SqlUuid),
    "SELECT conversation_id, id FROM messages WHERE id = ANY (",
    ids as Array<SqlUuid>,
    ")",
);

cached_statement!(
    /// New messages, a column at a time.
    InsertMessages {
        conversation_ids: Vec<Uuid>,
        seqs: Vec<i64>,
        ids: Vec<Uuid>,
        positions: Vec<i64>,
        sender_ids: Vec<Uuid>,
        bodies: Vec<String>,
        attachments: Vec<Option<String>>,
        replies: Vec<Option<Uuid>>,
        keys: Vec<Option<String>>,
        fingerprints: Vec<Option<Vec<u8>>>,
        times: Vec<i64>,
        fingerprint_version: i16,
    },
    "INSERT INTO messages (conversation_id, seq, id, pos, sender_id, body, attachment, reply_to, client_message_id,
                           fingerprint, created_at, updated_at, fingerprint_version)
     SELECT n.*, n.at, ",
    fingerprint_version as SmallInt,
    " FROM unnest(",
    conversation_ids as Array<SqlUuid>,
    ", ",
    seqs as Array<BigInt>,
    ", ",
    ids as Array<SqlUuid>,
    ", ",
    positions as Array<BigInt>,
    ", ",
    sender_ids as Array<SqlUuid>,
    ", ",
    bodies as Array<Text>,
    ", ",
    attachments as Array<Nullable<Text>>,
    ", ",
    replies as Array<Nullable<SqlUuid>>,
    ", ",
    keys as Array<Nullable<Text>>,
    ", ",
    fingerprints as Array<Nullable<Binary>>,
    ", ",
    times as Array<BigInt>,
    ") AS n (conversation_id, seq, id, pos, sender_id, body, attachment, reply_to, key, fingerprint, at)",
);

cached_statement!(
    /// Moves conversations to their newest messages. The order of lists never goes back, whatever the clocks say.
    BumpConversations { ids: Vec<Uuid>, seqs: Vec<i64>, positions: Vec<i64>, times: Vec<i64> },
    "UPDATE conversations AS c
     SET last_seq = n.seq, last_pos = n.pos, updated_at = greatest(c.updated_at, n.at)
     FROM unnest(",
    ids as Array<SqlUuid>,
    ", ",
    seqs as Array<BigInt>,
    ", ",
    positions as Array<BigInt>,
    ", ",
    times as Array<BigInt>,
    ") AS n (id, seq, pos, at) WHERE c.id = n.id",
);

cached_statement!(
    /// What one has written, and all before it, one has received and read.
    BumpSenders { conversation_ids: Vec<Uuid>, user_ids: Vec<Uuid>, seqs: Vec<i64> },
    "UPDATE participants AS p SET delivered_seq = n.seq, read_seq = n.seq, has_written = TRUE
     FROM unnest(",
    conversation_ids as Array<SqlUuid>,
    ", ",
    user_ids as Array<SqlUuid>,
    ", ",
    seqs as Array<BigInt>,
    ") AS n (conversation_id, user_id, seq)
     WHERE p.conversation_id = n.conversation_id AND p.user_id = n.user_id",
);
