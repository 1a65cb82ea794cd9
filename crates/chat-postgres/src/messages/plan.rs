//! Decides the outcomes of several sends, from what their transaction has read.

use super::append::{BumpConversations, BumpSenders, FollowBySending, InsertMessages};
use super::quotes::Quotes;
use crate::time::micros;
use chat_domain::messages::{
    Appended, AttachmentUrl, BodyFingerprint, Draft, EarlierSend, ForwardedFrom, QuotedMessage, SendContext, SendPlace,
    Sender, decide_send,
};
use chat_domain::{ActionError, ClientMessageId, ConversationId, MessageId, Metadata, Pos, Seq, Timestamp, UserId};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

/// The outcome of a send, if its transaction succeeds.
pub(super) type Outcome = Result<Appended, ActionError>;

/// The key that identifies a replay.
pub(super) type Key = (ConversationId, UserId, ClientMessageId);

/// Everything that the transaction has read.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) conversations: HashMap<ConversationId, SendPlace>,
    pub(super) replays: HashMap<Key, EarlierSend<'static>>,
    pub(super) senders: HashMap<(ConversationId, UserId), Sender<'static>>,
    /// The messages to which the drafts reply, and those that they forward.
    pub(super) quotes: Quotes,
}

/// The outcomes in the order of the drafts, and the writes that they need.
pub(super) struct Plan {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) writes: Option<Writes>,
}

/// The writes of a batch: at least one message.
pub(super) struct Writes {
    pub(super) messages: InsertMessages,
    pub(super) conversations: BumpConversations,
    pub(super) senders: BumpSenders,
    /// `None`: no message is in a thread.
    pub(super) followers: Option<FollowBySending>,
}

/// A message to be inserted, with its numbers and its time, and the parent of the thread that it is in, if any.
type NewMessage<'a> = (&'a Draft, Seq, Pos, Timestamp, Option<ConversationId>);

/// Decides each send, and numbers new messages in the order of the drafts.
pub(super) fn plan(drafts: &[Draft], mut seen: Seen) -> Plan {
    let mut outcomes = Vec::with_capacity(drafts.len());
    let mut new = Vec::new();
    for draft in drafts {
        let outcome = seen.decide(draft);
        if let Ok(Appended::New(message) | Appended::First(message)) = &outcome {
            new.push((draft, message.seq, message.pos, message.created_at, message.kind.parent()));
        }
        outcomes.push(outcome);
    }
    let writes = (!new.is_empty()).then(|| writes(&new));
    Plan { outcomes, writes }
}

impl Seen {
    /// The quote of this message, if it is in the conversation.
    fn quote(&self, conversation: ConversationId, id: MessageId) -> Option<&QuotedMessage> {
        self.quotes.get(&id).filter(|(at, _)| *at == conversation).map(|(_, quoted)| quoted)
    }

    fn decide(&mut self, draft: &Draft) -> Outcome {
        let (key, by) = (key(draft), (draft.conversation_id, draft.sender));
        let source = draft.content.forward_of.and_then(|of| self.quote(of.conversation_id, of.message_id));
        let context = SendContext {
            earlier: key.as_ref().and_then(|key| self.replays.get(key)).map(EarlierSend::as_borrowed),
            conversation: self.conversations.get(&draft.conversation_id).copied(),
            sender: self.senders.get(&by).map(Sender::as_borrowed),
            quoted: draft.content.reply_to.and_then(|id| self.quote(draft.conversation_id, id)).cloned(),
            is_source_deleted: source.is_some_and(|source| source.deleted_at.is_some()),
        };
        let decided = decide_send(context, draft)?;
        if let Appended::New(message) | Appended::First(message) = &decided {
            // Later sends of the batch see this message as stored, since the same key may come twice.
            self.conversations.entry(draft.conversation_id).and_modify(|place| place.follow(message));
            self.senders.entry(by).and_modify(|sender| sender.has_written = true);
            if let Some(key) = key {
                let fingerprint = Some(draft.fingerprint.stored());
                self.replays.insert(key, EarlierSend { message: Cow::Owned(message.clone()), fingerprint });
            }
        }
        Ok(decided)
    }
}

