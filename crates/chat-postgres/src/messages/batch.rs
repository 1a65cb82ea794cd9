//! The transaction that several sends share.

use super::append::{
    Begin, Commit, FindReplays, FindSenders, FollowBySending, HoldConversations, HoldSendersOfThreads,
};
use super::plan::{Key, Outcome, Plan, Seen, Writes, key, plan};
use super::quotes::load_quotes;
use super::related::Related;
use super::rows::MessageRow;
use crate::conversations::KindRow;
use crate::fault::{Fault, Stored, Trouble};
use crate::time::timestamp;
use crate::users::SummaryRow;
use chat_domain::messages::{Draft, EarlierSend, SendPlace, Sender, StoredFingerprint};
use chat_domain::users::UserSummary;
use chat_domain::{ConversationId, MessageId, Pos, Seq, UserId};
use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::TryFutureExt;
use futures_util::future::{join5, try_join5};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Why a batch has no outcomes.
#[derive(Debug)]
pub(super) enum BatchFault {
    /// Nothing is stored.
    Undone(Fault),
    /// The connection broke between the commit and its answer.
    Unknown(Fault),
}

/// Stores the sends that are allowed. They are committed when this returns their outcomes. No other task may use the
/// connection, and it must not be in a transaction. If this fails, the connection is left in a transaction. If this is
/// dropped before it ends, the connection must not be used again.
///
/// There are two round trips, and three if some conversation is a thread. The statements of each are sent in the order
/// in which they are joined here: a join polls in that order, and a statement is sent when it gets its turn at the
/// connection's cache of prepared statements, which is first come, first served.
pub(super) async fn store(connection: &mut AsyncPgConnection, drafts: &[Draft]) -> Result<Vec<Outcome>, BatchFault> {
    let Plan { outcomes, writes } = decide(connection, drafts).await.map_err(BatchFault::Undone)?;
    match writes {
        Some(writes) => write(connection, writes).await?,
        None => connection.batch_execute("ROLLBACK").await.map_err(|error| BatchFault::Undone(error.into()))?,
    }
    Ok(outcomes)
}

/// Locks the conversations, then reads what the decisions need.
async fn decide(connection: &AsyncPgConnection, drafts: &[Draft]) -> Stored<Plan> {
    let ids: BTreeSet<Uuid> = drafts.iter().map(|draft| draft.conversation_id.as_uuid()).collect();
    let holding = HoldConversations { ids: ids.into_iter().collect() };
    let answered = drafts.iter().filter_map(|draft| draft.content.reply_to);
    let copied = drafts.iter().filter_map(|draft| draft.content.forward_of.map(|of| of.message_id));
    let (mut one, mut two) = (connection, connection);
    let (_, rows, replays, senders, quotes) = try_join5(
        (Begin {}).execute(&mut one).map_err(Fault::from),
        holding.load::<HeldRow>(&mut two).map_err(Fault::from),
        find_replays(connection, drafts),
        find_senders(connection, drafts),
        load_quotes(connection, answered.chain(copied).map(MessageId::as_uuid).collect()),
    )
    .await?;
    let mut conversations = rows.into_iter().map(held).collect::<Stored<HashMap<_, _>>>()?;
    let mut senders = senders;
    hold_senders_of_threads(connection, drafts, &mut conversations, &mut senders).await?;
    let related = Related::load(connection, replays.iter().map(|(row, ..)| row)).await?;
    let replays = kept(replays, &conversations, &related)?;
    Ok(plan(drafts, Seen { conversations, replays, senders, quotes }))
}

/// A row of [`HoldConversations`].
type HeldRow = (Uuid, i64, i64, i64, bool, KindRow);

fn held((id, last_seq, last_pos, last_at, is_active, kind): HeldRow) -> Stored<(ConversationId, SendPlace)> {
    let kind = kind.read()?;
    let place = SendPlace {
        last_seq: Seq::from_i64(last_seq),
        last_pos: Pos::from_i64(last_pos),
        last_at: timestamp(last_at),
        is_active,
        kind,
    };
    Ok((ConversationId::new(id), place))
}

/// A row of [`FindReplays`].
type ReplayRow = (MessageRow, SummaryRow, Option<Vec<u8>>, i16);

async fn find_replays(mut connection: &AsyncPgConnection, drafts: &[Draft]) -> Stored<Vec<ReplayRow>> {
    let keys: Vec<Key> = drafts.iter().filter_map(key).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let query = FindReplays {
        conversation_ids: keys.iter().map(|(conversation, ..)| conversation.as_uuid()).collect(),
        sender_ids: keys.iter().map(|(_, sender, _)| sender.as_uuid()).collect(),
        keys: keys.iter().map(|(.., key)| key.as_str().to_owned()).collect(),
    };
    Ok(query.load(&mut connection).await?)
}

