use super::{AttachmentUrl, MessageBody};
use crate::{ClientMessageId, ConversationId, MessageId, Timestamp, UserId};
use sha2::{Digest, Sha256};

/// The command: send this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendMessage {
    /// Where.
    pub conversation_id: ConversationId,
    /// What.
    pub body: MessageBody,
    /// With what.
    pub attachment: Option<AttachmentUrl>,
    /// In answer to what.
    pub reply_to: Option<MessageId>,
    /// Under which key.
    pub client_message_id: Option<ClientMessageId>,
}

impl SendMessage {
    /// The command in the name of a sender, ready to be stored.
    pub fn into_draft(self, sender: UserId, id: MessageId, sent_at: Timestamp) -> Draft {
        let fingerprint = BodyFingerprint::of(&self);
        Draft {
            id,
            conversation_id: self.conversation_id,
            sender,
            body: self.body,
            attachment: self.attachment,
            reply_to: self.reply_to,
            client_message_id: self.client_message_id,
            fingerprint,
            sent_at,
        }
    }
}

/// A message about to be stored; the store adds `seq` and `pos`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// From the id source; unused where the key was used before.
    pub id: MessageId,
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub sender: UserId,
    /// What.
    pub body: MessageBody,
    /// With what.
    pub attachment: Option<AttachmentUrl>,
    /// In answer to what.
    pub reply_to: Option<MessageId>,
    /// Under which key.
    pub client_message_id: Option<ClientMessageId>,
    /// Tells a repetition from another message under the same key.
    pub fingerprint: BodyFingerprint,
    /// From the clock.
    pub sent_at: Timestamp,
}

/// A digest of everything that the sender wrote: equal for a repetition, different for another message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyFingerprint([u8; 32]);

impl BodyFingerprint {
    /// From a store.
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// For a store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn of(message: &SendMessage) -> Self {
        let attachment = message.attachment.as_ref().map_or("", AttachmentUrl::as_str);
        let reply_to = message.reply_to.map(|id| id.to_string()).unwrap_or_default();
        let mut digest = Sha256::new();
        for part in [message.body.as_str(), attachment, reply_to.as_str()] {
            // The length first, so that no two messages run together to the same bytes.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        Self(digest.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn command(body: &str, attachment: Option<&str>, reply_to: Option<u128>, key: &str) -> SendMessage {
        SendMessage {
            conversation_id: ConversationId::new(Uuid::nil()),
            body: MessageBody::parse(body).expect("a body"),
            attachment: attachment.map(|url| AttachmentUrl::parse(url).expect("an address")),
            reply_to: reply_to.map(|id| MessageId::new(Uuid::from_u128(id))),
            client_message_id: ClientMessageId::parse(key).ok(),
        }
    }

    proptest! {
        #[test]
        fn fingerprints_tell_bodies_apart(one in "[a-c ]{1,6}x", other in "[a-c ]{1,6}x") {
            let (one, other) = (command(&one, None, None, "k"), command(&other, None, None, "l"));
            prop_assert_eq!(one.body == other.body, BodyFingerprint::of(&one) == BodyFingerprint::of(&other));
        }
    }

    #[test]
    fn everything_the_sender_wrote_counts_but_the_key() {
        let base = BodyFingerprint::of(&command("hi", None, None, "k"));
        assert_eq!(base, BodyFingerprint::of(&command(" hi ", None, None, "other")));
        assert_ne!(base, BodyFingerprint::of(&command("hi", Some("/a"), None, "k")));
        assert_ne!(base, BodyFingerprint::of(&command("hi", None, Some(1), "k")));
        assert_eq!(BodyFingerprint::new(*base.as_bytes()), base);
    }

    #[test]
    fn a_draft_is_the_command_in_somebodys_name() {
        let sender = UserId::new(Uuid::from_u128(7));
        let id = MessageId::new(Uuid::from_u128(8));
        let draft = command("hi", Some("/a"), Some(1), "k").into_draft(sender, id, Timestamp::from_unix_micros(5));
        assert_eq!((draft.sender, draft.id, draft.sent_at.as_unix_micros()), (sender, id, 5));
        assert_eq!(
            (draft.body.as_str(), draft.client_message_id.map(|key| key.as_str().to_owned())),
            ("hi", Some("k".into()))
        );
    }
}
