//! Conversations as one user sees them, alone and in lists.

use super::scene::{limit, page};
use super::{Scene, Stores};
use chat_domain::conversations::{
    ConversationFilter, CursorPage, ListCursor, MAX_LISTED_PARTICIPANTS, NameRule, NewConversation,
};
use chat_domain::{ConversationId, UserId};

async fn listed(scene: &Scene, viewer: UserId) -> Vec<ConversationId> {
    let page = scene.conversations.list(viewer, ConversationFilter::All, page(1, 100)).await.expect("a page");
    assert_eq!(page.total, page.items.len() as u64);
    page.items.iter().map(|overview| overview.details.conversation.id).collect()
}

pub async fn a_list_shows_the_newest_activity_first(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let (one, two) = (scene.direct(ann, bob).await, scene.direct(cid, ann).await);
    let three = scene.group(bob, &[ann, cid]).await;
    let not_hers = scene.direct(bob, cid).await;
    assert_eq!(listed(&scene, ann).await, [three, two, one]);
    scene.say(one, bob, "hello").await;
    scene.say(not_hers, bob, "hello").await;
    assert_eq!(listed(&scene, ann).await, [one, three, two], "a message is activity");
    scene.remove(three, bob, cid).await;
    assert_eq!(listed(&scene, ann).await, [one, three, two], "a departure is not");
    assert_eq!(listed(&scene, cid).await, [not_hers, two]);
}

pub async fn a_list_is_paged_with_its_total(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(scene.group(ann, &[bob]).await);
    }
    made.reverse();
    let mut seen = Vec::new();
    for number in 1..=4 {
        let page = scene.conversations.list(bob, ConversationFilter::All, page(number, 3)).await.expect("a page");
        assert_eq!((page.total, page.request.number.get()), (7, u32::try_from(number).expect("small")));
        seen.extend(page.items.iter().map(|overview| overview.details.conversation.id));
    }
    assert_eq!(seen, made);
}

pub async fn a_list_breaks_ties_of_activity_by_id(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let at = scene.now();
    let mut made = Vec::new();
    for _ in 0..5 {
        let new =
            chat_domain::conversations::NewConversation { at, ..scene.new_conversation(ann, &[bob], Some("tied")) };
        made.push(new.id);
        scene.conversations.create(new).await.expect("a group");
    }
    made.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(listed(&scene, ann).await, made);
}

pub async fn activity_never_moves_a_conversation_back(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let early = scene.now();
    let group = scene.group(ann, &[bob]).await;
    let before = scene.overview(group, ann).await.details.conversation.updated_at;
    let draft = chat_domain::messages::Draft { sent_at: early, ..scene.draft(group, ann, "from a slow clock") };
    scene.messages.append(draft).await.expect("a message");
    assert_eq!(scene.overview(group, ann).await.details.conversation.updated_at, before);
}

pub async fn only_messages_and_joining_move_a_conversation_up(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let (one, two) = (scene.group(ann, &[bob]).await, scene.group(ann, &[bob]).await);
    let changed_at = async || scene.overview(one, ann).await.details.conversation.updated_at;
    for moving in [true, false] {
        assert_eq!(listed(&scene, ann).await, [two, one]);
        let before = changed_at().await;
        if moving {
            scene.add(one, ann, cid).await;
        } else {
            scene.say(one, bob, "news").await;
        }
        assert_eq!(listed(&scene, ann).await, [one, two]);
        assert!(changed_at().await > before);
        scene.say(two, bob, "news here too").await;
    }
    let before = changed_at().await;
    let (details, renamed) = scene.rename(one, ann, "another name", NameRule::Free).await.expect("renamed");
    assert_eq!((details.conversation.updated_at, renamed.at), (changed_at().await, changed_at().await));
    let removed = scene.remove(one, ann, cid).await;
    assert_eq!(removed[0].at, changed_at().await);
    assert!(before < renamed.at && renamed.at < removed[0].at, "the change has its time, and the list its order");
    assert_eq!(listed(&scene, ann).await, [two, one]);
}

