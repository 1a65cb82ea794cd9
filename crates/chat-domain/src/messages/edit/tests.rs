use super::*;
use crate::Seq;
use crate::conversations::ConversationKind;
use crate::messages::ForwardedFrom;
use crate::users::UserSummary;
use uuid::Uuid;

const PLACE: ConversationId = ConversationId::new(Uuid::from_u128(1));
const SENT_AT: Timestamp = Timestamp::from_unix_micros(1_000_000);

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn body(text: &str) -> MessageBody {
    MessageBody::parse(text).expect("a body")
}

fn conversation(is_active: bool) -> Conversation {
    Conversation {
        id: PLACE,
        kind: ConversationKind::Group,
        name: None,
        description: None,
        avatar: None,
        is_active,
        metadata: None,
        invite_code: None,
        created_by: user(7),
        last_seq: Seq::new(1),
        last_pos: Pos::new(9),
        participant_count: 2,
        created_at: SENT_AT,
        updated_at: SENT_AT,
    }
}

fn message() -> Message {
    Message {
        id: MessageId::new(Uuid::from_u128(8)),
        conversation_id: PLACE,
        kind: ConversationKind::Group,
        seq: Seq::new(1),
        pos: Pos::new(2),
        changed: Some(Pos::new(5)),
        sender: UserSummary { id: user(7), username: None, name: "Ann".into(), avatar: None },
        body: body("hello"),
        attachment: AttachmentUrl::parse("/a.png").ok(),
        reply_to: None,
        quoted: None,
        metadata: None,
        forwarded_from: None,
        reactions: Reactions::default(),
        pinned_at: None,
        client_message_id: None,
        created_at: SENT_AT,
        updated_at: SENT_AT,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
    }
}

fn tombstone() -> Message {
    message().deleted(user(7), (Pos::new(6), SENT_AT))
}

fn edit() -> EditMessage {
    EditMessage {
        conversation_id: PLACE,
        message_id: message().id,
        body: Some(body("bye")),
        attachment: None,
        metadata: None,
        if_changed_pos: None,
    }
}

fn editor(number: u128, seconds_later: u64) -> Editor {
    let at = SENT_AT.plus(Duration::from_secs(seconds_later));
    Editor { user_id: user(number), at, window: Some(Duration::from_mins(1)) }
}

/// The outcome for this context.
fn decide(
    is_active: Option<bool>,
    role: Option<Role>,
    message: Option<&Message>,
    decide: impl FnOnce(EditContext) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let (conversation, message) = (is_active.map(conversation), message.cloned());
    decide(EditContext { conversation, role, message, ..EditContext::default() })
}

/// The context of a member, in an active group.
fn context_of(message: Message) -> EditContext {
    let conversation = Some(conversation(true));
    EditContext { conversation, role: MEMBER, message: Some(message), ..EditContext::default() }
}

const MEMBER: Option<Role> = Some(Role::Member);

#[test]
fn an_edit_replaces_what_it_names_and_moves_the_number_of_the_change() {
    let context = context_of(message());
    let (message, result) = decide_edit(context.clone(), &edit(), editor(7, 1)).expect("allowed");
    let result = result.expect("an edit");
    assert_eq!((result.body.as_str(), result.attachment.is_some()), ("bye", true));
    let at = SENT_AT.plus(Duration::from_secs(1));
    let edited = message.edited(result, (Pos::new(10), at));
    assert_eq!((edited.body.as_str(), edited.pos, edited.changed_pos()), ("bye", Pos::new(2), Pos::new(10)));
    assert_eq!((edited.edited_at, edited.updated_at, edited.created_at), (Some(at), at, SENT_AT));
    let without = EditMessage { body: None, attachment: Some(None), ..edit() };
    let (_, result) = decide_edit(context, &without, editor(7, 1)).expect("allowed");
    let result = result.expect("an edit");
    assert_eq!((result.body.as_str(), result.attachment), ("hello", None));
}

