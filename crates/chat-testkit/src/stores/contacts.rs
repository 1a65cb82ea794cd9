//! Which users may see each other's presence: those who share an active group, or a direct conversation in which both
//! have written.

use super::scene::sorted;
use super::{Scene, Stores};
use chat_domain::conversations::MAX_PUSHED_PARTICIPANTS;
use chat_domain::presence::{Contact, ContactsWanted, PresenceAudience};
use chat_domain::{ConversationId, UserId};
use uuid::Uuid;

pub async fn contacts_talk_to_each_other_or_share_a_group_and_are_each_named_once(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, dora, eve] = scene.users_named(["ann", "bob", "cid", "dora", "eve"]).await;
    scene.talk(ann, bob).await;
    scene.group(bob, &[ann, cid]).await;
    scene.talk(cid, dora).await;
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
    scene.talk(ann, bob).await;
    scene.users.delete(bob, scene.now()).await.expect("deleted");
    assert_eq!(scene.users.list_contact_ids(ann, 100).await.expect("contacts"), [cid]);
    assert_eq!(scene.users.list_contacts_among(ann, &[bob, cid]).await.expect("contacts"), [cid]);
}

pub async fn contacts_are_told_from_strangers_among_those_asked_about(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, dora] = scene.users_named(["ann", "bob", "cid", "dora"]).await;
    scene.talk(ann, bob).await;
    let group = scene.group(cid, &[ann, dora, bob]).await;
    let among =
        async |user, others: &[UserId]| sorted(scene.users.list_contacts_among(user, others).await.expect("contacts"));
    let stranger = UserId::new(Uuid::now_v7());
    assert_eq!(
        among(ann, &[ann, bob, bob, stranger, dora]).await,
        sorted(vec![bob, dora]),
        "each once, without the user"
    );
    assert_eq!(among(ann, &[]).await, []);
    scene.remove(group, dora, dora).await;
    assert_eq!(among(ann, &[bob, cid, dora]).await, sorted(vec![bob, cid]));
    assert_eq!(among(dora, &[ann, bob, cid]).await, []);
}

/// What this viewer may see of that user, by each port method.
async fn ways(scene: &Scene, viewer: UserId, user: UserId, shared: ConversationId) -> [bool; 3] {
    let users = &scene.users;
    let audience = scene.conversations.list_presence_audience(user, MAX_PUSHED_PARTICIPANTS, 10).await.expect("ids");
    [
        users.list_contact_ids(viewer, 10).await.expect("contacts").contains(&user),
        users.list_contacts_among(viewer, &[user]).await.expect("contacts").contains(&user),
        audience.contains(&shared),
    ]
}

pub async fn presence_passes_in_a_direct_conversation_once_both_have_written(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    let direct = scene.direct(eve, ann).await;
    let both = async |expected: [bool; 3], when: &str| {
        assert_eq!(ways(&scene, eve, ann, direct).await, expected, "eve of ann, {when}");
        assert_eq!(ways(&scene, ann, eve, direct).await, expected, "ann of eve, {when}");
    };
    both([false; 3], "no one has written").await;
    scene.say_many(direct, eve, 3).await;
    both([false; 3], "the stranger alone has written").await;
    scene.read_up_to(direct, ann, 3).await;
    both([false; 3], "reading is not writing").await;
    scene.say(direct, ann, "who are you?").await;
    both([true; 3], "both have written").await;
    scene.read_up_to(direct, eve, 4).await;
    both([true; 3], "and it stays").await;
}

pub async fn a_deactivated_group_carries_no_presence(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    let group = scene.group(eve, &[ann]).await;
    assert_eq!(ways(&scene, eve, ann, group).await, [true; 3]);
    scene.say(group, ann, "hello").await;
    scene.say(group, eve, "hello yourself").await;
    scene.deactivate(group, eve).await;
    assert_eq!(ways(&scene, eve, ann, group).await, [false; 3], "eve of ann");
    assert_eq!(ways(&scene, ann, eve, group).await, [false; 3], "ann of eve");
    let other = scene.group(ann, &[eve]).await;
    assert_eq!(ways(&scene, eve, ann, other).await, [true; 3], "an active group does");
}

