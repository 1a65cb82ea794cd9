//! The differences between pairs and groups, and the places of messages.

use super::scene::{limit, page, sorted};
use super::{Scene, Stores};
use chat_domain::conversations::{ConversationFilter, ConversationKind, DirectKey};
use chat_domain::messages::{HistoryRequest, MessagePlace};
use chat_domain::{ChangeKind, ConversationId, MessageId, Seq};
use uuid::Uuid;

pub async fn the_conversation_of_a_pair_is_found_from_either_side(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let (direct, _) = (scene.direct(ann, bob).await, scene.group(ann, &[bob, cid]).await);
    let find = async |one, other| scene.conversations.find_direct(DirectKey::new(one, other)).await.expect("an answer");
    assert_eq!((find(ann, bob).await, find(bob, ann).await), (Some(direct), Some(direct)));
    assert_eq!((find(ann, cid).await, find(ann, ann).await), (None, None));
}

pub async fn a_list_holds_the_kinds_that_are_asked_for(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let (silent, spoken) = (scene.direct(ann, cid).await, scene.direct(ann, bob).await);
    let (group, other) = (scene.group(ann, &[bob]).await, scene.named_group(ann, &[], "other").await);
    scene.say(spoken, bob, "hello").await;
    let listed = async |filter| {
        let all = scene.conversations.list(ann, filter, page(1, 100)).await.expect("a page");
        let ids: Vec<_> = all.items.iter().map(|one| one.details.conversation.id).collect();
        assert_eq!(all.total, ids.len() as u64);
        let first = scene.conversations.list(ann, filter, page(1, 1)).await.expect("a page");
        assert_eq!((first.total, first.items.len()), (all.total, 1), "counted by the same filter");
        ids
    };
    assert_eq!(listed(ConversationFilter::All).await, [spoken, other, group, silent]);
    assert_eq!(listed(ConversationFilter::DirectWithMessages).await, [spoken]);
    assert_eq!(listed(ConversationFilter::Groups).await, [other, group]);
}

pub async fn every_message_says_of_which_kind_its_conversation_is(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let pair = ConversationKind::Direct(DirectKey::new(ann, bob));
    for (id, kind) in [(scene.direct(bob, ann).await, pair), (scene.group(ann, &[bob]).await, ConversationKind::Group)]
    {
        for _ in 0..2 {
            let sent = scene.messages.append(scene.keyed_draft(id, ann, "hello", "k")).await.expect("a message");
            assert_eq!(sent.message().kind, kind, "sent, and sent again");
        }
        let history = scene.messages.history(id, bob, HistoryRequest::Latest(limit(5))).await.expect("a history");
        assert_eq!(history.messages.iter().map(|message| message.kind).collect::<Vec<_>>(), [kind]);
        let overview = scene.overview(id, bob).await;
        assert_eq!(
            (overview.details.conversation.kind, overview.last_message.map(|last| last.kind)),
            (kind, Some(kind))
        );
        let listed = scene.conversations.list(bob, ConversationFilter::All, page(1, 10)).await.expect("a page");
        let last =
            listed.items.iter().find(|one| one.details.conversation.id == id).and_then(|one| one.last_message.clone());
        assert_eq!(last.map(|last| last.kind), Some(kind));
        let changes = scene.all_changes(id).await;
        let of_message = |kind: &ChangeKind| match kind {
            ChangeKind::MessageSent(message) => Some(message.kind),
            _ => None,
        };
        assert_eq!(changes.iter().filter_map(|change| of_message(&change.kind)).collect::<Vec<_>>(), [kind]);
        let positions = scene.realtime.list_positions(&[id]).await.expect("positions");
        assert_eq!(
            positions.iter().map(|moved| (moved.kind, moved.covers.is_none())).collect::<Vec<_>>(),
            [(kind, true); 2]
        );
    }
}

pub async fn a_message_is_found_by_its_id_and_by_its_number(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (direct, group) = (scene.direct(ann, bob).await, scene.group(ann, &[bob]).await);
    let (one, two) = (scene.say_many(direct, ann, 3).await, scene.say_many(group, bob, 2).await);
    let place = |message: &chat_domain::messages::Message| MessagePlace {
        id: message.id,
        conversation_id: message.conversation_id,
        seq: message.seq,
        sender_id: message.sender.id,
    };
    for message in one.iter().chain(&two) {
        assert_eq!(scene.messages.find_place(message.id).await.expect("an answer"), Some(place(message)));
    }
    assert_eq!(scene.messages.find_place(MessageId::new(Uuid::now_v7())).await.expect("an answer"), None);
    let unknown = ConversationId::new(Uuid::now_v7());
    let asked = [(direct, 3), (group, 1), (direct, 4), (direct, 0), (unknown, 1), (direct, u64::MAX)];
    let found = scene.realtime.list_at(&asked.map(|(id, seq)| (id, Seq::new(seq)))).await.expect("places");
    let key = |place: MessagePlace| (place.conversation_id, place.seq.get(), place.id, place.sender_id);
    let expected = vec![key(place(&one[2])), key(place(&two[0]))];
    assert_eq!(sorted(found.into_iter().map(key).collect()), sorted(expected));
    assert_eq!(scene.realtime.list_at(&[]).await.expect("places"), []);
    let many: Vec<_> = (1..=1_000).map(|seq| (direct, Seq::new(seq))).collect();
    assert_eq!(scene.realtime.list_at(&many).await.expect("places").len(), 3);
}
