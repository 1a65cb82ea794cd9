use super::{AttachmentUrl, ForwardOf, ForwardedFrom, MessageBody};
use crate::conversations::ConversationKind;
use crate::text::unicode::nfc;
use crate::{ClientMessageId, ConversationId, MessageId, Metadata, Refusal, Timestamp, UserId};
use sha2::{Digest, Sha256};

/// The content of a message from its sender. All of it counts for the fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageContent {
    /// The text.
    pub body: MessageBody,
    /// The attachment, if any.
    pub attachment: Option<AttachmentUrl>,
    /// What the sender's product attaches to it, if anything.
    pub metadata: Option<Metadata>,
    /// The message of which it is a copy, if it is forwarded. The text and the attachment are copied when it is sent.
    pub forward_of: Option<ForwardOf>,
    /// The message this one replies to, if any; it is in the same conversation.
    pub reply_to: Option<MessageId>,
}

impl From<MessageBody> for MessageContent {
    /// Creates content of text only.
    fn from(body: MessageBody) -> Self {
        Self { body, attachment: None, metadata: None, forward_of: None, reply_to: None }
    }
}

/// The command to send a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendMessage {
    /// The conversation the message belongs to.
    pub conversation_id: ConversationId,
    /// The content from the sender.
    pub content: MessageContent,
    /// The sender's own key, if any: sending again with the same key creates no second message.
    pub client_message_id: Option<ClientMessageId>,
}

impl SendMessage {
    /// Converts the command to a draft of this sender, ready to be stored.
    pub fn into_draft(self, sender: UserId, id: MessageId, sent_at: Timestamp) -> Draft {
        let fingerprint = BodyFingerprint::of(&self.content);
        Draft {
            id,
            conversation_id: self.conversation_id,
            sender,
            content: self.content,
            client_message_id: self.client_message_id,
            fingerprint,
            forwarded: None,
            awaits_upgrade: false,
            sent_at,
            expects: ExpectedKind::Any,
        }
    }
}

/// The kind of conversation to which a send is meant to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedKind {
    /// Direct, group or thread.
    Any,
    /// A group. For this send other conversations do not exist.
    Group,
}

impl ExpectedKind {
    pub(super) const fn accepts(self, kind: ConversationKind) -> bool {
        match self {
            Self::Any => true,
            Self::Group => kind.is_group(),
        }
    }
}

/// A message to be stored; the store adds `seq` and `pos`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The id, from the id source; unused if the key was used before.
    pub id: MessageId,
    /// The conversation the message belongs to.
    pub conversation_id: ConversationId,
    /// The sender's id.
    pub sender: UserId,
    /// The content from the sender.
    pub content: MessageContent,
    /// The sender's own key, if any: sending again with the same key creates no second message.
    pub client_message_id: Option<ClientMessageId>,
    /// Distinguishes a repetition from another message under the same key.
    pub fingerprint: BodyFingerprint,
    /// Whose content it contains, if it is forwarded, or why this content could not be copied.
    pub forwarded: Option<Result<ForwardedFrom, Refusal>>,
    /// Whether some live node could not show it: it is stored only if it was stored before.
    pub awaits_upgrade: bool,
    /// When it was sent, from the clock.
    pub sent_at: Timestamp,
    /// The kind of conversation to which it is meant to go.
    pub expects: ExpectedKind,
}

/// Digests of the content, which distinguish a repetition from another message under the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BodyFingerprint {
    as_sent: [u8; 32],
    composed: [u8; 32],
}

/// A digest in its stored form, with the version of the text that was digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoredFingerprint {
    /// 0: the body as sent. 1: the body in Normalization Form C, so that a client that repeats a message in another
    /// form repeats the same message. 2: erased with the message's content.
    pub version: i16,
    /// The SHA-256 digest.
    pub digest: [u8; 32],
}

impl StoredFingerprint {
    /// The form that replaces the digest of a deleted message, from which short texts could be guessed. Every message
    /// under the same key repeats it.
    pub const ERASED: Self = Self { version: 2, digest: [0; 32] };
}

impl BodyFingerprint {
    /// The version of newly stored digests.
    pub const VERSION: i16 = 1;

    /// Returns the stored form of a new message's digest.
    pub const fn stored(&self) -> StoredFingerprint {
        StoredFingerprint { version: Self::VERSION, digest: self.composed }
    }

    /// Whether the stored message is the same, by the rule of its version.
    pub fn is_of(&self, stored: &StoredFingerprint) -> bool {
        match stored.version {
            0 => self.as_sent == stored.digest,
            version if version == StoredFingerprint::ERASED.version => true,
            _ => self.composed == stored.digest,
        }
    }