pub async fn the_newest_contacts_are_those_of_the_newest_conversations(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid, dan, eve] = scene.users_named(["ann", "bob", "cid", "dan", "eve"]).await;
    let gone = scene.user("gone").await;
    let group = scene.group(ann, &[bob, cid]).await;
    let one_sided = scene.direct(ann, eve).await;
    scene.say(one_sided, ann, "hello?").await;
    scene.talk(ann, gone).await;
    let seen = scene.now();
    scene.users.touch_last_seen(dan, seen).await.expect("touched");
    let talk = scene.talk(ann, dan).await;
    let left = scene.group(bob, &[ann, eve]).await;
    scene.remove(left, ann, ann).await;
    let inactive = scene.group(ann, &[eve]).await;
    scene.deactivate(inactive, ann).await;
    scene.users.delete(gone, scene.now()).await.expect("an answer").expect("deleted");
    let wanted = |conversations, limit| ContactsWanted {
        user: ann,
        audience: PresenceAudience::Contacts,
        most_participants: 3,
        looked_at: 10,
        conversations,
        limit,
    };
    let told = async |wanted| {
        let contacts = scene.realtime.list_newest_contacts(wanted).await.expect("contacts");
        contacts.into_iter().map(|contact| contact.user_id).collect::<Vec<_>>()
    };
    let mut others = [bob, cid];
    others.sort_unstable();
    assert_eq!(told(wanted(10, 10)).await, [dan, others[0], others[1]]);
    let contacts = scene.realtime.list_newest_contacts(wanted(10, 1)).await.expect("contacts");
    assert_eq!(contacts, [Contact { user_id: dan, last_seen: Some(seen) }]);
    assert_eq!(told(wanted(1, 10)).await, [dan], "only those of the newest conversation");
    assert_eq!(
        told(ContactsWanted { most_participants: 2, ..wanted(10, 10) }).await,
        [dan],
        "larger conversations are left out"
    );
    // The newest is the inactive group.
    assert_eq!(told(ContactsWanted { looked_at: 2, ..wanted(10, 10) }).await, [dan], "among the newest");
    assert_eq!(told(ContactsWanted { looked_at: 1, ..wanted(10, 10) }).await, [], "among the newest");
    scene.say(group, bob, "news").await;
    assert_eq!(told(wanted(10, 10)).await, [others[0], others[1], dan]);
    scene.talk(ann, bob).await;
    assert_eq!(told(wanted(10, 10)).await, [bob, cid, dan], "each once");
    let everyone = ContactsWanted { audience: PresenceAudience::Everyone, ..wanted(10, 10) };
    assert_eq!(told(everyone).await, [bob, cid, dan, eve]);
    scene.say(talk, dan, "newest").await;
    assert_eq!(told(everyone).await, [dan, bob, cid, eve]);
}

pub async fn presence_is_told_in_the_newest_conversations_that_are_small_enough(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    scene.direct(ann, cid).await;
    let talk = scene.talk(ann, bob).await;
    let group = scene.group(ann, &[bob, cid]).await;
    let pair = scene.group(ann, &[cid]).await;
    let left = scene.group(bob, &[ann]).await;
    scene.remove(left, ann, ann).await;
    let told = async |most, limit| scene.conversations.list_presence_audience(ann, most, limit).await.expect("ids");
    assert_eq!(told(3, 10).await, [pair, group, talk]);
    assert_eq!(told(2, 10).await, [pair, talk], "at most this many participants");
    assert_eq!(told(3, 2).await, [pair, group], "at most this many conversations");
    scene.say(talk, bob, "newest").await;
    assert_eq!(told(3, 2).await, [talk, pair]);
    assert_eq!(scene.conversations.list_presence_audience(scene.user("eve").await, 3, 10).await.expect("ids"), []);
}
