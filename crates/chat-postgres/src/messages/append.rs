//! The statements of a send, each for many sends at once, each prepared once per connection.

use crate::conversations::KindColumns;
use crate::statement::cached_statement;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, SmallInt, Text, Uuid as SqlUuid};
use uuid::Uuid;

cached_statement!(
    /// Sent like the other statements, so that it is sent before them.
    Begin {},
    "BEGIN",
);

cached_statement!(
    /// Sent like the other statements, so that it is sent after them. If a statement of the transaction failed, the
    /// server still reports success here: only the results of the earlier statements show whether the transaction was
    /// committed.
    Commit {},
    "COMMIT",
);

cached_statement!(
    /// Locks conversations, in the order of their ids. Until the commit no other transaction changes what is read after
    /// this, since everything that takes a `seq` or `pos`, or changes the participants, locks these rows first.
    HoldConversations { ids: Vec<Uuid> } -> (SqlUuid, BigInt, BigInt, BigInt, Bool, KindColumns),
    "SELECT id, last_seq, last_pos, greatest(updated_at, changed_at), is_active, direct_key, parent_id
     FROM conversations WHERE id = ANY (",
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
    Nullable<BigInt>,
    Nullable<SqlUuid>,
    Nullable<Text>,
    Nullable<SqlUuid>,
    Nullable<BigInt>,
    Nullable<Text>,
    Nullable<BigInt>,
);

/// An account's columns, as [`crate::users::SummaryRow`] reads them.
pub(crate) type SummaryColumns = (SqlUuid, Nullable<Text>, Nullable<Text>, Nullable<Text>);

cached_statement!(
    /// Messages already stored under these keys. The result is final only after the conversations are locked.
    FindReplays { conversation_ids: Vec<Uuid>, sender_ids: Vec<Uuid>, keys: Vec<String> }
        -> (MessageColumns, SummaryColumns, Nullable<Binary>, SmallInt),
    "SELECT m.conversation_id, m.seq, m.id, m.pos, m.body, m.attachment, m.reply_to, m.client_message_id,
            m.created_at, m.updated_at, m.edited_at, m.deleted_at, m.changed_pos, m.deleted_by,
            m.metadata, m.forwarded_sender_id, m.forwarded_at, m.reactions, m.pinned_at,
            u.id, u.username, u.name, u.avatar, m.fingerprint, m.fingerprint_version
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
    /// The senders among these who are participants and whose accounts exist, and whether they have written in the
    /// conversation.
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
    /// The same for threads, with their parents, in which the senders must be participants: whether the parent is
    /// active, and the sender. Before the commit no parent is deactivated, and no membership ends; what else changes in
    /// their rows (counters, positions, roles) does not wait.
    HoldSendersOfThreads { threads: Vec<Uuid>, parents: Vec<Uuid>, users: Vec<Uuid> }
        -> (SqlUuid, Bool, SummaryColumns),
    "SELECT asked.thread_id, parent.is_active, u.id, u.username, u.name, u.avatar
     FROM unnest(",
    threads as Array<SqlUuid>,
    ", ",
    parents as Array<SqlUuid>,
    ", ",
    users as Array<SqlUuid>,
    ") AS asked (thread_id, parent_id, user_id)
     JOIN participants AS p ON p.conversation_id = asked.parent_id AND p.user_id = asked.user_id
     JOIN conversations AS parent ON parent.id = asked.parent_id
     JOIN users AS u ON u.id = asked.user_id
     WHERE p.left_at IS NULL AND u.deleted_at IS NULL
     ORDER BY p.conversation_id, p.user_id
     FOR KEY SHARE OF parent, p",
);

cached_statement!(
    /// Inserts new messages. Each field is one column.
    InsertMessages {
        conversation_ids: Vec<Uuid>,
        seqs: Vec<i64>,
        ids: Vec<Uuid>,
        positions: Vec<i64>,
        sender_ids: Vec<Uuid>,
        bodies: Vec<String>,
        attachments: Vec<Option<String>>,
        metadata: Vec<Option<String>>,
        origins: Vec<Option<Uuid>>,
        origin_times: Vec<Option<i64>>,
        replies: Vec<Option<Uuid>>,
        keys: Vec<Option<String>>,
        fingerprints: Vec<Option<Vec<u8>>>,
        times: Vec<i64>,
        fingerprint_version: i16,
    },
    "INSERT INTO messages (conversation_id, seq, id, pos, sender_id, body, attachment, metadata, forwarded_sender_id,
                           forwarded_at, reply_to, client_message_id, fingerprint, created_at, updated_at,
                           fingerprint_version)
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
    metadata as Array<Nullable<Text>>,
    ", ",
    origins as Array<Nullable<SqlUuid>>,
    ", ",
    origin_times as Array<Nullable<BigInt>>,
    ", ",
    replies as Array<Nullable<SqlUuid>>,
    ", ",
    keys as Array<Nullable<Text>>,
    ", ",
    fingerprints as Array<Nullable<Binary>>,
    ", ",
    times as Array<BigInt>,
    ") AS n (conversation_id, seq, id, pos, sender_id, body, attachment, metadata, origin, origin_at, reply_to, key,
               fingerprint, at)",
);

cached_statement!(
    /// Moves conversations to their newest messages. The time that orders lists never moves back, whatever the clocks
    /// say.
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
    /// Marks each sent message, and all before it, as delivered to and read by its sender.
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

cached_statement!(
    /// The same for threads: makes each sender a follower, who has read everything up to the sent message.
    FollowBySending {
        thread_ids: Vec<Uuid>,
        parent_ids: Vec<Uuid>,
        user_ids: Vec<Uuid>,
        seqs: Vec<i64>,
        times: Vec<i64>,
    },
    "INSERT INTO thread_followers AS f
         (thread_id, user_id, parent_id, member_since, followed_at, joined_seq, delivered_seq, read_seq)
     SELECT n.thread_id, n.user_id, n.parent_id, p.joined_at, n.at, n.seq, n.seq, n.seq
     FROM unnest(",
    thread_ids as Array<SqlUuid>,
    ", ",
    parent_ids as Array<SqlUuid>,
    ", ",
    user_ids as Array<SqlUuid>,
    ", ",
    seqs as Array<BigInt>,
    ", ",
    times as Array<BigInt>,
    ") AS n (thread_id, parent_id, user_id, seq, at)
     JOIN participants AS p ON p.conversation_id = n.parent_id AND p.user_id = n.user_id
     ORDER BY n.thread_id, n.user_id
     ON CONFLICT (thread_id, user_id) DO UPDATE SET
         followed_at = CASE WHEN f.member_since = excluded.member_since THEN f.followed_at
                            ELSE excluded.followed_at END,
         joined_seq = CASE WHEN f.member_since = excluded.member_since THEN f.joined_seq
                           ELSE excluded.joined_seq END,
         member_since = excluded.member_since, delivered_seq = excluded.delivered_seq, read_seq = excluded.read_seq",
);
