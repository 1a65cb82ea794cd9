//! The body of a packet: one event as JSON. Ids are texts, instants microseconds since the epoch. Unknown fields are
//! skipped, so that a newer node may add some.

use super::PacketError;
use super::conversation::{WireDetails, WireKind, WireRole};
use super::message::WireMessage;
use super::receipts::{WireMessageStatus, WirePositions};
use super::user::{WireStatus, WireUser, parsed};
use chat_domain::calls::CallStarted;
use chat_domain::conversations::Role;
use chat_domain::presence::PresenceStatus;
use chat_domain::receipts::PositionsMoved;
use chat_domain::users::DisplayName;
use chat_domain::{Change, ChangeKind, ConversationId, Event, Pos, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
enum WireEvent<'a> {
    Change {
        conversation_id: Uuid,
        pos: u64,
        at: i64,
        kind: WireChange<'a>,
    },
    PositionsMoved {
        conversation_id: Uuid,
        kind: WireKind,
        user_id: Uuid,
        positions: WirePositions,
        covers: Option<WireMessageStatus>,
    },
    TypingChanged {
        conversation_id: Uuid,
        kind: WireKind,
        user_id: Uuid,
        is_typing: bool,
    },
    UserOnline {
        user: WireUser<'a>,
        #[serde(with = "WireStatus")]
        status: PresenceStatus,
        at: i64,
    },
    UserOffline {
        user_id: Uuid,
        last_seen: i64,
    },
    WindowOpened {
        conversation_id: Uuid,
        kind: WireKind,
        user_id: Uuid,
        at: i64,
    },
    WindowClosed {
        conversation_id: Uuid,
        kind: WireKind,
        user_id: Uuid,
        at: i64,
    },
    CallStarted {
        conversation_id: Uuid,
        kind: WireKind,
        caller: WireUser<'a>,
        caller_name: Option<Cow<'a, str>>,
        at: i64,
    },
}

#[derive(Serialize, Deserialize)]
enum WireChange<'a> {
    MessageSent(Box<WireMessage<'a>>),
    Created {
        details: Box<WireDetails<'a>>,
        member_ids: Vec<Uuid>,
    },
    Updated(Box<WireDetails<'a>>),
    ParticipantAdded {
        user: WireUser<'a>,
        #[serde(with = "WireRole")]
        role: Role,
        details: Box<WireDetails<'a>>,
    },
    ParticipantRemoved {
        user_id: Uuid,
    },
}

pub(super) fn write(event: &Event, bytes: &mut Vec<u8>) -> Result<(), PacketError> {
    serde_json::to_writer(bytes, &WireEvent::from(event)).map_err(|fault| PacketError::MalformedBody(fault.to_string()))
}

pub(super) fn read(bytes: &[u8]) -> Result<Event, PacketError> {
    let wire: WireEvent<'_> =
        serde_json::from_slice(bytes).map_err(|fault| PacketError::MalformedBody(fault.to_string()))?;
    wire.try_into()
}

impl<'a> From<&'a ChangeKind> for WireChange<'a> {
    fn from(kind: &'a ChangeKind) -> Self {
        match kind {
            ChangeKind::MessageSent(message) => Self::MessageSent(Box::new((&**message).into())),
            ChangeKind::Created { details, member_ids } => Self::Created {
                details: Box::new((&**details).into()),
                member_ids: member_ids.iter().map(|id| id.as_uuid()).collect(),
            },
            ChangeKind::Updated(details) => Self::Updated(Box::new((&**details).into())),
            ChangeKind::ParticipantAdded { user, role, details } => {
                Self::ParticipantAdded { user: user.into(), role: *role, details: Box::new((&**details).into()) }
            }
            ChangeKind::ParticipantRemoved { user_id } => Self::ParticipantRemoved { user_id: user_id.as_uuid() },
        }
    }
}

impl TryFrom<WireChange<'_>> for ChangeKind {
    type Error = PacketError;

    fn try_from(wire: WireChange<'_>) -> Result<Self, PacketError> {
        Ok(match wire {
            WireChange::MessageSent(message) => Self::MessageSent(Box::new((*message).try_into()?)),
            WireChange::Created { details, member_ids } => Self::Created {
                details: Box::new((*details).try_into()?),
                member_ids: member_ids.into_iter().map(UserId::new).collect(),
            },
            WireChange::Updated(details) => Self::Updated(Box::new((*details).try_into()?)),
            WireChange::ParticipantAdded { user, role, details } => {
                Self::ParticipantAdded { user: user.try_into()?, role, details: Box::new((*details).try_into()?) }
            }
            WireChange::ParticipantRemoved { user_id } => Self::ParticipantRemoved { user_id: UserId::new(user_id) },
        })
    }
}