#[test]
fn an_edit_of_the_text_takes_the_origin_away_and_one_of_metadata_does_not() {
    let from = ForwardedFrom { sender: message().sender, created_at: SENT_AT };
    let copy = Message { forwarded_from: Some(Box::new(from)), ..message() };
    let edited = |edit: EditMessage| {
        let (message, content) = decide_edit(context_of(copy.clone()), &edit, editor(7, 1)).expect("allowed");
        message.edited(content.expect("an edit"), (Pos::new(10), SENT_AT))
    };
    assert_eq!(edited(edit()).forwarded_from, None);
    let metadata = |text: &str| EditMessage { body: None, metadata: Some(Metadata::parse(text).ok()), ..edit() };
    let of_metadata = edited(metadata(r#"{"a":1,"b":2}"#));
    assert_eq!((&of_metadata.forwarded_from, &of_metadata.body), (&copy.forwarded_from, &copy.body));
    let same = decide_edit(context_of(of_metadata.clone()), &metadata(r#"{"b":2,"a":1}"#), editor(7, 1));
    assert_eq!(same.expect("allowed").1, None, "in another order");
    let without = EditMessage { body: None, metadata: Some(None), ..edit() };
    let (_, content) = decide_edit(context_of(of_metadata), &without, editor(7, 1)).expect("allowed");
    assert_eq!(content.expect("an edit").metadata, None);
}

#[test]
fn edits_are_refused_in_the_order_of_the_contract() {
    let (message, tombstone) = (message(), tombstone());
    let of = |who, late, is_active, role, message| {
        decide(is_active, role, message, |context| decide_edit(context, &edit(), editor(who, late)).map(drop))
    };
    assert_eq!(of(9, 99, None, None, None), Err(Refusal::UnknownConversation));
    assert_eq!(of(9, 99, Some(false), None, None), Err(Refusal::NotAParticipant));
    assert_eq!(of(9, 99, Some(false), MEMBER, None), Err(Refusal::Inactive));
    assert_eq!(of(9, 99, Some(true), MEMBER, None), Err(Refusal::UnknownMessage));
    assert_eq!(of(9, 99, Some(true), Some(Role::Admin), Some(&tombstone)), Err(Refusal::NotTheAuthor));
    assert_eq!(of(7, 99, Some(true), MEMBER, Some(&tombstone)), Err(Refusal::MessageDeleted));
    assert_eq!(of(7, 99, Some(true), MEMBER, Some(&message)), Err(Refusal::MessageTooOld));
    assert_eq!(of(7, 60, Some(true), MEMBER, Some(&message)), Ok(()));
}

#[test]
fn a_repeated_edit_changes_nothing_and_is_never_too_late() {
    let context = EditContext { earlier_versions: MAX_VERSIONS, ..context_of(message()) };
    let same = EditMessage { body: Some(body(" hello ")), if_changed_pos: Some(Pos::new(2)), ..edit() };
    assert_eq!(decide_edit(context.clone(), &same, editor(7, 99)), Ok((message(), None)));
    let empty = EditMessage { body: None, ..edit() };
    assert_eq!(decide_edit(context, &empty, editor(7, 99)), Ok((message(), None)));
}

#[test]
fn an_edit_of_another_state_or_of_too_many_versions_is_refused() {
    let of = |pos: u64, earlier_versions| {
        let context = EditContext { earlier_versions, ..context_of(message()) };
        decide_edit(context, &EditMessage { if_changed_pos: Some(Pos::new(pos)), ..edit() }, editor(7, 1)).map(drop)
    };
    assert_eq!(of(5, 0), Ok(()));
    assert_eq!(of(2, 0), Err(Refusal::MessageChanged), "of its sending, but it has changed since");
    assert_eq!(of(5, MAX_VERSIONS - 2), Ok(()));
    assert_eq!(of(5, MAX_VERSIONS - 1), Err(Refusal::TooManyEdits));
}

#[test]
fn authors_delete_in_time_and_admins_at_any_time() {
    let (message, tombstone) = (message(), tombstone());
    let of = |who, late, is_active, role, message| {
        decide(is_active, role, message, |context| decide_deletion(context, editor(who, late)).map(drop))
    };
    assert_eq!(of(9, 1, None, None, None), Err(Refusal::UnknownConversation));
    assert_eq!(of(9, 1, Some(false), None, None), Err(Refusal::NotAParticipant));
    assert_eq!(of(7, 1, Some(false), MEMBER, Some(&tombstone)), Err(Refusal::Inactive));
    assert_eq!(of(9, 1, Some(true), MEMBER, None), Err(Refusal::UnknownMessage));
    for other in [Role::Member, Role::Unknown] {
        assert_eq!(of(9, 1, Some(true), Some(other), Some(&message)), Err(Refusal::NeitherAuthorNorAdmin));
    }
    assert_eq!(of(9, 99, Some(true), Some(Role::Admin), Some(&message)), Ok(()));
    assert_eq!(of(7, 60, Some(true), MEMBER, Some(&message)), Ok(()));
    assert_eq!(of(7, 61, Some(true), MEMBER, Some(&message)), Err(Refusal::MessageTooOld));
    assert_eq!(of(7, 61, Some(true), MEMBER, Some(&tombstone)), Ok(()), "it is deleted already");
}

#[test]
fn a_tombstone_keeps_its_place_and_loses_its_content() {
    let gone = tombstone();
    assert_eq!((gone.body.as_str(), &gone.attachment), ("", &None));
    assert_eq!((gone.seq, gone.pos, gone.changed_pos()), (Seq::new(1), Pos::new(2), Pos::new(6)));
    assert_eq!((gone.deleted_by, gone.deleted_at), (Some(user(7)), Some(SENT_AT)));
    assert_eq!(decide_deletion(context_of(gone.clone()), editor(7, 1)), Ok((gone, false)));
}

#[test]
fn who_reads_earlier_versions_is_a_setting() {
    let context = |role| EditContext { role: Some(role), ..context_of(message()) };
    let of = |history: EditHistory| [Role::Admin, Role::Member].map(|role| history.may_read(&context(role)));
    assert_eq!(of(EditHistory::Participants), [Ok(()), Ok(())]);
    assert_eq!(of(EditHistory::Admins), [Ok(()), Err(Refusal::NotAnAdmin)]);
    assert_eq!(of(EditHistory::Off), [Err(Refusal::EditHistoryOff), Err(Refusal::EditHistoryOff)]);
}

#[test]
fn readings_of_earlier_versions_are_refused_in_the_order_of_the_contract() {
    let gone = EditContext { message: None, ..context_of(message()) };
    let outside = EditContext { role: None, ..gone.clone() };
    assert_eq!(EditHistory::Off.may_read(&EditContext::default()), Err(Refusal::UnknownConversation));
    assert_eq!(EditHistory::Off.may_read(&outside), Err(Refusal::NotAParticipant));
    assert_eq!(EditHistory::Off.may_read(&gone), Err(Refusal::EditHistoryOff));
    assert_eq!(EditHistory::Participants.may_read(&gone), Err(Refusal::UnknownMessage));
}
