use crate::tampered::Bend;
use crate::world::{World, bent, client, code, create_group, direct_message, message, nowhere, page, password};
use chat_app::{ChatTarget, Receipt};
use chat_domain::conversations::{ConversationFilter, DirectKey, InviteCode};
use chat_domain::messages::HistoryRequest;
use chat_domain::receipts::{AdvancePositions, DeliveryStatus, ReceiptTarget};
use chat_domain::users::{EmailAddress, ProfileChanges, SearchTerm};
use chat_domain::{ErrorCode, MessageId, PageLimit};

#[tokio::test]
async fn memberships_that_cannot_be_read_are_said_so() {
    for (bend, code) in [(Bend::Overloaded, ErrorCode::Unavailable), (Bend::Failing, ErrorCode::Internal)] {
        let world = bent(bend);
        let (ann, bob) = (world.user("ann").await, world.user("bob").await);
        let chat = world.direct(ann, bob).await.details.conversation.id;
        assert_eq!(world.app.typing.start(ann, chat).await.expect_err("refused").code(), code);
        assert_eq!(world.app.calls.start(ann, chat, None).await.expect_err("refused").code(), code);
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
    let pair = DirectKey::new(ann.user_id, bob.user_id);
    let regrouped = renamed_group.clone();
    let codes = [
        code(app.auth.register(registration, crate::world::client("x")).await),
        code(world.login("ann", "any").await),
        code(app.auth.logout(ann).await),
        code(app.auth.logout_all(ann).await),
        code(app.auth.sessions(ann).await),
        code(app.auth.end_session(ann, bob.session_id).await),
        code(app.users.me(ann).await),
        code(app.users.update_me(ann, renamed).await),
        code(app.users.change_password(ann, password("a"), password("b"), client("x")).await),
        code(app.users.delete_me(ann).await),
        code(app.users.find(ann, bob.user_id).await),
        code(app.users.online(ann, page(1, 1)).await),
        code(app.conversations.create(ann, create).await),
        code(app.conversations.list(ann, ConversationFilter::All, page(1, 1)).await),
        code(app.conversations.find(ann, chat).await),
        code(app.conversations.add_participant(ann, chat, bob.user_id).await),
        code(app.conversations.remove_participant(ann, chat, bob.user_id).await),
        code(app.conversations.update(ann, chat, renamed_group).await),
        code(app.messages.send(ann, message(nowhere(), "x", None)).await),
        code(app.messages.history(ann, chat, latest).await),
        code(app.receipts.advance(ann, chat, read).await),
        code(app.presence.status_of(ann, bob.user_id).await),
        code(app.presence.touch(ann).await),
        code(app.conversations.rooms(ann, page(1, 1)).await),
        code(app.conversations.direct_with(ann, bob.user_id).await),
        code(app.conversations.find_direct(ann, pair).await),
        code(app.conversations.locate(ann, ChatTarget::Group(chat)).await),
        code(app.groups.create(ann, create_group("Project", &[bob])).await),
        code(app.groups.find(ann, chat).await),
        code(app.groups.update(ann, chat, regrouped).await),
        code(app.groups.deactivate(ann, chat).await),
        code(app.groups.add_member(ann, chat, bob.user_id).await),
        code(app.groups.remove_member(ann, chat, bob.user_id).await),
        code(app.groups.join(ann, InviteCode::new(bob.user_id.as_uuid())).await),
        code(app.groups.revoke_invite_code(ann, chat).await),
        code(app.groups.list(ann, page(1, 1)).await),
        code(app.groups.search(ann, SearchTerm::parse("x").expect("a term"), page(1, 1)).await),
        code(app.messages.send_direct(ann, direct_message(bob, "x", None)).await),
        code(app.messages.send_to_group(ann, message(chat, "x", None)).await),
        code(app.messages.fetch(ann, ChatTarget::Pair(pair), page(1, 1)).await),
        code(app.messages.undelivered(ann, bob.user_id, None, PageLimit::DEFAULT).await),
        code(app.receipts.advance_pair(ann, bob.user_id, Receipt::Read).await),
        code(app.receipts.advance_message(ann, MessageId::new(chat.as_uuid()), DeliveryStatus::Read).await),
        code(app.receipts.mark_message(ann, MessageId::new(chat.as_uuid()), Receipt::Read).await),
        code(app.typing.start(ann, chat).await),
        code(app.calls.start(ann, chat, None).await),
    ];
    assert!(codes.iter().all(|code| *code == Some(ErrorCode::Unavailable)), "{codes:?}");
    assert!(app.auth.refresh_ended_sessions().await.is_err());
    assert!(app.auth.prune_sessions().await.is_err());
    assert!(world.bus.take().is_empty(), "nothing is published if nothing was stored");
    assert_eq!(world.connections.take(), [], "no socket is closed");
}
