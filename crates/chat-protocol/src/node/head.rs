use super::PacketError;
use super::bytes::{Reader, write_ids};
use chat_domain::{Audience, ChangeKind, ConversationId, Envelope, Event, NodeId, Pos, UserId};

const LEAVES_SOMEBODY_OUT: u8 = 1;
const IS_A_CHANGE: u8 = 2;

/// What a packet is about, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Who sent it.
    pub sender: NodeId,
    /// For whom.
    pub audience: Audience,
    /// Connections of this user are left out.
    pub except: Option<UserId>,
    /// What sort of event the body holds.
    pub kind: Kind,
    /// Where a durable change stands: worth remembering even where nobody needs the change itself.
    pub change: Option<(ConversationId, Pos)>,
    /// Who takes part from this change on: nodes that have one of them need it, although they never heard of the
    /// conversation.
    pub joining: Vec<UserId>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// The sorts of event, by the number they have on the bus. Numbers are added, never changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $name = $number,)* }

        impl Kind {
            fn of_number(number: u8) -> Result<Self, PacketError> {
                match number {
                    $($number => Ok(Self::$name),)*
                    other => Err(PacketError::UnknownKind(other)),
                }
            }
        }
    };
}

kinds! {
    /// A new message.
    MessageSent = 1,
    /// A conversation was made.
    ConversationCreated = 2,
    /// A conversation changed.
    ConversationUpdated = 3,
    /// Somebody joined.
    ParticipantAdded = 4,
    /// Somebody left.
    ParticipantRemoved = 5,
    /// Somebody's positions moved.
    PositionsMoved = 16,
    /// Somebody began or stopped writing.
    TypingChanged = 17,
    /// Somebody came online.
    UserOnline = 18,
    /// Somebody went offline.
    UserOffline = 19,
    /// Somebody opened a window.
    WindowOpened = 20,
    /// Somebody closed a window.
    WindowClosed = 21,
    /// Somebody calls.
    CallStarted = 22,
}

impl Kind {
    const fn of(event: &Event) -> Self {
        match event {
            Event::Change(change) => match change.kind {
                ChangeKind::MessageSent(_) => Self::MessageSent,
                ChangeKind::Created { .. } => Self::ConversationCreated,
                ChangeKind::Updated(_) => Self::ConversationUpdated,
                ChangeKind::ParticipantAdded { .. } => Self::ParticipantAdded,
                ChangeKind::ParticipantRemoved { .. } => Self::ParticipantRemoved,
            },
            Event::PositionsMoved(_) => Self::PositionsMoved,
            Event::TypingChanged { .. } => Self::TypingChanged,
            Event::UserOnline { .. } => Self::UserOnline,
            Event::UserOffline { .. } => Self::UserOffline,
            Event::WindowOpened { .. } => Self::WindowOpened,
            Event::WindowClosed { .. } => Self::WindowClosed,
            Event::CallStarted(_) => Self::CallStarted,
        }
    }
}

fn joining(event: &Event) -> Vec<UserId> {
    match event {
        Event::Change(change) => match &change.kind {
            ChangeKind::Created { member_ids, .. } => member_ids.clone(),
            ChangeKind::ParticipantAdded { user, .. } => vec![user.id],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

impl Head {
    /// The head under which this node sends the envelope.
    pub fn of(sender: NodeId, envelope: &Envelope) -> Self {
        let change = match &envelope.event {
            Event::Change(change) => Some((change.conversation_id, change.pos)),
            _ => None,
        };
        Self {
            sender,
            audience: envelope.audience.clone(),
            except: envelope.except,
            kind: Kind::of(&envelope.event),
            change,
            joining: joining(&envelope.event),
        }
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), PacketError> {
        bytes.extend_from_slice(self.sender.as_uuid().as_bytes());
        bytes.push(self.kind as u8);
        let left_out = if self.except.is_some() { LEAVES_SOMEBODY_OUT } else { 0 };
        bytes.push(left_out | if self.change.is_some() { IS_A_CHANGE } else { 0 });
        if let Some(user) = self.except {
            bytes.extend_from_slice(user.as_uuid().as_bytes());
        }
        if let Some((conversation, pos)) = self.change {
            bytes.extend_from_slice(conversation.as_uuid().as_bytes());
            bytes.extend_from_slice(&pos.get().to_be_bytes());
        }
        write_audience(&self.audience, bytes)?;
        write_ids(self.joining.iter().map(|user| user.as_uuid()), bytes)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, PacketError> {
        let sender = reader.id(NodeId::new)?;
        let kind = Kind::of_number(reader.byte()?)?;
        let flags = reader.byte()?;
        let except = if flags & LEAVES_SOMEBODY_OUT == 0 { None } else { Some(reader.id(UserId::new)?) };
        let change = if flags & IS_A_CHANGE == 0 {
            None
        } else {
            Some((reader.id(ConversationId::new)?, Pos::new(reader.u64()?)))
        };
        let audience = read_audience(reader)?;
        Ok(Self { sender, audience, except, kind, change, joining: reader.ids(UserId::new)? })
    }
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
