use super::find::find;
use super::followers::follow_from;
use crate::conversations::find_conversation;
use crate::fault::Stored;
use crate::id::{Id, micros};
use crate::messages::read_context;
use crate::schema::{conversations, threads};
use chat_domain::messages::Message;
use chat_domain::threads::{OpenThread, OpenedThread, decide_opening};
use chat_domain::users::KEY_VERSION;
use chat_domain::{ActionError, ConversationId, MessageId, Seq};
use diesel::prelude::*;

pub(super) fn open(connection: &mut SqliteConnection, open: OpenThread) -> Result<OpenedThread, ActionError> {
    let conversation = find_conversation(connection, open.conversation_id)?;
    let context = read_context(connection, conversation, open.actor, open.message_id)?;
    let known = find_by_root(connection, open.message_id)?;
    let root = decide_opening(context, known.is_some())?;
    if known.is_none() {
        insert(connection, open, &root)?;
    }
    let overview = find(connection, known.unwrap_or(open.id), open.actor)?;
    Ok(OpenedThread { overview, is_new: known.is_none() })
}

fn find_by_root(connection: &mut SqliteConnection, root: MessageId) -> Stored<Option<ConversationId>> {
    let id: Option<Id> = threads::table
        .filter(threads::root_id.eq(Id::from(root)))
        .select(threads::id)
        .get_result(connection)
        .optional()?;
    Ok(id.map(ConversationId::from))
}

fn insert(connection: &mut SqliteConnection, open: OpenThread, root: &Message) -> Stored<()> {
    let OpenThread { id, conversation_id: parent, actor, at, .. } = open;
    let conversation = (
        conversations::id.eq(Id::from(id)),
        conversations::parent_id.eq(Id::from(parent)),
        // Whatever is not direct: the schema requires it.
        conversations::is_group.eq(true),
        conversations::is_active.eq(false),
        conversations::created_by.eq(Id::from(actor)),
        conversations::participant_count.eq(0),
        conversations::created_at.eq(micros(at)),
        conversations::updated_at.eq(micros(at)),
        conversations::key_version.eq(KEY_VERSION),
    );
    diesel::insert_into(conversations::table).values(conversation).execute(connection)?;
    let thread = (
        threads::id.eq(Id::from(id)),
        threads::parent_id.eq(Id::from(parent)),
        threads::root_id.eq(Id::from(root.id)),
        threads::root_seq.eq(root.seq.to_i64()),
    );
    diesel::insert_into(threads::table).values(thread).execute(connection)?;
    follow_from(connection, (id, parent), root.sender.id, (Seq::ZERO, at))
}

/// Counts one more tombstone in a thread.
pub(crate) fn count_deletion(connection: &mut SqliteConnection, thread: ConversationId) -> Stored<()> {
    diesel::update(threads::table.find(Id::from(thread)))
        .set(threads::deleted_messages.eq(threads::deleted_messages + 1))
        .execute(connection)?;
    Ok(())
}