pub async fn an_overview_shows_the_viewer_the_newest_message_and_what_is_unread(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let group = scene.group(ann, &[bob]).await;
    assert_eq!(scene.overview(group, bob).await.last_message, None);
    scene.say(group, ann, "one").await;
    let newest = scene.say(group, ann, "two").await;
    let of_bob = scene.overview(group, bob).await;
    assert_eq!((of_bob.last_message.as_ref(), of_bob.unread_count()), (Some(&newest), 2));
    assert_eq!(of_bob.viewer.as_ref().map(|viewer| viewer.user.id), Some(bob));
    assert_eq!(scene.overview(group, ann).await.unread_count(), 0, "the user's own message is read");
    let listed = scene.conversations.list(bob, ConversationFilter::All, page(1, 10)).await.expect("a page");
    assert_eq!(listed.items, [of_bob], "a list shows the same");
    let of_eve = scene.overview(group, eve).await;
    assert_eq!((of_eve.viewer.as_ref(), of_eve.unread_count()), (None, 0), "the caller rejects strangers");
}

pub async fn each_overview_of_a_page_has_its_own_participants_and_message(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, cid] = scene.users_named(["ann", "bob", "cid"]).await;
    let (one, two, silent) =
        (scene.direct(ann, bob).await, scene.group(ann, &[bob, cid]).await, scene.direct(ann, cid).await);
    let (first, second) = (scene.say(one, bob, "to one").await, scene.say(two, cid, "to two").await);
    let page = scene.conversations.list(ann, ConversationFilter::All, page(1, 10)).await.expect("a page");
    let of = |id| page.items.iter().find(|overview| overview.details.conversation.id == id).expect("listed");
    assert_eq!((of(one).details.participants.len(), of(one).last_message.as_ref()), (2, Some(&first)));
    assert_eq!((of(two).details.participants.len(), of(two).last_message.as_ref()), (3, Some(&second)));
    assert_eq!((of(silent).details.participants.len(), of(silent).last_message.as_ref()), (2, None));
    assert_eq!((of(one).unread_count(), of(two).unread_count(), of(silent).unread_count()), (1, 1, 0));
}

pub async fn participants_are_listed_in_order_of_joining_up_to_a_limit(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let mut others = Vec::new();
    for number in 0..MAX_LISTED_PARTICIPANTS + 5 {
        others.push(scene.user(&format!("user{number}")).await);
    }
    let group = scene.group(ann, &others[..MAX_LISTED_PARTICIPANTS + 3]).await;
    let [.., early, late] = others[..] else { panic!("too few") };
    scene.add(group, ann, early).await;
    scene.add(group, ann, late).await;
    let overview = scene.overview(group, late).await;
    assert_eq!(overview.details.conversation.participant_count as usize, MAX_LISTED_PARTICIPANTS + 6);
    assert_eq!(overview.details.participants.len(), MAX_LISTED_PARTICIPANTS);
    assert_eq!(
        overview.viewer.map(|viewer| viewer.user.id),
        Some(late),
        "also if the viewer is not among the listed participants"
    );
    let keys: Vec<_> = overview.details.participants.iter().map(|one| (one.joined_at, one.user.id)).collect();
    assert!(keys.is_sorted(), "by time of joining, then by id");
    assert!(!keys.iter().any(|(_, id)| *id == early || *id == late), "the first participants are listed");
}

/// The ids of a page by cursor, and the next cursor.
async fn part(
    scene: &Scene,
    viewer: UserId,
    filter: ConversationFilter,
    cursor: ListCursor,
) -> CursorPage<ConversationId> {
    let page = scene.conversations.list_from(viewer, filter, cursor, limit(3)).await.expect("a page");
    let CursorPage { items, limit, older, newer, has_more } = page;
    let items = items.iter().map(|overview| overview.details.conversation.id).collect();
    CursorPage { items, limit, older, newer, has_more }
}

