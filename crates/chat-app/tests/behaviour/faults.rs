use crate::tampered::Bend;
use crate::world::{World, bent, message, nowhere, page, password};
use chat_app::{
    AuthError, CallsError, Coded, ConversationsError, MessagesError, PresenceError, ReceiptsError, TypingError,
    UsersError,
};
use chat_domain::auth::HashError;
use chat_domain::conversations::Refusal;
use chat_domain::messages::HistoryRequest;
use chat_domain::presence::PresenceError as RegistryError;
use chat_domain::receipts::{AdvancePositions, ReceiptTarget};
use chat_domain::users::{EmailAddress, ProfileChanges};
use chat_domain::{ErrorCode, PageLimit, StoreError};

fn stores() -> [(StoreError, ErrorCode); 3] {
    [
        (StoreError::Unavailable("secret address".into()), ErrorCode::Unavailable),
        (StoreError::Overloaded, ErrorCode::Unavailable),
        (StoreError::Failed("secret table".into()), ErrorCode::Internal),
    ]
}

fn check(fault: &dyn Coded, code: ErrorCode) {
    assert_eq!(fault.code(), code);
    let sentence = fault.to_string();
    assert!(sentence.starts_with(char::is_uppercase) && !sentence.ends_with('.'), "{sentence}");
    assert!(!sentence.contains("secret"), "{sentence}");
}

#[test]
fn what_a_store_reports_is_for_the_log_and_a_sentence_is_for_the_client() {
    let with: [fn(StoreError) -> Box<dyn Coded>; 8] = [
        |fault| Box::new(AuthError::from(fault)),
        |fault| Box::new(UsersError::from(fault)),
        |fault| Box::new(ConversationsError::from(fault)),
        |fault| Box::new(MessagesError::from(fault)),
        |fault| Box::new(ReceiptsError::from(fault)),
        |fault| Box::new(PresenceError::from(fault)),
        |fault| Box::new(TypingError::from(fault)),
        |fault| Box::new(CallsError::from(fault)),
    ];
    for make in with {
        for (fault, code) in stores() {
            let fault = make(fault);
            check(&*fault, code);
            assert!(fault.source().is_some_and(<dyn std::error::Error>::is::<StoreError>), "{fault:?}");
        }
    }
}

#[test]
fn what_a_hasher_reports_is_hidden_as_well() {
    for (fault, code) in
        [(HashError::Overloaded, ErrorCode::Unavailable), (HashError::Failed("secret".into()), ErrorCode::Internal)]
    {
        check(&AuthError::from(fault), code);
    }
    check(&UsersError::from(HashError::Overloaded), ErrorCode::Unavailable);
    check(&UsersError::from(RegistryError("secret".into())), ErrorCode::Unavailable);
    check(&PresenceError::from(RegistryError("secret".into())), ErrorCode::Unavailable);
}

#[test]
fn every_refusal_has_a_code_and_a_sentence() {
    for (refusal, code) in [
        (Refusal::NotAParticipant, ErrorCode::NotAParticipant),
        (Refusal::NotAnAdmin, ErrorCode::NotAnAdmin),
        (Refusal::Direct, ErrorCode::DirectConversation),
        (Refusal::Inactive, ErrorCode::GroupInactive),
        (Refusal::AlreadyAParticipant, ErrorCode::AlreadyAParticipant),
        (Refusal::NoSuchParticipant, ErrorCode::ParticipantNotFound),
        (Refusal::Full, ErrorCode::ConversationFull),
    ] {
        check(&ConversationsError::Refused(refusal), code);
    }
    check(&MessagesError::Inactive, ErrorCode::GroupInactive);
    check(&AuthError::TokenExpired, ErrorCode::TokenExpired);
    check(&AuthError::RefreshTokenReused, ErrorCode::RefreshTokenReused);
}

#[tokio::test]
async fn memberships_that_cannot_be_read_are_said_so() {
    for (bend, code) in [(Bend::Overloaded, ErrorCode::Unavailable), (Bend::Failing, ErrorCode::Internal)] {
        let world = bent(bend);
        let (ann, bob) = (world.user("ann").await, world.user("bob").await);
        let chat = world.direct(ann, bob).await.details.conversation.id;
        assert_eq!(world.app.typing.start(ann, chat).await.expect_err("refused").code(), code);
        assert_eq!(world.app.calls.start(ann, chat).await.expect_err("refused").code(), code);
        assert_eq!(world.app.conversations.open_window(ann, chat).await.expect_err("refused").code(), code);
    }
}

#[tokio::test]
async fn once_the_store_is_closed_every_use_case_says_try_later() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let chat = world.direct(ann, bob).await.details.conversation.id;
    world.store.close();
    world.bus.take();

    let app = &world.app;
    let email = EmailAddress::parse("eve@example.com").expect("an email");
    let registration = chat_app::RegisterUser { email, ..crate::world::registration("eve") };
    let renamed = ProfileChanges { name: Some(crate::world::display_name("A")), ..Default::default() };
    let renamed_group = chat_domain::conversations::ConversationChanges { name: Some(None), ..Default::default() };
    let create = chat_app::CreateConversation { participant_ids: vec![bob.user_id], name: None };
    let latest = HistoryRequest::Latest(PageLimit::DEFAULT);
    let read = AdvancePositions::Read(ReceiptTarget::Latest);
    let codes = [
        code(app.auth.register(registration, crate::world::client("x")).await),
        code(world.login("ann", "any").await),
        code(app.auth.logout(ann).await),
        code(app.auth.logout_all(ann).await),
        code(app.auth.sessions(ann).await),
        code(app.auth.end_session(ann, bob.session_id).await),
        code(app.users.me(ann).await),
        code(app.users.update_me(ann, renamed).await),
        code(app.users.change_password(ann, password("a"), password("b")).await),
        code(app.users.delete_me(ann).await),
        code(app.users.find(ann, bob.user_id).await),
        code(app.users.online(ann, page(1, 1)).await),
        code(app.conversations.create(ann, create).await),
        code(app.conversations.list(ann, page(1, 1)).await),
        code(app.conversations.find(ann, chat).await),
        code(app.conversations.add_participant(ann, chat, bob.user_id).await),
        code(app.conversations.remove_participant(ann, chat, bob.user_id).await),
        code(app.conversations.update(ann, chat, renamed_group).await),
        code(app.messages.send(ann, message(nowhere(), "x", None)).await),
        code(app.messages.history(ann, chat, latest).await),
        code(app.receipts.advance(ann, chat, read).await),
        code(app.presence.status_of(ann, bob.user_id).await),
        code(app.typing.start(ann, chat).await),
        code(app.calls.start(ann, chat).await),
    ];
    assert!(codes.iter().all(|code| *code == Some(ErrorCode::Unavailable)), "{codes:?}");
    assert!(app.auth.refresh_ended_sessions().await.is_err());
    assert!(app.auth.prune_sessions().await.is_err());
    assert!(world.bus.take().is_empty(), "what was not stored is not told");
    assert_eq!(world.connections.take(), [], "and nobody is cut off");
}

fn code<T>(answer: Result<T, impl Coded>) -> Option<ErrorCode> {
    answer.err().map(|fault| fault.code())
}