pub(super) fn key(draft: &Draft) -> Option<Key> {
    draft.client_message_id.clone().map(|key| (draft.conversation_id, draft.sender, key))
}

fn origin(draft: &Draft) -> Option<&ForwardedFrom> {
    draft.forwarded.as_ref()?.as_ref().ok()
}

fn writes(new: &[NewMessage<'_>]) -> Writes {
    // Each row is written once, with the values of the last message.
    let mut conversations = BTreeMap::new();
    let (mut senders, mut followers) = (BTreeMap::new(), BTreeMap::new());
    for (draft, seq, pos, at, parent) in new {
        conversations.insert(draft.conversation_id, (*seq, *pos, micros(*at)));
        let by = (draft.conversation_id, draft.sender);
        match parent {
            Some(parent) => drop(followers.insert(by, (*parent, *seq, micros(*at)))),
            None => drop(senders.insert(by, *seq)),
        }
    }
    Writes {
        messages: InsertMessages {
            conversation_ids: new.iter().map(|(draft, ..)| draft.conversation_id.as_uuid()).collect(),
            seqs: new.iter().map(|(_, seq, ..)| seq.to_i64()).collect(),
            ids: new.iter().map(|(draft, ..)| draft.id.as_uuid()).collect(),
            positions: new.iter().map(|(_, _, pos, ..)| pos.to_i64()).collect(),
            sender_ids: new.iter().map(|(draft, ..)| draft.sender.as_uuid()).collect(),
            bodies: new.iter().map(|(draft, ..)| draft.content.body.as_str().to_owned()).collect(),
            attachments: new
                .iter()
                .map(|(draft, ..)| draft.content.attachment.as_ref().map(AttachmentUrl::as_str).map(str::to_owned))
                .collect(),
            metadata: new.iter().map(|(draft, ..)| draft.content.metadata.clone().map(Metadata::into_string)).collect(),
            origins: new.iter().map(|(draft, ..)| origin(draft).map(|from| from.sender.id.as_uuid())).collect(),
            origin_times: new.iter().map(|(draft, ..)| origin(draft).map(|from| micros(from.created_at))).collect(),
            replies: new.iter().map(|(draft, ..)| draft.content.reply_to.map(MessageId::as_uuid)).collect(),
            keys: new
                .iter()
                .map(|(draft, ..)| draft.client_message_id.as_ref().map(|key| key.as_str().to_owned()))
                .collect(),
            fingerprints: new
                .iter()
                .map(|(draft, ..)| draft.client_message_id.as_ref().map(|_| draft.fingerprint.stored().digest.to_vec()))
                .collect(),
            fingerprint_version: BodyFingerprint::VERSION,
            times: new.iter().map(|(.., at, _)| micros(*at)).collect(),
        },
        conversations: BumpConversations {
            ids: conversations.keys().map(|id| id.as_uuid()).collect(),
            seqs: conversations.values().map(|(seq, ..)| seq.to_i64()).collect(),
            positions: conversations.values().map(|(_, pos, _)| pos.to_i64()).collect(),
            times: conversations.values().map(|(.., at)| *at).collect(),
        },
        senders: BumpSenders {
            conversation_ids: senders.keys().map(|(id, _)| id.as_uuid()).collect(),
            user_ids: senders.keys().map(|(_, user)| user.as_uuid()).collect(),
            seqs: senders.values().map(|seq| seq.to_i64()).collect(),
        },
        followers: (!followers.is_empty()).then(|| FollowBySending {
            thread_ids: followers.keys().map(|(thread, _)| thread.as_uuid()).collect(),
            parent_ids: followers.values().map(|(parent, ..)| parent.as_uuid()).collect(),
            user_ids: followers.keys().map(|(_, user)| user.as_uuid()).collect(),
            seqs: followers.values().map(|(_, seq, _)| seq.to_i64()).collect(),
            times: followers.values().map(|(.., at)| *at).collect(),
        }),
    }
}

#[cfg(test)]
mod tests;
