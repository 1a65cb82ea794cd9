//! The form `events`, which carries one event:
//!
//! | bytes | content |
//! | --- | --- |
//! | 1 | the kind of event |
//! | 1 | flags: 1 a user is excluded, 2 a durable change |
//! | 0 or 16 | the excluded user |
//! | 0 or 24 | the change: conversation and `pos` |
//! | 1 + ids | the audience: its tag, then one id, a list of ids, or nothing |
//! | ids | the users who join by the change |
//! | ... | the event |

use super::bytes::{Reader, write_ids};
use super::{About, ChangeHead, Form, PacketError, begin, end_head};
use chat_domain::changes::{ChangeTag, Effect};
use chat_domain::{Audience, ConversationId, Envelope, Event, NodeId, Pos, UserId};

const LEAVES_SOMEBODY_OUT: u8 = 1;
const IS_A_CHANGE: u8 = 2;

/// The numbers of kinds of durable change.
static CHANGES: [(ChangeTag, u8); 5] = [
    (ChangeTag::MESSAGE_SENT, 1),
    (ChangeTag::CREATED, 2),
    (ChangeTag::UPDATED, 3),
    (ChangeTag::PARTICIPANT_ADDED, 4),
    (ChangeTag::PARTICIPANT_REMOVED, 5),
];

/// Returns the number of a kind of event. Numbers are added, never changed. New kinds of durable change have no number,
/// because they are sent as records.
pub(super) fn kind_of(event: &Event) -> Option<u8> {
    Some(match event {
        Event::Change(change) => {
            let tag = change.kind.tag();
            CHANGES.iter().find(|(known, _)| *known == tag)?.1
        }
        Event::PositionsMoved(_) => 16,
        Event::TypingChanged { .. } => 17,
        Event::UserOnline { .. } => 18,
        Event::UserOffline { .. } => 19,
        Event::WindowOpened { .. } => 20,
        Event::WindowClosed { .. } => 21,
        Event::CallStarted(_) => 22,
    })
}

const fn is_known(kind: u8) -> bool {
    matches!(kind, 1..=5 | 16..=22)
}

pub(super) fn write(sender: NodeId, kind: u8, envelope: &Envelope) -> Result<Vec<u8>, PacketError> {
    let mut bytes = begin(Form::Events, sender);
    bytes.push(kind);
    let change = match &envelope.event {
        Event::Change(change) => Some(change),
        _ => None,
    };
    let left_out = if envelope.except.is_some() { LEAVES_SOMEBODY_OUT } else { 0 };
    bytes.push(left_out | if change.is_some() { IS_A_CHANGE } else { 0 });
    if let Some(user) = envelope.except {
        bytes.extend_from_slice(user.as_uuid().as_bytes());
    }
    if let Some(change) = change {
        bytes.extend_from_slice(change.conversation_id.as_uuid().as_bytes());
        bytes.extend_from_slice(&change.pos.get().to_be_bytes());
    }
    write_audience(&envelope.audience, &mut bytes)?;
    let effect = change.map_or(Effect::None, |change| change.kind.effect());
    write_ids(effect.joiners().iter().map(|user| user.as_uuid()), &mut bytes)?;
    end_head(&mut bytes)?;
    serde_json::to_writer(&mut bytes, &envelope.event).map_err(|fault| PacketError::of_body(&fault))?;
    Ok(bytes)
}

pub(super) fn read_head(reader: &mut Reader<'_>) -> Result<About, PacketError> {
    let kind = reader.byte()?;
    if !is_known(kind) {
        return Err(PacketError::UnknownKind(kind));
    }
    let flags = reader.byte()?;
    let except = if flags & LEAVES_SOMEBODY_OUT == 0 { None } else { Some(reader.id(UserId::new)?) };
    let change =
        if flags & IS_A_CHANGE == 0 { None } else { Some((reader.id(ConversationId::new)?, Pos::new(reader.u64()?))) };
    let audience = read_audience(reader)?;
    let joining = reader.ids(UserId::new)?;
    Ok(match change {
        Some((conversation_id, pos)) => {
            let effect = if joining.is_empty() { Effect::None } else { Effect::Joins(joining) };
            About::Changes(vec![ChangeHead { conversation_id, pos, effect }])
        }
        None => About::Event { audience, except },
    })
}

fn write_audience(audience: &Audience, bytes: &mut Vec<u8>) -> Result<(), PacketError> {
    let (tag, id) = match audience {
        Audience::Conversation(conversation) => (1, conversation.as_uuid()),
        Audience::Window(conversation) => (2, conversation.as_uuid()),
        Audience::User(user) => (4, user.as_uuid()),
        Audience::Conversations(conversations) => {
            bytes.push(3);
            return write_ids(conversations.iter().map(|conversation| conversation.as_uuid()), bytes);
        }
        Audience::Everyone => {
            bytes.push(5);
            return Ok(());
        }
    };
    bytes.push(tag);
    bytes.extend_from_slice(id.as_bytes());
    Ok(())
}

fn read_audience(reader: &mut Reader<'_>) -> Result<Audience, PacketError> {
    Ok(match reader.byte()? {
        1 => Audience::Conversation(reader.id(ConversationId::new)?),
        2 => Audience::Window(reader.id(ConversationId::new)?),
        3 => Audience::Conversations(reader.ids(ConversationId::new)?),
        4 => Audience::User(reader.id(UserId::new)?),
        5 => Audience::Everyone,
        other => return Err(PacketError::UnknownAudience(other)),
    })
}