/// Returns the stored messages by their keys. The locked conversations tell the kind of each.
fn kept(
    rows: Vec<ReplayRow>,
    conversations: &HashMap<ConversationId, SendPlace>,
    related: &Related,
) -> Stored<HashMap<Key, EarlierSend<'static>>> {
    let mut replays = HashMap::with_capacity(rows.len());
    for (row, sender, digest, version) in rows {
        let Some(place) = conversations.get(&row.conversation_id()) else { continue };
        let message = row.sent_by(sender, place.kind, related)?;
        let digest = digest.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let fingerprint = digest.map(|digest| StoredFingerprint { version, digest });
        if let Some(key) = message.client_message_id.clone() {
            let key = (message.conversation_id, message.sender.id, key);
            replays.insert(key, EarlierSend { message: Cow::Owned(message), fingerprint });
        }
    }
    Ok(replays)
}

/// The senders by conversation and user.
type Senders = HashMap<(ConversationId, UserId), Sender<'static>>;

async fn find_senders(mut connection: &AsyncPgConnection, drafts: &[Draft]) -> Stored<Senders> {
    let asked: BTreeSet<_> = drafts.iter().map(|draft| (draft.conversation_id, draft.sender)).collect();
    let query = FindSenders {
        conversation_ids: asked.iter().map(|(conversation, _)| conversation.as_uuid()).collect(),
        user_ids: asked.iter().map(|(_, user)| user.as_uuid()).collect(),
    };
    let rows: Vec<(Uuid, bool, SummaryRow)> = query.load(&mut connection).await?;
    rows.into_iter()
        .map(|(conversation, has_written, row)| {
            let summary = UserSummary::try_from(row)?;
            let by = (ConversationId::new(conversation), summary.id);
            Ok((by, Sender { summary: Cow::Owned(summary), has_written }))
        })
        .collect()
}

/// Finds the senders of messages to threads, and whether these are active. A third round trip, for batches with such
/// messages only: which conversations are threads is known from their rows.
async fn hold_senders_of_threads(
    mut connection: &AsyncPgConnection,
    drafts: &[Draft],
    conversations: &mut HashMap<ConversationId, SendPlace>,
    senders: &mut Senders,
) -> Stored<()> {
    let asked: BTreeSet<_> = drafts
        .iter()
        .filter_map(|draft| {
            let parent = conversations.get(&draft.conversation_id)?.kind.parent()?;
            Some((draft.conversation_id, parent, draft.sender))
        })
        .collect();
    if asked.is_empty() {
        return Ok(());
    }
    let query = HoldSendersOfThreads {
        threads: asked.iter().map(|(thread, ..)| thread.as_uuid()).collect(),
        parents: asked.iter().map(|(_, parent, _)| parent.as_uuid()).collect(),
        users: asked.iter().map(|(.., user)| user.as_uuid()).collect(),
    };
    let rows: Vec<(Uuid, bool, SummaryRow)> = query.load(&mut connection).await?;
    for (thread, is_active, row) in rows {
        let (thread, summary) = (ConversationId::new(thread), UserSummary::try_from(row)?);
        conversations.entry(thread).and_modify(|place| place.is_active = is_active);
        senders.insert((thread, summary.id), Sender { summary: Cow::Owned(summary), has_written: true });
    }
    Ok(())
}

/// Writes and commits.
async fn write(connection: &AsyncPgConnection, writes: Writes) -> Result<(), BatchFault> {
    let Writes { messages, conversations, senders, followers } = writes;
    let (mut one, mut two, mut three, mut four) = (connection, connection, connection, connection);
    let (inserted, bumped, moved, followed, committed) = join5(
        messages.execute(&mut one),
        conversations.execute(&mut two),
        senders.execute(&mut three),
        follow(connection, followers),
        (Commit {}).execute(&mut four),
    )
    .await;
    for answer in [inserted, bumped, moved, followed, committed] {
        answer.map_err(|error| match Trouble::of(&error) {
            // The server may have committed although its answer was lost.
            Trouble::Gone => BatchFault::Unknown(error.into()),
            Trouble::Slow | Trouble::Conflict | Trouble::Refused => BatchFault::Undone(error.into()),
        })?;
    }
    Ok(())
}

async fn follow(mut connection: &AsyncPgConnection, followers: Option<FollowBySending>) -> QueryResult<usize> {
    match followers {
        Some(followers) => followers.execute(&mut connection).await,
        None => Ok(0),
    }
}
