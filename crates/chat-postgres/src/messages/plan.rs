//! What becomes of each of several sends, decided on what their transaction sees.

use super::append::{BumpConversations, BumpSenders, InsertMessages};
use crate::time::micros;
use chat_domain::conversations::ConversationKind;
use chat_domain::messages::{AppendError, Appended, AttachmentUrl, BodyFingerprint, Draft, Message, StoredFingerprint};
use chat_domain::users::UserSummary;
use chat_domain::{ClientMessageId, ConversationId, MessageId, Pos, Seq, Timestamp, UserId};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What becomes of a send, unless its transaction fails.
pub(super) type Outcome = Result<Appended, AppendError>;

/// A conversation that the transaction holds, moved along as sends are given their numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) last_seq: Seq,
    pub(super) last_pos: Pos,
    /// When its last change took place.
    pub(super) last_at: Timestamp,
    pub(super) is_active: bool,
    pub(super) kind: ConversationKind,
}

/// A message that stands under its key, with the digest of what was sent under it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) message: Message,
    pub(super) fingerprint: StoredFingerprint,
}

/// A sender who takes part.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) summary: UserSummary,
    /// Whether they have written in this conversation, by an earlier batch or by an earlier send of this one.
    pub(super) has_written: bool,
}

/// By what a replay is known.
pub(super) type Key = (ConversationId, UserId, ClientMessageId);

/// Everything that the transaction has read.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) conversations: HashMap<ConversationId, Held>,
    pub(super) replays: HashMap<Key, Kept>,
    pub(super) senders: HashMap<(ConversationId, UserId), Sender>,
    pub(super) answered: HashSet<(ConversationId, MessageId)>,
}

/// The outcomes, in the order of the drafts, and what must be written for them to hold.
pub(super) struct Plan {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) writes: Option<Writes>,
}

/// What a batch writes: at least one message.
pub(super) struct Writes {
    pub(super) messages: InsertMessages,
    pub(super) conversations: BumpConversations,
    pub(super) senders: BumpSenders,
}

/// Gives each send its outcome, and new messages their numbers in the order of the drafts.
pub(super) fn plan(drafts: &[Draft], mut seen: Seen) -> Plan {
    let mut outcomes = Vec::with_capacity(drafts.len());
    let mut new = Vec::new();
    for draft in drafts {
        let outcome = seen.decide(draft);
        if let Ok(Appended::New(message) | Appended::First(message)) = &outcome {
            new.push((draft, message.seq, message.pos, message.created_at));
        }
        outcomes.push(outcome);
    }
    let writes = (!new.is_empty()).then(|| writes(&new));
    Plan { outcomes, writes }
}

impl Seen {
    fn decide(&mut self, draft: &Draft) -> Outcome {
        let key = key(draft);
        // Before membership: whoever was removed since may still learn that the message had arrived.
        if let Some(kept) = key.as_ref().and_then(|key| self.replays.get(key)) {
            let is_same = draft.fingerprint.is_of(&kept.fingerprint);
            return if is_same { Ok(Appended::Replayed(kept.message.clone())) } else { Err(AppendError::KeyReused) };
        }
        let held = self.conversations.get_mut(&draft.conversation_id).ok_or(AppendError::UnknownConversation)?;
        let sender =
            self.senders.get_mut(&(draft.conversation_id, draft.sender)).ok_or(AppendError::NotAParticipant)?;
        if !held.is_active {
            return Err(AppendError::Inactive);
        }
        if let Some(answered) = draft.reply_to
            && !self.answered.contains(&(draft.conversation_id, answered))
        {
            return Err(AppendError::UnknownReply);
        }
        held.last_seq = held.last_seq.next();
        held.last_pos = held.last_pos.next();
        let is_first = !std::mem::replace(&mut sender.has_written, true) && !held.kind.is_group();
        // Clocks step back, and those of nodes differ: time never runs against the numbers.
        held.last_at = held.last_at.max(draft.sent_at);
        let message = message(draft, sender.summary.clone(), *held);
        if let Some(key) = key {
            // The same key may come twice in one batch.
            self.replays.insert(key, Kept { message: message.clone(), fingerprint: draft.fingerprint.stored() });
        }
        Ok(if is_first { Appended::First(message) } else { Appended::New(message) })
    }
}

pub(super) fn key(draft: &Draft) -> Option<Key> {
    draft.client_message_id.clone().map(|key| (draft.conversation_id, draft.sender, key))
}

fn message(draft: &Draft, sender: UserSummary, held: Held) -> Message {
    Message {
        id: draft.id,
        conversation_id: draft.conversation_id,
        kind: held.kind,
        seq: held.last_seq,
        pos: held.last_pos,
        sender,
        body: draft.body.clone(),
        attachment: draft.attachment.clone(),
        reply_to: draft.reply_to,
        client_message_id: draft.client_message_id.clone(),
        created_at: held.last_at,
        updated_at: held.last_at,
        edited_at: None,
        deleted_at: None,
    }
}

fn writes(new: &[(&Draft, Seq, Pos, Timestamp)]) -> Writes {
    // Every row once: the last of a conversation, and of a sender in it, is the furthest.
    let mut conversations = BTreeMap::new();
    let mut senders = BTreeMap::new();
    for (draft, seq, pos, at) in new {
        conversations.insert(draft.conversation_id, (*seq, *pos, micros(*at)));
        senders.insert((draft.conversation_id, draft.sender), *seq);
    }
    Writes {
        messages: InsertMessages {
            conversation_ids: new.iter().map(|(draft, ..)| draft.conversation_id.as_uuid()).collect(),
            seqs: new.iter().map(|(_, seq, ..)| seq.to_i64()).collect(),
            ids: new.iter().map(|(draft, ..)| draft.id.as_uuid()).collect(),
            positions: new.iter().map(|(_, _, pos, _)| pos.to_i64()).collect(),
            sender_ids: new.iter().map(|(draft, ..)| draft.sender.as_uuid()).collect(),
            bodies: new.iter().map(|(draft, ..)| draft.body.as_str().to_owned()).collect(),
            attachments: new
                .iter()
                .map(|(draft, ..)| draft.attachment.as_ref().map(AttachmentUrl::as_str).map(str::to_owned))
                .collect(),
            replies: new.iter().map(|(draft, ..)| draft.reply_to.map(MessageId::as_uuid)).collect(),
            keys: new
                .iter()
                .map(|(draft, ..)| draft.client_message_id.as_ref().map(|key| key.as_str().to_owned()))
                .collect(),
            fingerprints: new
                .iter()
                .map(|(draft, ..)| draft.client_message_id.as_ref().map(|_| draft.fingerprint.stored().digest.to_vec()))
                .collect(),
            fingerprint_version: BodyFingerprint::VERSION,
            times: new.iter().map(|(.., at)| micros(*at)).collect(),
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
    }
}

#[cfg(test)]
mod tests;