    fn of(content: &MessageContent) -> Self {
        let body = content.body.as_str();
        let as_sent = digest(content, body);
        let composed = nfc(body);
        Self { as_sent, composed: if composed == body { as_sent } else { digest(content, &composed) } }
    }
}

fn digest(content: &MessageContent, body: &str) -> [u8; 32] {
    let attachment = content.attachment.as_ref().map_or("", AttachmentUrl::as_str);
    let reply_to = content.reply_to.map(|id| id.to_string()).unwrap_or_default();
    let mut digest = Sha256::new();
    for part in [body, attachment, reply_to.as_str()] {
        // The length comes first, so that two different messages never produce the same bytes.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    // Content of later releases follows with its name: the digests of all other messages stay what they were.
    let forward_of = content.forward_of.map(|of| format!("{}/{}", of.conversation_id, of.message_id));
    let metadata = content.metadata.as_ref().map(Metadata::sorted);
    for (name, value) in [("metadata", metadata), ("forward_of", forward_of)] {
        if let Some(value) = value {
            for part in [name, value.as_str()] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part.as_bytes());
            }
        }
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn command(body: &str, attachment: Option<&str>, reply_to: Option<u128>, key: &str) -> SendMessage {
        SendMessage {
            conversation_id: ConversationId::new(Uuid::nil()),
            content: MessageContent {
                body: MessageBody::parse(body).expect("a body"),
                attachment: attachment.map(|url| AttachmentUrl::parse(url).expect("an address")),
                metadata: None,
                forward_of: None,
                reply_to: reply_to.map(|id| MessageId::new(Uuid::from_u128(id))),
            },
            client_message_id: ClientMessageId::parse(key).ok(),
        }
    }

    fn of(command: &SendMessage) -> BodyFingerprint {
        BodyFingerprint::of(&command.content)
    }

    proptest! {
        #[test]
        fn fingerprints_tell_bodies_apart(one in "[a-c ]{1,6}x", other in "[a-c ]{1,6}x") {
            let (one, other) = (command(&one, None, None, "k"), command(&other, None, None, "l"));
            prop_assert_eq!(one.content == other.content, of(&one) == of(&other));
        }
    }

    #[test]
    fn everything_the_sender_wrote_counts_but_the_key() {
        let base = of(&command("hi", None, None, "k"));
        assert_eq!(base, of(&command(" hi ", None, None, "other")));
        assert_ne!(base, of(&command("hi", Some("/a"), None, "k")));
        assert_ne!(base, of(&command("hi", None, Some(1), "k")));
        assert!(base.is_of(&base.stored()));
    }

    #[test]
    fn metadata_in_any_order_and_what_is_forwarded_count_too() {
        let with = |metadata: Option<&str>, forwarded: Option<u128>| {
            let mut command = command("hi", None, None, "k");
            command.content.metadata = metadata.map(|text| Metadata::parse(text).expect("an object"));
            command.content.forward_of = forwarded.map(|id| ForwardOf {
                conversation_id: ConversationId::new(Uuid::nil()),
                message_id: MessageId::new(Uuid::from_u128(id)),
            });
            of(&command)
        };
        let base = with(Some(r#"{"a":1,"b":2}"#), Some(1));
        assert_eq!(base, with(Some(r#"{"b":2,"a":1}"#), Some(1)));
        let others =
            [(Some(r#"{"a":1}"#), Some(1)), (None, Some(1)), (Some(r#"{"a":1,"b":2}"#), Some(2)), (None, None)];
        for (metadata, forwarded) in others {
            assert_ne!(base, with(metadata, forwarded));
        }
    }

    #[test]
    fn a_repetition_in_another_composition_is_one_and_old_digests_are_compared_the_old_way() {
        let [composed, decomposed] = ["caf\u{e9}", "cafe\u{301}"].map(|body| of(&command(body, None, None, "k")));
        assert!(composed.is_of(&decomposed.stored()) && decomposed.is_of(&composed.stored()));
        let old = StoredFingerprint { version: 0, digest: decomposed.as_sent };
        assert!(decomposed.is_of(&old), "sent before the upgrade, repeated after it");
        assert!(!composed.is_of(&old));
        assert!(composed.is_of(&StoredFingerprint::ERASED), "the content is not known any more");
    }

    #[test]
    fn a_draft_is_the_command_in_somebodys_name() {
        let sender = UserId::new(Uuid::from_u128(7));
        let id = MessageId::new(Uuid::from_u128(8));
        let draft = command("hi", Some("/a"), Some(1), "k").into_draft(sender, id, Timestamp::from_unix_micros(5));
        assert_eq!((draft.sender, draft.id, draft.sent_at.as_unix_micros()), (sender, id, 5));
        assert_eq!(
            (draft.content.body.as_str(), draft.client_message_id.map(|key| key.as_str().to_owned())),
            ("hi", Some("k".into()))
        );
    }
}
