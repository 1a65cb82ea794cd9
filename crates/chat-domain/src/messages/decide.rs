use super::{Appended, Draft, Message, QuotedMessage, Reactions, StoredFingerprint};
use crate::conversations::ConversationKind;
use crate::users::UserSummary;
use crate::{ActionError, Pos, Refusal, Seq, StoreError, Timestamp};
use std::borrow::Cow;

/// The facts that decide a send, as the store's transaction sees them.
#[derive(Debug, Default)]
pub struct SendContext<'a> {
    /// The message that the sender stored earlier under the draft's key, if any. It decides alone: the store need not
    /// look up the rest.
    pub earlier: Option<EarlierSend<'a>>,
    /// The conversation, if it exists.
    pub conversation: Option<SendPlace>,
    /// The sender, if they take part (for a thread: in its parent) and their account exists.
    pub sender: Option<Sender<'a>>,
    /// The message to which the draft replies, if it is in this conversation; not read if the draft is no reply.
    pub quoted: Option<QuotedMessage>,
    /// Whether the message that the draft forwards is deleted now.
    pub is_source_deleted: bool,
}

/// A message that was stored under a key.
#[derive(Debug, Clone)]
pub struct EarlierSend<'a> {
    /// The message as it is now.
    pub message: Cow<'a, Message>,
    /// The fingerprint of the earlier send, if it can be read.
    pub fingerprint: Option<StoredFingerprint>,
}

/// The conversation of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendPlace {
    /// The newest message.
    pub last_seq: Seq,
    /// The newest durable change.
    pub last_pos: Pos,
    /// The time of the newest durable change.
    pub last_at: Timestamp,
    /// Whether messages can be sent: not to a deactivated group, or to a thread of one.
    pub is_active: bool,
    /// Direct, group or thread.
    pub kind: ConversationKind,
}

impl SendPlace {
    /// Advances to a message that was decided on this place, for the next send of the same transaction.
    pub const fn follow(&mut self, message: &Message) {
        self.last_seq = message.seq;
        self.last_pos = message.pos;
        self.last_at = message.created_at;
    }
}

impl EarlierSend<'_> {
    /// The same without owning the message.
    pub fn as_borrowed(&self) -> EarlierSend<'_> {
        EarlierSend { message: Cow::Borrowed(&*self.message), fingerprint: self.fingerprint }
    }
}

/// A sender who takes part in the conversation.
#[derive(Debug, Clone)]
pub struct Sender<'a> {
    /// The sender as others see them.
    pub summary: Cow<'a, UserSummary>,
    /// Whether they have sent a message here before.
    pub has_written: bool,
}

impl Sender<'_> {
    /// The same without owning the summary.
    pub fn as_borrowed(&self) -> Sender<'_> {
        Sender { summary: Cow::Borrowed(&*self.summary), has_written: self.has_written }
    }
}

/// Decides a send, and creates the message with its numbers. The store writes a message that is [`Appended::New`] or
/// [`Appended::First`], in the transaction in which it read the context.
///
/// # Errors
///
/// The refusals that the contract names for a send, and [`StoreError::UpgradePending`].
pub fn decide_send(context: SendContext<'_>, draft: &Draft) -> Result<Appended, ActionError> {
    // Before membership: a sender who was removed since still learns that the message was stored.
    if let Some(EarlierSend { message, fingerprint }) = context.earlier {
        if !draft.expects.accepts(message.kind) {
            return Err(Refusal::UnknownConversation.into());
        }
        let is_same = fingerprint.is_some_and(|stored| draft.fingerprint.is_of(&stored));
        return if is_same { Ok(Appended::Replayed(message.into_owned())) } else { Err(Refusal::KeyReused.into()) };
    }
    let is_expected = |place: &SendPlace| draft.expects.accepts(place.kind);
    let place = context.conversation.filter(is_expected).ok_or(Refusal::UnknownConversation)?;
    let sender = context.sender.ok_or(Refusal::NotAParticipant)?;
    if !place.is_active {
        return Err(Refusal::Inactive.into());
    }
    if draft.content.reply_to.is_some() && context.quoted.is_none() {
        return Err(Refusal::UnknownMessage.into());
    }
    if draft.awaits_upgrade {
        return Err(StoreError::UpgradePending.into());
    }
    let forwarded_from = draft.forwarded.clone().transpose()?.map(Box::new);
    // Afterwards: who could not read the source does not learn that it was deleted.
    if context.is_source_deleted {
        return Err(Refusal::MessageDeleted.into());
    }
    let is_first = matches!(place.kind, ConversationKind::Direct(_)) && !sender.has_written;
    let quoted = context.quoted.map(Box::new);
    let message = Message { forwarded_from, quoted, ..message(draft, sender.summary.into_owned(), place) };
    Ok(if is_first { Appended::First(message) } else { Appended::New(message) })
}

