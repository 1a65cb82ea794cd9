//! Reading the history.

use super::scene::{limit, page, sorted};
use super::{Scene, Stores};
use chat_domain::messages::{Anchor, HistoryRequest};
use chat_domain::receipts::Positions;
use chat_domain::{ActionError, ConversationId, MessageId, Refusal, Seq, UserId};
use uuid::Uuid;

const SEQ: fn(u64) -> Anchor = |number| Anchor::Seq(Seq::new(number));

/// A conversation of twelve messages, and one of its members.
async fn twelve(scene: &Scene) -> (ConversationId, UserId, Vec<MessageId>) {
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (direct, other) = (scene.direct(ann, bob).await, scene.group(ann, &[bob]).await);
    scene.say_many(other, bob, 3).await;
    let said = scene.say_many(direct, ann, 12).await;
    (direct, bob, said.iter().map(|message| message.id).collect())
}

pub async fn numbered_pages_run_from_the_newest_back(stores: Stores) {
    let scene = Scene::new(stores);
    let (direct, bob, _) = twelve(&scene).await;
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Page(page(1, 5))).await, [12, 11, 10, 9, 8]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Page(page(3, 5))).await, [2, 1]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Page(page(4, 5))).await, [0; 0]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Page(page(10_000_000, 100))).await, [0; 0]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Latest(limit(3))).await, [12, 11, 10]);
}

pub async fn what_is_before_after_and_around_a_number_is_newest_first(stores: Stores) {
    let scene = Scene::new(stores);
    let (direct, bob, _) = twelve(&scene).await;
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Before(SEQ(5), limit(3))).await, [4, 3, 2]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Before(SEQ(1), limit(3))).await, [0; 0]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Before(SEQ(99), limit(3))).await, [12, 11, 10]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::After(SEQ(5), limit(3))).await, [8, 7, 6]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::After(SEQ(0), limit(2))).await, [2, 1]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::After(SEQ(12), limit(3))).await, [0; 0]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Around(SEQ(6), limit(5))).await, [8, 7, 6, 5, 4]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Around(SEQ(1), limit(4))).await, [4, 3, 2, 1]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Around(SEQ(12), limit(3))).await, [12, 11, 10]);
}

pub async fn a_message_serves_as_an_anchor_like_its_number(stores: Stores) {
    let scene = Scene::new(stores);
    let (direct, bob, ids) = twelve(&scene).await;
    let fifth = Anchor::Message(ids[4]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::Before(fifth, limit(2))).await, [4, 3]);
    assert_eq!(scene.seqs(direct, bob, HistoryRequest::After(fifth, limit(2))).await, [7, 6]);
    assert!(scene.seqs(direct, bob, HistoryRequest::Around(fifth, limit(3))).await.contains(&5));
}

pub async fn an_anchor_that_is_no_message_of_the_conversation_is_refused(stores: Stores) {
    let scene = Scene::new(stores);
    let (direct, bob, ids) = twelve(&scene).await;
    let other = scene.group(bob, &[scene.user("cid").await]).await;
    let history = async |id, anchor| {
        let request = HistoryRequest::Before(Anchor::Message(anchor), limit(5));
        scene.messages.history(id, bob, request).await.expect_err("refused")
    };
    assert!(matches!(
        history(direct, MessageId::new(Uuid::now_v7())).await,
        ActionError::Refused(Refusal::UnknownMessage)
    ));
    assert!(
        matches!(history(other, ids[0]).await, ActionError::Refused(Refusal::UnknownMessage)),
        "of another conversation"
    );
}

pub async fn only_participants_read_and_they_read_everything(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, eve] = scene.users_named(["ann", "bob", "cid", "eve"]).await;
    let group = scene.group(ann, &[bob]).await;
    scene.say_many(group, ann, 3).await;
    let latest = HistoryRequest::Latest(limit(10));
    let refusal = async |id, reader| scene.messages.history(id, reader, latest).await.expect_err("refused");
    assert!(matches!(refusal(group, eve).await, ActionError::Refused(Refusal::NotAParticipant)));
    assert!(matches!(
        refusal(ConversationId::new(Uuid::now_v7()), ann).await,
        ActionError::Refused(Refusal::UnknownConversation)
    ));
    scene.remove(group, ann, bob).await;
    assert!(
        matches!(refusal(group, bob).await, ActionError::Refused(Refusal::NotAParticipant)),
        "former members read nothing"
    );
    scene.add(group, ann, cid).await;
    assert_eq!(scene.seqs(group, cid, latest).await, [3, 2, 1]);
}

pub async fn a_history_page_tells_the_newest_number_and_everyones_positions(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    scene.say_many(group, ann, 4).await;
    scene.read_up_to(group, bob, 3).await;
    scene.remove(group, ann, cid).await;
    let page = scene.messages.history(group, bob, HistoryRequest::Before(SEQ(3), limit(1))).await.expect("a history");
    assert_eq!((page.last_seq, page.has_older(), page.has_newer()), (Seq::new(4), true, true));
    let positions = |user| page.participants.iter().find(|one| one.user_id == user).map(|one| one.positions);
    let read = |seq| Some(Positions::default().read(Seq::new(seq), Seq::new(4)));
    assert_eq!(
        (positions(ann), positions(bob), positions(cid)),
        (read(4), read(3), None),
        "the positions of present participants"
    );
    let users = page.participants.iter().map(|one| one.user_id).collect();
    assert_eq!(sorted(users), sorted(vec![ann, bob]));
}

pub async fn an_empty_history_is_an_empty_page(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let direct = scene.direct(ann, bob).await;
    for request in [
        HistoryRequest::Page(page(1, 5)),
        HistoryRequest::Latest(limit(5)),
        HistoryRequest::Before(SEQ(3), limit(5)),
        HistoryRequest::After(SEQ(0), limit(5)),
        HistoryRequest::Around(SEQ(1), limit(5)),
    ] {
        let page = scene.messages.history(direct, ann, request).await.expect("a history");
        assert_eq!((page.messages.len(), page.last_seq, page.participants.len()), (0, Seq::ZERO, 2), "{request:?}");
    }
}