/// All conversations that a walk by cursor from the newest one shows.
async fn walk(scene: &Scene, viewer: UserId, filter: ConversationFilter) -> Vec<ConversationId> {
    let (mut seen, mut cursor) = (Vec::new(), ListCursor::Newest);
    loop {
        let page = part(scene, viewer, filter, cursor).await;
        seen.extend(page.items);
        let Some(older) = page.older else { return seen };
        cursor = ListCursor::OlderThan(older);
    }
}

pub async fn a_list_by_cursor_shows_the_same_downwards_and_upwards(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let at = scene.now();
    for number in 0..8 {
        // Some have the same time of their last activity.
        let at = if number % 3 == 0 { scene.now() } else { at };
        let new = NewConversation { at, ..scene.new_conversation(ann, &[bob], Some("one of many")) };
        scene.conversations.create(new).await.expect("a group");
    }
    let direct = scene.direct(ann, bob).await;
    assert_eq!(walk(&scene, bob, ConversationFilter::DirectWithMessages).await, []);
    scene.say(direct, ann, "hello").await;
    let all = listed(&scene, bob).await;
    assert_eq!((all.len(), all[0]), (9, direct));
    assert_eq!(walk(&scene, bob, ConversationFilter::All).await, all);
    assert_eq!(walk(&scene, bob, ConversationFilter::Groups).await, all[1..]);
    assert_eq!(walk(&scene, bob, ConversationFilter::DirectWithMessages).await, [direct]);

    let first = part(&scene, bob, ConversationFilter::All, ListCursor::Newest).await;
    assert_eq!((first.newer, first.has_more), (None, true));
    let second = ListCursor::OlderThan(first.older.expect("more"));
    let second = part(&scene, bob, ConversationFilter::All, second).await;
    let last = part(&scene, bob, ConversationFilter::All, ListCursor::OlderThan(second.older.expect("more"))).await;
    assert_eq!((&last.items[..], last.older, last.has_more), (&all[6..], None, false));
    let up = part(&scene, bob, ConversationFilter::All, ListCursor::NewerThan(last.newer.expect("more"))).await;
    assert_eq!((&up.items, up.older, up.has_more), (&second.items, second.older, true));
    let up = part(&scene, bob, ConversationFilter::All, ListCursor::NewerThan(up.newer.expect("more"))).await;
    assert_eq!((&up.items, up.newer, up.has_more), (&first.items, None, false));
}

pub async fn a_list_by_cursor_keeps_its_place_while_others_move_up(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let mut made = Vec::new();
    for _ in 0..9 {
        made.push(scene.group(ann, &[bob]).await);
    }
    made.reverse();
    let first = part(&scene, bob, ConversationFilter::All, ListCursor::Newest).await;
    // A conversation that was shown, one of the next page and one of the last move up; a new one is added.
    for moves in [made[1], made[4], made[8]] {
        scene.say(moves, ann, "news").await;
    }
    let new = scene.group(ann, &[bob]).await;
    let cursor = ListCursor::OlderThan(first.older.expect("more"));
    let second = part(&scene, bob, ConversationFilter::All, cursor).await;
    assert_eq!(second.items, [made[3], made[5], made[6]]);
    let cursor = ListCursor::OlderThan(second.older.expect("more"));
    let third = part(&scene, bob, ConversationFilter::All, cursor).await;
    assert_eq!((third.items, third.older), (vec![made[7]], None), "no unmoved conversation is skipped or repeated");
    let again = part(&scene, bob, ConversationFilter::All, ListCursor::Newest).await;
    assert_eq!(again.items, [new, made[8], made[4]], "moved conversations are at the start");
    scene.remove(made[5], ann, bob).await;
    assert_eq!(walk(&scene, bob, ConversationFilter::All).await, listed(&scene, bob).await);
}