fn message(draft: &Draft, sender: UserSummary, place: SendPlace) -> Message {
    // Clocks step back, and those of nodes differ: the time never decreases as the numbers grow.
    let at = place.last_at.max(draft.sent_at);
    Message {
        id: draft.id,
        conversation_id: draft.conversation_id,
        kind: place.kind,
        seq: place.last_seq.next(),
        pos: place.last_pos.next(),
        changed: None,
        sender,
        body: draft.content.body.clone(),
        attachment: draft.content.attachment.clone(),
        metadata: draft.content.metadata.clone(),
        forwarded_from: None,
        reply_to: draft.content.reply_to,
        quoted: None,
        reactions: Reactions::default(),
        pinned_at: None,
        client_message_id: draft.client_message_id.clone(),
        created_at: at,
        updated_at: at,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversations::DirectKey;
    use crate::messages::{ExpectedKind, ForwardedFrom, MessageBody, MessageContent, SendMessage};
    use crate::{ClientMessageId, ConversationId, MessageId, UserId};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }

    fn draft(body: &str, reply_to: Option<MessageId>, sent_at: i64) -> Draft {
        let content = MessageContent { reply_to, ..MessageBody::parse(body).expect("a body").into() };
        let conversation_id = ConversationId::new(Uuid::from_u128(1));
        let command = SendMessage { conversation_id, content, client_message_id: ClientMessageId::parse("key").ok() };
        command.into_draft(user(7), MessageId::new(Uuid::from_u128(9)), Timestamp::from_unix_micros(sent_at))
    }

    fn place(is_active: bool, kind: ConversationKind) -> SendPlace {
        SendPlace {
            last_seq: Seq::new(3),
            last_pos: Pos::new(5),
            last_at: Timestamp::from_unix_micros(1_000),
            is_active,
            kind,
        }
    }

    fn quoted() -> QuotedMessage {
        QuotedMessage {
            id: MessageId::new(Uuid::from_u128(2)),
            seq: Seq::new(1),
            sender: sender(true).summary.into_owned(),
            excerpt: MessageBody::parse("what?").expect("a body"),
            deleted_at: None,
            changed_pos: Pos::new(2),
        }
    }

    fn sender<'a>(has_written: bool) -> Sender<'a> {
        let summary = UserSummary { id: user(7), username: None, name: "Ann".into(), avatar: None };
        Sender { summary: Cow::Owned(summary), has_written }
    }

    fn context<'a>(kind: ConversationKind, has_written: bool) -> SendContext<'a> {
        SendContext {
            earlier: None,
            conversation: Some(place(true, kind)),
            sender: Some(sender(has_written)),
            quoted: None,
            is_source_deleted: false,
        }
    }

    const GROUP: ConversationKind = ConversationKind::Group;

    #[test]
    fn a_send_takes_the_next_numbers() {
        let decided = decide_send(context(GROUP, false), &draft("hi", None, 2_000)).expect("sent");
        let message = decided.message();
        assert!(matches!(decided, Appended::New(_)));
        assert_eq!((message.seq, message.pos), (Seq::new(4), Pos::new(6)));
        assert_eq!((message.created_at.as_unix_micros(), message.updated_at.as_unix_micros()), (2_000, 2_000));
        assert_eq!((message.sender.id, message.body.as_str()), (user(7), "hi"));
    }

    #[test]
    fn only_the_first_message_in_a_direct_conversation_is_a_first() {
        let direct = ConversationKind::Direct(DirectKey::new(user(7), user(8)));
        for (kind, has_written, is_first) in [(direct, false, true), (direct, true, false), (GROUP, false, false)] {
            let decided = decide_send(context(kind, has_written), &draft("hi", None, 0)).expect("sent");
            assert_eq!(matches!(decided, Appended::First(_)), is_first, "{kind:?}, {has_written}");
        }
    }

    proptest! {
        #[test]
        fn time_never_runs_against_the_numbers(sent_at in -5_000_i64..5_000) {
            let decided = decide_send(context(GROUP, true), &draft("hi", None, sent_at)).expect("sent");
            prop_assert_eq!(decided.message().created_at.as_unix_micros(), sent_at.max(1_000));
        }

        /// Refusals are asked for in the order of the contract, whatever else is wrong.
        #[test]
        fn the_first_reason_counts(
            exists: bool, takes_part: bool, is_active: bool, replies: bool, reply_exists: bool,
        ) {
            let context = SendContext {
                earlier: None,
                conversation: exists.then(|| place(is_active, GROUP)),
                sender: takes_part.then(|| sender(true)),
                quoted: reply_exists.then(quoted),
                is_source_deleted: false,
            };
            let reply_to = replies.then(|| MessageId::new(Uuid::from_u128(2)));
            let decided = decide_send(context, &draft("hi", reply_to, 0));
            match (exists, takes_part, is_active, replies && !reply_exists) {
                (false, ..) => prop_assert!(matches!(decided, Err(ActionError::Refused(Refusal::UnknownConversation)))),
                (_, false, ..) => prop_assert!(matches!(decided, Err(ActionError::Refused(Refusal::NotAParticipant)))),
                (_, _, false, _) => prop_assert!(matches!(decided, Err(ActionError::Refused(Refusal::Inactive)))),
                (.., true) => prop_assert!(matches!(decided, Err(ActionError::Refused(Refusal::UnknownMessage)))),
                _ => prop_assert_eq!(decided.expect("sent").message().reply_to, reply_to),
            }
        }
    }

    #[test]
    fn what_cannot_be_copied_is_refused_last_and_not_where_it_was_stored_before() {
        let copy = |forwarded| Draft { forwarded: Some(forwarded), ..draft("hi", None, 0) };
        let from = ForwardedFrom { sender: sender(true).summary.into_owned(), created_at: Timestamp::default() };
        let copied = decide_send(context(GROUP, true), &copy(Ok(from.clone()))).expect("sent").into_message();
        assert_eq!(copied.forwarded_from.as_deref(), Some(&from));
        let refused = copy(Err(Refusal::MessageDeleted));
        assert!(matches!(
            decide_send(context(GROUP, true), &refused),
            Err(ActionError::Refused(Refusal::MessageDeleted))
        ));
        let inactive = SendContext { conversation: Some(place(false, GROUP)), ..context(GROUP, true) };
        assert!(matches!(decide_send(inactive, &refused), Err(ActionError::Refused(Refusal::Inactive))));
        let fingerprint = Some(refused.fingerprint.stored());
        let earlier = Some(EarlierSend { message: Cow::Borrowed(&copied), fingerprint });
        let again = decide_send(SendContext { earlier, ..SendContext::default() }, &refused).expect("a replay");
        assert_eq!(again, Appended::Replayed(copied.clone()));
        let deleted_since = SendContext { is_source_deleted: true, ..context(GROUP, true) };
        let refused = decide_send(deleted_since, &copy(Ok(from)));
        assert!(matches!(refused, Err(ActionError::Refused(Refusal::MessageDeleted))));
        let deleted_since = SendContext { is_source_deleted: true, ..context(GROUP, true) };
        let unreadable = decide_send(deleted_since, &copy(Err(Refusal::UnknownMessage)));
        assert!(matches!(unreadable, Err(ActionError::Refused(Refusal::UnknownMessage))));
    }

    #[test]
    fn what_some_node_could_not_show_is_not_stored_and_a_repetition_is_answered() {
        let sent = draft("hi", None, 0);
        let stored = decide_send(context(GROUP, true), &sent).expect("sent").into_message();
        let waiting = Draft { awaits_upgrade: true, ..sent };
        let refused = decide_send(context(GROUP, true), &waiting);
        assert!(matches!(refused, Err(ActionError::Store(StoreError::UpgradePending))));
        let fingerprint = Some(waiting.fingerprint.stored());
        let earlier = Some(EarlierSend { message: Cow::Borrowed(&stored), fingerprint });
        let again = decide_send(SendContext { earlier, ..SendContext::default() }, &waiting).expect("a replay");
        assert_eq!(again, Appended::Replayed(stored.clone()));
    }

    #[test]
    fn for_a_send_to_a_group_a_direct_conversation_does_not_exist() {
        let direct = ConversationKind::Direct(DirectKey::new(user(7), user(8)));
        let to_group = Draft { expects: ExpectedKind::Group, ..draft("hi", None, 0) };
        assert!(decide_send(context(GROUP, true), &to_group).is_ok());
        let not_taking_part = SendContext { sender: None, ..context(direct, true) };
        let stored = decide_send(context(direct, true), &draft("hi", None, 0)).expect("sent").into_message();
        let fingerprint = Some(to_group.fingerprint.stored());
        let earlier = Some(EarlierSend { message: Cow::Borrowed(&stored), fingerprint });
        let repeated = SendContext { earlier, ..SendContext::default() };
        for context in [context(direct, true), not_taking_part, repeated] {
            assert!(matches!(decide_send(context, &to_group), Err(ActionError::Refused(Refusal::UnknownConversation))));
        }
    }

    #[test]
    fn a_key_that_was_used_decides_before_membership() {
        let sent = draft("hi", None, 0);
        let stored = decide_send(context(GROUP, true), &sent).expect("sent").into_message();
        let again = |fingerprint| SendContext {
            earlier: Some(EarlierSend { message: Cow::Borrowed(&stored), fingerprint }),
            ..SendContext::default()
        };
        let fingerprint = Some(sent.fingerprint.stored());
        let replayed = decide_send(again(fingerprint), &sent).expect("a replay");
        assert_eq!(replayed, Appended::Replayed(stored.clone()));
        for (fingerprint, body) in [(fingerprint, "other"), (None, "hi")] {
            let refused = decide_send(again(fingerprint), &draft(body, None, 0));
            assert!(matches!(refused, Err(ActionError::Refused(Refusal::KeyReused))), "{body}");
        }
    }
}
