use super::find::find;
use super::followers::follow_from;
use crate::conversations::hold_conversation;
use crate::fault::Stored;
use crate::messages::read_context;
use crate::schema::{conversations, threads};
use crate::time::micros;
use chat_domain::messages::Message;
use chat_domain::threads::{OpenThread, OpenedThread, decide_opening};
use chat_domain::users::KEY_VERSION;
use chat_domain::{ActionError, ConversationId, MessageId, Seq};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// Locks the parent: of several calls for one message, one creates the thread, and the message is not deleted
/// meanwhile.
pub(super) async fn open(connection: &mut AsyncPgConnection, open: OpenThread) -> Result<OpenedThread, ActionError> {
    let conversation = hold_conversation(connection, open.conversation_id).await?;
    let context = read_context(connection, conversation, open.actor, open.message_id).await?;
    let known = find_by_root(connection, open.message_id).await?;
    let root = decide_opening(context, known.is_some())?;
    if known.is_none() {
        insert(connection, open, &root).await?;
    }
    let overview = find(connection, known.unwrap_or(open.id), open.actor).await?;
    Ok(OpenedThread { overview, is_new: known.is_none() })
}

async fn find_by_root(connection: &mut AsyncPgConnection, root: MessageId) -> Stored<Option<ConversationId>> {
    let id: Option<Uuid> = threads::table
        .filter(threads::root_id.eq(root.as_uuid()))
        .select(threads::id)
        .get_result(connection)
        .await
        .optional()?;
    Ok(id.map(ConversationId::new))
}

async fn insert(connection: &mut AsyncPgConnection, open: OpenThread, root: &Message) -> Stored<()> {
    let OpenThread { id, conversation_id: parent, actor, at, .. } = open;
    let conversation = (
        conversations::id.eq(id.as_uuid()),
        conversations::parent_id.eq(parent.as_uuid()),
        // Whatever is not direct: the schema requires it.
        conversations::is_group.eq(true),
        conversations::is_active.eq(false),
        conversations::created_by.eq(actor.as_uuid()),
        conversations::participant_count.eq(0),
        conversations::created_at.eq(micros(at)),
        conversations::updated_at.eq(micros(at)),
        conversations::key_version.eq(KEY_VERSION),
    );
    diesel::insert_into(conversations::table).values(conversation).execute(connection).await?;
    let thread = (
        threads::id.eq(id.as_uuid()),
        threads::parent_id.eq(parent.as_uuid()),
        threads::root_id.eq(root.id.as_uuid()),
        threads::root_seq.eq(root.seq.to_i64()),
    );
    diesel::insert_into(threads::table).values(thread).execute(connection).await?;
    follow_from(connection, (id, parent), root.sender.id, (Seq::ZERO, at)).await
}

/// Counts one more tombstone in a thread.
pub(crate) async fn count_deletion(connection: &mut AsyncPgConnection, thread: ConversationId) -> Stored<()> {
    diesel::update(threads::table.find(thread.as_uuid()))
        .set(threads::deleted_messages.eq(threads::deleted_messages + 1))
        .execute(connection)
        .await?;
    Ok(())
}
