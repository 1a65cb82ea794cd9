use super::*;
use chat_domain::conversations::{ConversationKind, DirectKey};
use chat_domain::messages::{MessageBody, QuotedMessage, SendMessage};
use chat_domain::users::UserSummary;
use chat_domain::{ActionError, Refusal, Timestamp};
use uuid::Uuid;

fn conversation(number: u128) -> ConversationId {
    ConversationId::new(Uuid::from_u128(number))
}

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn draft(id: u128, at: u128, sender: u128, body: &str, key: Option<&str>) -> Draft {
    let command = SendMessage {
        conversation_id: conversation(at),
        content: MessageBody::parse(body).expect("a body").into(),
        client_message_id: key.map(|key| ClientMessageId::parse(key).expect("a key")),
    };
    command.into_draft(user(sender), MessageId::new(Uuid::from_u128(id)), Timestamp::from_unix_micros(1_000))
}

/// Conversation 1 with three messages, and conversation 2 without messages; users 1 and 2 are participants of both.
fn seen() -> Seen {
    let held = |seq| SendPlace {
        last_seq: Seq::new(seq),
        last_pos: Pos::new(seq + 1),
        last_at: Timestamp::from_unix_micros(900),
        is_active: true,
        kind: ConversationKind::Group,
    };
    let sender = |number| Sender {
        summary: Cow::Owned(UserSummary { id: user(number), username: None, name: "n".into(), avatar: None }),
        has_written: false,
    };
    Seen {
        conversations: [(conversation(1), held(3)), (conversation(2), held(0))].into(),
        senders: [(1, 1), (1, 2), (2, 1), (2, 2)].map(|(at, who)| ((conversation(at), user(who)), sender(who))).into(),
        ..Seen::default()
    }
}

fn numbers(plan: &Plan) -> Vec<Option<(u64, u64)>> {
    plan.outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(Appended::New(message)) => Some((message.seq.get(), message.pos.get())),
            _ => None,
        })
        .collect()
}

#[test]
fn numbers_go_on_in_each_conversation_in_the_order_of_the_drafts() {
    let drafts = [draft(1, 1, 1, "a", None), draft(2, 2, 1, "b", None), draft(3, 1, 2, "c", None)];
    let plan = plan(&drafts, seen());
    assert_eq!(numbers(&plan), [Some((4, 5)), Some((1, 2)), Some((5, 6))]);
    let writes = plan.writes.expect("writes");
    assert_eq!(writes.messages.seqs, [4, 1, 5]);
    assert_eq!((writes.conversations.seqs, writes.conversations.positions), (vec![5, 1], vec![6, 2]));
    assert_eq!(writes.senders.seqs, [4, 5, 1]);
}

#[test]
fn one_key_twice_in_one_batch_makes_one_message() {
    let drafts = [draft(1, 1, 1, "a", Some("k")), draft(2, 1, 1, "a", Some("k")), draft(3, 1, 1, "other", Some("k"))];
    let plan = plan(&drafts, seen());
    assert_eq!(numbers(&plan), [Some((4, 5)), None, None]);
    assert!(matches!(&plan.outcomes[1], Ok(Appended::Replayed(message)) if message.id == drafts[0].id));
    assert!(matches!(plan.outcomes[2], Err(ActionError::Refused(Refusal::KeyReused))));
    assert_eq!(plan.writes.expect("writes").messages.ids.len(), 1);
}

#[test]
fn a_refused_send_takes_no_number_and_hurts_nobody_else() {
    let mut seen = seen();
    seen.senders.remove(&(conversation(1), user(2)));
    let drafts = [draft(1, 1, 2, "a", None), draft(2, 9, 1, "b", None), draft(3, 1, 1, "c", None)];
    let plan = plan(&drafts, seen);
    assert_eq!(numbers(&plan), [None, None, Some((4, 5))]);
    assert!(matches!(plan.outcomes[0], Err(ActionError::Refused(Refusal::NotAParticipant))));
    assert!(matches!(plan.outcomes[1], Err(ActionError::Refused(Refusal::UnknownConversation))));
}

#[test]
fn the_first_message_of_each_in_a_direct_conversation_is_told_as_such() {
    let mut seen = seen();
    let pair = DirectKey::new(user(1), user(2));
    seen.conversations.entry(conversation(1)).and_modify(|held| held.kind = ConversationKind::Direct(pair));
    let of = [(1, 1), (1, 1), (1, 2), (2, 1)];
    let drafts = of.map(|(at, sender)| draft(at * 10 + sender, at, sender, "a", None));
    let plan = plan(&drafts, seen);
    let firsts: Vec<_> = plan.outcomes.iter().map(|one| matches!(one, Ok(Appended::First(_)))).collect();
    assert_eq!(firsts, [true, false, true, false], "in a group there is no first message to report");
    assert_eq!(plan.writes.expect("writes").messages.seqs, [4, 5, 6, 1]);
}

#[test]
fn refusals_alone_write_nothing() {
    let mut seen = seen();
    seen.conversations.entry(conversation(1)).and_modify(|held| held.is_active = false);
    let plan = plan(&[draft(1, 1, 1, "a", None)], seen);
    assert!(matches!(plan.outcomes[0], Err(ActionError::Refused(Refusal::Inactive))));
    assert!(plan.writes.is_none());
}

#[test]
fn an_answer_must_be_to_a_message_of_the_same_conversation() {
    let answer = |to: u128| {
        let mut answer = draft(1, 1, 1, "a", None);
        answer.content.reply_to = Some(MessageId::new(Uuid::from_u128(to)));
        answer
    };
    let mut seen = seen();
    let summary = seen.senders[&(conversation(1), user(1))].summary.clone().into_owned();
    let quoted = |id| QuotedMessage {
        id: MessageId::new(Uuid::from_u128(id)),
        seq: Seq::new(1),
        sender: summary.clone(),
        excerpt: MessageBody::parse("what?").expect("a body"),
        deleted_at: None,
        changed_pos: Pos::new(2),
    };
    seen.quotes.insert(MessageId::new(Uuid::from_u128(70)), (conversation(1), quoted(70)));
    seen.quotes.insert(MessageId::new(Uuid::from_u128(71)), (conversation(2), quoted(71)));
    let plan = plan(&[answer(70), answer(71), answer(72)], seen);
    assert_eq!(numbers(&plan), [Some((4, 5)), None, None]);
    assert!(matches!(plan.outcomes[1], Err(ActionError::Refused(Refusal::UnknownMessage))));
}
