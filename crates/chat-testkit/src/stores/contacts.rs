//! Who shares a conversation with whom.

use super::scene::sorted;
use super::{Scene, Stores};
use chat_domain::UserId;
use uuid::Uuid;

pub async fn contacts_share_a_conversation_and_are_each_named_once(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, dora, eve] = scene.users_named(["ann", "bob", "cid", "dora", "eve"]).await;
    scene.direct(ann, bob).await;
    scene.group(bob, &[ann, cid]).await;
    scene.direct(cid, dora).await;
    let contacts = async |user| sorted(scene.users.list_contact_ids(user, 100).await.expect("contacts"));
    assert_eq!(contacts(ann).await, sorted(vec![bob, cid]));
    assert_eq!(contacts(dora).await, [cid]);
    assert_eq!(contacts(eve).await, []);
}

pub async fn contacts_are_at_most_as_many_as_asked_for(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, dora] = scene.users_named(["ann", "bob", "cid", "dora"]).await;
    scene.group(ann, &[bob, cid, dora]).await;
    assert_eq!(scene.users.list_contact_ids(ann, 2).await.expect("contacts").len(), 2);
}

pub async fn whoever_left_or_was_deleted_is_no_contact(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let group = scene.group(ann, &[bob, cid]).await;
    scene.remove(group, bob, bob).await;
    assert_eq!(scene.users.list_contact_ids(ann, 100).await.expect("contacts"), [cid]);
    assert_eq!(scene.users.list_contact_ids(bob, 100).await.expect("contacts"), []);
    scene.direct(ann, bob).await;
    scene.users.delete(bob, scene.now()).await.expect("deleted");
    assert_eq!(scene.users.list_contact_ids(ann, 100).await.expect("contacts"), [cid]);
    assert_eq!(scene.users.list_contacts_among(ann, &[bob, cid]).await.expect("contacts"), [cid]);
}

pub async fn contacts_are_told_from_strangers_among_those_asked_about(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, dora] = scene.users_named(["ann", "bob", "cid", "dora"]).await;
    scene.direct(ann, bob).await;
    let group = scene.group(cid, &[ann, dora, bob]).await;
    let among =
        async |user, others: &[UserId]| sorted(scene.users.list_contacts_among(user, others).await.expect("contacts"));
    let stranger = UserId::new(Uuid::now_v7());
    assert_eq!(among(ann, &[ann, bob, bob, stranger, dora]).await, sorted(vec![bob, dora]), "each once, never oneself");
    assert_eq!(among(ann, &[]).await, []);
    scene.remove(group, dora, dora).await;
    assert_eq!(among(ann, &[bob, cid, dora]).await, sorted(vec![bob, cid]));
    assert_eq!(among(dora, &[ann, bob, cid]).await, []);
}
