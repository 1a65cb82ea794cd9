use crate::world::{World, connection, nobody, page};
use chat_app::Settings;
use chat_domain::ErrorCode;
use chat_domain::auth::Actor;
use chat_domain::presence::{PresenceAudience, PresenceStatus};
use chat_domain::users::SearchTerm;

fn everyone() -> Settings {
    Settings { presence_audience: PresenceAudience::Everyone, ..Settings::default() }
}

async fn status(world: &World, viewer: Actor, of: Actor) -> Option<PresenceStatus> {
    world.app.users.find(viewer, of.user_id).await.expect("a profile").status
}

async fn online(world: &World, viewer: Actor) -> Vec<(String, PresenceStatus)> {
    let page = world.app.users.online(viewer, page(1, 100)).await.expect("a page");
    assert_eq!(page.total, page.items.len() as u64);
    page.items.into_iter().map(|(user, status)| (user.name.as_str().to_owned(), status)).collect()
}

#[tokio::test]
async fn presence_is_seen_by_oneself_and_by_contacts_only() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    world.talk(ann, bob).await;
    world.app.presence.connected(ann, connection()).await;
    assert_eq!(status(&world, ann, ann).await, Some(PresenceStatus::Online));
    assert_eq!(status(&world, bob, ann).await, Some(PresenceStatus::Online));
    assert_eq!(status(&world, ann, bob).await, Some(PresenceStatus::Offline));
    assert_eq!(status(&world, eve, ann).await, None);
    let chat = world.direct(eve, ann).await.details.conversation.id;
    world.send(eve, chat, "hey").await;
    assert_eq!(status(&world, eve, ann).await, None, "she has not answered");
    assert_eq!(status(&world, ann, eve).await, None);
    assert_eq!((online(&world, eve).await, online(&world, bob).await.len()), (Vec::new(), 1));
}

#[tokio::test]
async fn last_seen_is_hidden_with_presence() {
    let world = World::new();
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    world.talk(ann, bob).await;
    let socket = connection();
    world.app.presence.connected(ann, socket).await;
    world.app.presence.disconnected(ann, socket).await;
    let mut seen = Vec::new();
    for viewer in [bob, eve] {
        let profile = world.app.users.find(viewer, ann.user_id).await.expect("a profile");
        seen.push(profile.user.last_seen.is_some());
    }
    assert_eq!(seen, [true, false]);
}

#[tokio::test]
async fn by_setting_everyone_sees_everyone() {
    let world = World::with(everyone(), |_| {});
    let (ann, eve) = (world.user("ann").await, world.user("eve").await);
    world.app.presence.connected(ann, connection()).await;
    assert_eq!(status(&world, eve, ann).await, Some(PresenceStatus::Online));
    assert_eq!(online(&world, eve).await, [("ann".to_owned(), PresenceStatus::Online)]);
    assert_eq!(online(&world, ann).await, [], "the caller is left out");
}

#[tokio::test]
async fn contacts_who_are_online_are_listed_without_oneself_and_without_strangers() {
    let world = World::new();
    let (ann, bob, cid) = (world.user("ann").await, world.user("bob").await, world.user("cid").await);
    let (dan, eve) = (world.user("dan").await, world.user("eve").await);
    world.group(ann, &[bob, cid, dan]).await;
    for actor in [ann, cid, bob, eve] {
        world.app.presence.connected(actor, connection()).await;
    }
    world.app.presence.choose(cid, PresenceStatus::Busy).await.expect("chosen");
    assert_eq!(
        online(&world, ann).await,
        [("bob".to_owned(), PresenceStatus::Online), ("cid".to_owned(), PresenceStatus::Busy)]
    );
    assert_eq!(online(&world, eve).await, []);
}

#[tokio::test]
async fn pages_of_who_is_online_show_everyone_once_in_a_stable_order() {
    let world = World::with(everyone(), |_| {});
    let ann = world.user("ann").await;
    for name in ["u01", "u02", "u03", "u04", "u05"] {
        let actor = world.user(name).await;
        world.app.presence.connected(actor, connection()).await;
    }
    let mut seen = Vec::new();
    for number in 1..=4 {
        let page = world.app.users.online(ann, page(number, 2)).await.expect("a page");
        assert_eq!(page.total, 5);
        seen.extend(page.items.into_iter().map(|(user, _)| user.name.as_str().to_owned()));
    }
    assert_eq!(seen, ["u01", "u02", "u03", "u04", "u05"]);
}

#[tokio::test]
async fn a_search_shows_presence_as_far_as_one_may_know_it() {
    let world = World::new();
    let (ann, anton) = (world.user("ann").await, world.user("anton").await);
    world.user("annabel").await;
    world.talk(ann, anton).await;
    world.app.presence.connected(anton, connection()).await;
    let term = SearchTerm::parse("AN").expect("a term");
    let found = world.app.users.search(ann, term, page(1, 10)).await.expect("a page");
    let shown: Vec<_> = found.items.iter().map(|profile| (profile.user.username.as_str(), profile.status)).collect();
    assert_eq!(
        shown,
        [("ann", Some(PresenceStatus::Offline)), ("annabel", None), ("anton", Some(PresenceStatus::Online)),]
    );
    assert_eq!(found.total, 3);
}

#[tokio::test]
async fn nobody_is_found_by_an_id_that_is_nobodys() {
    let world = World::new();
    let ann = world.user("ann").await;
    let missing = world.app.users.find(ann, nobody()).await.expect_err("nobody");
    assert_eq!(missing.code(), ErrorCode::UserNotFound);
    let missing = world.app.presence.status_of(ann, nobody()).await.expect_err("nobody");
    assert_eq!(missing.code(), ErrorCode::UserNotFound);
}

#[tokio::test]
async fn without_presence_profiles_are_shown_as_offline_and_the_list_is_refused() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    world.talk(ann, bob).await;
    world.app.presence.connected(bob, connection()).await;
    world.presence.set_broken(true);
    assert_eq!(status(&world, ann, bob).await, Some(PresenceStatus::Offline));
    let refused = world.app.users.online(ann, page(1, 10)).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::Unavailable);
}
