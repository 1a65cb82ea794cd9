//! Finding groups by a part of their name.

use super::scene::page;
use super::{Scene, Stores};
use chat_domain::conversations::{ConversationOverview, NameRule};
use chat_domain::users::{MAX_SEARCH_MATCHES, SearchTerm};
use chat_domain::{ConversationId, Page, UserId};

async fn search(scene: &Scene, viewer: UserId, term: &str, number: u64, size: u64) -> Page<ConversationOverview> {
    let term = SearchTerm::parse(term).expect("a term");
    scene.groups.search_groups(viewer, &term, page(number, size)).await.expect("a page")
}

/// The names of the groups that this term finds, in order.
async fn names(scene: &Scene, viewer: UserId, term: &str) -> Vec<String> {
    let found = search(scene, viewer, term, 1, 100).await;
    assert_eq!(found.total, found.items.len() as u64);
    found
        .items
        .into_iter()
        .filter_map(|one| one.details.conversation.name)
        .map(|name| name.as_str().to_owned())
        .collect()
}

async fn ids(scene: &Scene, viewer: UserId, term: &str) -> Vec<ConversationId> {
    search(scene, viewer, term, 1, 100).await.items.iter().map(|one| one.details.conversation.id).collect()
}

pub async fn groups_are_found_by_any_part_of_their_name_in_any_case(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    for name in ["Gardening for all", "Über Gärten", "The Garden", "Cooking"] {
        scene.named_group(ann, &[], name).await;
    }
    assert_eq!(names(&scene, eve, "garden").await, ["Gardening for all", "The Garden"]);
    assert_eq!(names(&scene, eve, "GÄRTEN").await, ["Über Gärten"]);
    assert_eq!(names(&scene, eve, "über g").await, ["Über Gärten"]);
    assert_eq!(names(&scene, eve, "ing").await, ["Cooking", "Gardening for all"]);
    assert_eq!(names(&scene, eve, "o").await, ["Cooking", "Gardening for all"], "two matches in a name count once");
    assert_eq!(names(&scene, eve, "gardens").await, [""; 0]);
}

pub async fn a_group_search_takes_wildcards_for_ordinary_characters(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    let special =
        ["100% fun", "snake_case", "a*b", "back\\slash", "what? (why)", "x.y", "[a-z]+$", "it's \"quoted\"", "^top|"];
    for name in special.into_iter().chain(["100 fun", "snakeXcase", "aXb", "xzy"]) {
        scene.named_group(ann, &[], name).await;
    }
    for (term, name) in [
        ("%", special[0]),
        ("_", special[1]),
        ("a*", special[2]),
        ("\\", special[3]),
        ("? (", special[4]),
        ("x.y", special[5]),
        ("[a-z]+$", special[6]),
        ("'s \"", special[7]),
        ("^top|", special[8]),
    ] {
        assert_eq!(names(&scene, eve, term).await, [name], "{term}");
    }
    for nothing in [".*", "%%", "' OR '1'='1", "[aeiou]", "\u{10fffd}"] {
        assert_eq!(names(&scene, eve, nothing).await, [""; 0], "{nothing}");
    }
}

pub async fn a_long_term_is_compared_with_the_whole_name(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    let name = |end: char| format!("{}{end}", "ab ".repeat(33));
    let (one, other) = (scene.named_group(ann, &[], &name('x')).await, scene.named_group(ann, &[], &name('y')).await);
    assert_eq!(ids(&scene, eve, &name('x')).await, [one]);
    assert_eq!(ids(&scene, eve, &name('y')[30..]).await, [other]);
    assert_eq!(ids(&scene, eve, &name('z')).await, []);
}

