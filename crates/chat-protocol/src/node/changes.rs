//! The form `changes`, which carries durable changes:
//!
//! | bytes | content |
//! | --- | --- |
//! | 2 | the number of records, at least 1 |
//! | 16 + 8 + 1 + ids, each | conversation, `pos`, effect (0 none, 1 joins, 2 leaves) and the users who join or leave |
//! | ... | JSON: the records, and the present state that their events show |
//!
//! An unknown effect, of a later release, reads as none.

use super::bytes::{Reader, write_ids};
use super::{ChangeHead, Form, PacketError, begin, end_head};
use chat_domain::changes::{ChangeRecord, Effect, Present, Shown, resolve_all};
use chat_domain::conversations::ConversationDetails;
use chat_domain::messages::Message;
use chat_domain::users::UserSummary;
use chat_domain::{Change, ConversationId, NodeId, Pos, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Maximum number of records in a packet.
const MAX_RECORDS: usize = 1_024;

const NONE: u8 = 0;
const JOINS: u8 = 1;
const LEAVES: u8 = 2;

/// The body. It contains each user and conversation once, however many records refer to it.
#[derive(Serialize, Default)]
struct Written<'a> {
    records: Vec<ChangeRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<&'a Message>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<&'a UserSummary>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conversations: Vec<&'a ConversationDetails>,
}

/// Each piece of present state is parsed separately: if this release cannot read one, only the changes that show it
/// become unknown.
#[derive(Deserialize)]
struct Read<'a> {
    records: Vec<ChangeRecord>,
    #[serde(borrow, default)]
    messages: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    users: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    conversations: Vec<&'a RawValue>,
}

/// Writes a packet of these changes, in their order.
pub(super) fn write(sender: NodeId, changes: &[&Change]) -> Result<Vec<u8>, PacketError> {
    let count = u16::try_from(changes.len()).ok().filter(|_| (1..=MAX_RECORDS).contains(&changes.len()));
    let mut bytes = begin(Form::Records, sender);
    bytes.extend_from_slice(&count.ok_or(PacketError::TooLarge)?.to_be_bytes());
    let mut body = Written::default();
    for change in changes {
        write_head(change, &mut bytes)?;
        body.records.push(change.record());
        let Shown { message, user, conversation } = change.kind.shown();
        body.messages.extend(message);
        body.users.extend(user);
        body.conversations.extend(conversation);
    }
    body.users.sort_by_key(|user| user.id);
    body.users.dedup_by_key(|user| user.id);
    // The latest state is valid for earlier changes too.
    body.conversations.reverse();
    body.conversations.sort_by_key(|details| details.conversation.id);
    body.conversations.dedup_by_key(|details| details.conversation.id);
    end_head(&mut bytes)?;
    serde_json::to_writer(&mut bytes, &body).map_err(|fault| PacketError::of_body(&fault))?;
    Ok(bytes)
}

fn write_head(change: &Change, bytes: &mut Vec<u8>) -> Result<(), PacketError> {
    bytes.extend_from_slice(change.conversation_id.as_uuid().as_bytes());
    bytes.extend_from_slice(&change.pos.get().to_be_bytes());
    let (tag, users) = match change.kind.effect() {
        Effect::None => (NONE, &[][..]),
        Effect::Joins(users) => (JOINS, users),
        Effect::Leaves(users) => (LEAVES, users),
    };
    bytes.push(tag);
    write_ids(users.iter().map(|user| user.as_uuid()), bytes)
}

pub(super) fn read_heads(reader: &mut Reader<'_>) -> Result<Vec<ChangeHead>, PacketError> {
    let count = usize::from(reader.u16()?);
    if !(1..=MAX_RECORDS).contains(&count) {
        return Err(PacketError::MalformedHead);
    }
    (0..count).map(|_| read_head(reader)).collect()
}

fn read_head(reader: &mut Reader<'_>) -> Result<ChangeHead, PacketError> {
    let conversation_id = reader.id(ConversationId::new)?;
    let pos = Pos::new(reader.u64()?);
    let tag = reader.byte()?;
    let users = reader.ids(UserId::new)?;
    let effect = match tag {
        JOINS => Effect::Joins(users),
        LEAVES => Effect::Leaves(users),
        _ => Effect::None,
    };
    Ok(ChangeHead { conversation_id, pos, effect })
}

pub(super) fn read_body(body: &[u8], heads: Vec<ChangeHead>) -> Result<Vec<Change>, PacketError> {
    let Read { mut records, messages, users, conversations } =
        serde_json::from_slice(body).map_err(|fault| PacketError::of_body(&fault))?;
    if records.len() != heads.len() {
        return Err(PacketError::MalformedBody("the number of records differs from the head".into()));
    }
    for (record, head) in records.iter_mut().zip(heads) {
        if (record.conversation_id, record.pos) != (head.conversation_id, head.pos) {
            return Err(PacketError::MalformedBody("a record differs from the head".into()));
        }
        record.effect = head.effect;
    }
    let present = Present::new(
        readable::<Message>(&messages),
        readable::<UserSummary>(&users),
        readable::<ConversationDetails>(&conversations),
    );
    Ok(resolve_all(records, &present))
}

fn readable<T: DeserializeOwned>(values: &[&RawValue]) -> impl Iterator<Item = T> {
    values.iter().filter_map(|value| serde_json::from_str(value.get()).ok())
}