impl<'a> From<&'a Event> for WireEvent<'a> {
    fn from(event: &'a Event) -> Self {
        match event {
            Event::Change(change) => Self::Change {
                conversation_id: change.conversation_id.as_uuid(),
                pos: change.pos.get(),
                at: change.at.as_unix_micros(),
                kind: (&change.kind).into(),
            },
            Event::PositionsMoved(moved) => Self::PositionsMoved {
                conversation_id: moved.conversation_id.as_uuid(),
                kind: moved.kind.into(),
                user_id: moved.user_id.as_uuid(),
                positions: moved.positions.into(),
                covers: moved.covers.as_ref().map(WireMessageStatus::from),
            },
            Event::TypingChanged { conversation_id, kind, user_id, is_typing } => Self::TypingChanged {
                conversation_id: conversation_id.as_uuid(),
                kind: (*kind).into(),
                user_id: user_id.as_uuid(),
                is_typing: *is_typing,
            },
            Event::UserOnline { user, status, at } => {
                Self::UserOnline { user: user.into(), status: *status, at: at.as_unix_micros() }
            }
            Event::UserOffline { user_id, last_seen } => {
                Self::UserOffline { user_id: user_id.as_uuid(), last_seen: last_seen.as_unix_micros() }
            }
            Event::WindowOpened { conversation_id, kind, user_id, at } => Self::WindowOpened {
                conversation_id: conversation_id.as_uuid(),
                kind: (*kind).into(),
                user_id: user_id.as_uuid(),
                at: at.as_unix_micros(),
            },
            Event::WindowClosed { conversation_id, kind, user_id, at } => Self::WindowClosed {
                conversation_id: conversation_id.as_uuid(),
                kind: (*kind).into(),
                user_id: user_id.as_uuid(),
                at: at.as_unix_micros(),
            },
            Event::CallStarted(call) => Self::CallStarted {
                conversation_id: call.conversation_id.as_uuid(),
                kind: call.kind.into(),
                caller: (&call.caller).into(),
                caller_name: call.caller_name.as_ref().map(|name| name.as_str().into()),
                at: call.at.as_unix_micros(),
            },
        }
    }
}

impl TryFrom<WireEvent<'_>> for Event {
    type Error = PacketError;

    fn try_from(wire: WireEvent<'_>) -> Result<Self, PacketError> {
        let instant = Timestamp::from_unix_micros;
        let conversation = ConversationId::new;
        let user = UserId::new;
        Ok(match wire {
            WireEvent::Change { conversation_id, pos, at, kind } => Self::Change(Change {
                conversation_id: conversation(conversation_id),
                pos: Pos::new(pos),
                at: instant(at),
                kind: kind.try_into()?,
            }),
            WireEvent::PositionsMoved { conversation_id, kind, user_id, positions, covers } => {
                Self::PositionsMoved(PositionsMoved {
                    conversation_id: conversation(conversation_id),
                    kind: kind.into(),
                    user_id: user(user_id),
                    positions: positions.into(),
                    covers: covers.map(WireMessageStatus::into),
                })
            }
            WireEvent::TypingChanged { conversation_id, kind, user_id, is_typing } => Self::TypingChanged {
                conversation_id: conversation(conversation_id),
                kind: kind.into(),
                user_id: user(user_id),
                is_typing,
            },
            WireEvent::UserOnline { user, status, at } => {
                Self::UserOnline { user: user.try_into()?, status, at: instant(at) }
            }
            WireEvent::UserOffline { user_id, last_seen } => {
                Self::UserOffline { user_id: user(user_id), last_seen: instant(last_seen) }
            }
            WireEvent::WindowOpened { conversation_id, kind, user_id, at } => Self::WindowOpened {
                conversation_id: conversation(conversation_id),
                kind: kind.into(),
                user_id: user(user_id),
                at: instant(at),
            },
            WireEvent::WindowClosed { conversation_id, kind, user_id, at } => Self::WindowClosed {
                conversation_id: conversation(conversation_id),
                kind: kind.into(),
                user_id: user(user_id),
                at: instant(at),
            },
            WireEvent::CallStarted { conversation_id, kind, caller, caller_name, at } => {
                Self::CallStarted(CallStarted {
                    conversation_id: conversation(conversation_id),
                    kind: kind.into(),
                    caller: caller.try_into()?,
                    caller_name: parsed(caller_name, DisplayName::from_stored)?,
                    at: instant(at),
                })
            }
        })
    }
}