pub async fn strangers_find_reserved_names_and_members_their_own_too(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, eve] = scene.users_named(["ann", "bob", "eve"]).await;
    let open = scene.named_group(ann, &[bob], "Team open").await;
    let plain =
        scene.conversations.create(scene.new_conversation(ann, &[bob], Some("Team plain"))).await.expect("a group");
    let plain = plain.overview.details.conversation.id;
    scene.say(open, ann, "a secret").await;
    let found = search(&scene, eve, "team", 1, 10).await;
    assert_eq!((found.items.len(), found.total), (1, 1));
    let seen = &found.items[0];
    assert_eq!((seen.details.conversation.id, seen.details.conversation.participant_count), (open, 2));
    assert_eq!((&seen.viewer, &seen.last_message, seen.unread_count()), (&None, &None, 0));
    assert_eq!(
        (seen.details.participants.len(), seen.details.conversation.invite_code),
        (0, None),
        "neither participants nor invite code"
    );
    let found = search(&scene, bob, "TEAM", 1, 10).await;
    assert_eq!(found.items, [scene.overview(open, bob).await, scene.overview(plain, bob).await], "as in a list");
    scene.remove(plain, bob, bob).await;
    assert_eq!(ids(&scene, bob, "team").await, [open], "former members see what strangers see");
    scene.direct(ann, eve).await;
    assert_eq!(ids(&scene, ann, "team").await, [open, plain]);
}

pub async fn a_search_follows_renaming_and_deactivation(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    let group = scene.named_group(ann, &[], "First name").await;
    scene.rename(group, ann, "Second name", NameRule::Reserved).await.expect("renamed");
    assert_eq!((ids(&scene, eve, "first").await, ids(&scene, eve, "second").await), (vec![], vec![group]));
    scene.rename(group, ann, "Third name", NameRule::Free).await.expect("renamed");
    assert_eq!((ids(&scene, eve, "name").await, ids(&scene, ann, "name").await), (vec![], vec![group]));
    scene.rename(group, ann, "Fourth name", NameRule::Reserved).await.expect("renamed");
    assert_eq!(ids(&scene, eve, "name").await, [group]);
    scene.deactivate(group, ann).await;
    assert_eq!((ids(&scene, eve, "name").await, ids(&scene, ann, "name").await), (vec![], vec![]));
    let successor = scene.named_group(eve, &[], "Fourth name").await;
    assert_eq!(ids(&scene, ann, "fourth").await, [successor]);
}

pub async fn a_group_search_is_paged_in_order_of_names(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    for number in [3, 1, 6, 5, 2, 7, 4] {
        scene.named_group(ann, &[], &format!("{} {number}", if number % 2 == 0 { "CLUB" } else { "club" })).await;
    }
    let mut seen = Vec::new();
    for number in 1..=4 {
        let found = search(&scene, eve, "club", number, 3).await;
        assert_eq!(found.total, 7);
        seen.extend(found.items.into_iter().filter_map(|one| one.details.conversation.name));
    }
    let seen: Vec<_> = seen.iter().map(|name| name.as_str().to_lowercase()).collect();
    assert_eq!(seen, (1..=7).map(|number| format!("club {number}")).collect::<Vec<_>>());
}

pub async fn a_vague_group_search_is_bounded_and_shows_ones_own(stores: Stores) {
    // Each of these names has fourteen suffixes that begin with the term: the bound falls among the groups.
    const GROUPS: u64 = 80;
    let name = |number: u64| format!("q{number:02}").repeat(33);
    let scene = Scene::new(stores);
    let [ann, eve] = scene.users_named(["ann", "eve"]).await;
    for number in 0..GROUPS {
        scene.named_group(ann, &[], &name(number)).await;
    }
    let own = scene.named_group(eve, &[], &name(GROUPS)).await;
    let found = search(&scene, eve, "q", 1, 100).await;
    let others = u64::from(MAX_SEARCH_MATCHES) / 14 + 1;
    assert_eq!((found.total, found.items.len() as u64), (others + 1, others + 1));
    assert_eq!(
        found.items.last().map(|one| one.details.conversation.id),
        Some(own),
        "beyond the bound, but the viewer's own"
    );
    assert_eq!(search(&scene, eve, "q79", 1, 100).await.total, 1, "a longer term finds it");
    assert_eq!(search(&scene, ann, "q", 1, 100).await.total, GROUPS, "all are her own");
}
