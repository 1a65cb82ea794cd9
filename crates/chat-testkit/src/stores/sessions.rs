//! Sessions: sign-in and sign-out.

use super::scene::sorted;
use super::{Scene, Stores};
use chat_domain::SessionId;
use chat_domain::auth::{EndReason, EndedSession, MAX_SESSIONS_PER_USER, NewSession, RefreshTokenHash, Session};
use std::time::Duration;
use uuid::Uuid;

pub async fn a_session_is_listed_as_it_was_stored(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let new = scene.new_session(ann);
    let expected = new.session.clone();
    scene.sessions.create(new).await.expect("a session");
    assert_eq!(scene.sessions.list(ann, scene.now()).await.expect("sessions"), [expected]);
}

pub async fn sessions_are_listed_with_the_one_used_last_first(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let mut made = vec![scene.session(ann).await, scene.session(ann).await, scene.session(ann).await];
    made.reverse();
    let listed: Vec<_> = scene.sessions.list(ann, scene.now()).await.expect("sessions");
    assert_eq!(listed.iter().map(|session| session.id).collect::<Vec<_>>(), made);
}

pub async fn an_expired_session_is_not_live(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let new = scene.new_session(ann);
    let (id, expires_at) = (new.session.id, new.session.expires_at);
    scene.sessions.create(new).await.expect("a session");
    let just_before = expires_at.minus(Duration::from_micros(1));
    assert_eq!(scene.sessions.list(ann, just_before).await.expect("sessions").len(), 1);
    assert_eq!(scene.sessions.list(ann, expires_at).await.expect("sessions"), []);
    assert!(!scene.sessions.end(ann, id, EndReason::SignedOut, expires_at).await.expect("an answer"));
}

pub async fn a_session_ends_once_and_by_its_own_user(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let session = scene.session(ann).await;
    let end =
        async |user, id| scene.sessions.end(user, id, EndReason::SignedOut, scene.now()).await.expect("an answer");
    assert!(!end(bob, session).await, "somebody else's");
    assert!(!end(ann, SessionId::new(Uuid::now_v7())).await, "unknown");
    assert!(end(ann, session).await);
    assert!(!end(ann, session).await, "ended already");
    assert_eq!(scene.sessions.list(ann, scene.now()).await.expect("sessions"), []);
}

pub async fn ending_all_returns_the_live_ones_of_this_user(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (one, two, of_bob) = (scene.session(ann).await, scene.session(ann).await, scene.session(bob).await);
    let gone = scene.session(ann).await;
    scene.sessions.end(ann, gone, EndReason::SignedOut, scene.now()).await.expect("ended");
    let ended = scene.sessions.end_all(ann, EndReason::SignedOut, scene.now()).await.expect("ended");
    assert_eq!(sorted(ended), sorted(vec![one, two]));
    assert_eq!(scene.sessions.end_all(ann, EndReason::SignedOut, scene.now()).await.expect("ended"), []);
    assert_eq!(scene.sessions.list(bob, scene.now()).await.expect("sessions")[0].id, of_bob);
}

pub async fn ended_sessions_are_followed_in_the_order_of_commits_whatever_the_clocks_say(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let (one, two, three) = (scene.session(ann).await, scene.session(ann).await, scene.session(ann).await);
    scene.session(ann).await;
    let (now, hour) = (scene.now(), Duration::from_hours(1));
    let ended = |id, ended_at| EndedSession { id, user_id: ann, ended_at };
    scene.sessions.end(ann, one, EndReason::SignedOut, now).await.expect("ended");
    let all = scene.sessions.list_ended(None).await.expect("sessions");
    assert_eq!(all.items, [ended(one, now)], "without a cursor all ends that are kept");
    // With a slow clock, then with a fast one.
    scene.sessions.end(ann, two, EndReason::SignedOut, now.minus(hour)).await.expect("ended");
    let behind = scene.sessions.list_ended(Some(&all.cursor)).await.expect("sessions");
    assert_eq!(behind.items, [ended(two, now.minus(hour))]);
    scene.sessions.end(ann, three, EndReason::SignedOut, now.plus(hour)).await.expect("ended");
    let ahead = scene.sessions.list_ended(Some(&behind.cursor)).await.expect("sessions");
    assert_eq!(ahead.items, [ended(three, now.plus(hour))]);
    assert_eq!(scene.sessions.list_ended(Some(&ahead.cursor)).await.expect("sessions").items, []);
    let since = scene.sessions.list_ended(Some(&all.cursor)).await.expect("sessions").items;
    assert_eq!(sorted(since.iter().map(|session| session.id).collect()), sorted(vec![two, three]));
    assert_eq!(scene.sessions.list_ended(None).await.expect("sessions").items.len(), 3);
}

pub async fn no_end_of_many_at_once_escapes_a_reader_that_follows(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let mut ending = Vec::new();
    for _ in 0..40 {
        ending.push(scene.session(ann).await);
    }
    let mut cursor = scene.sessions.list_ended(None).await.expect("sessions").cursor;
    let racers: Vec<_> = ending
        .iter()
        .map(|session| {
            let (scene, session) = (scene.clone(), *session);
            tokio::spawn(async move { scene.sessions.end(ann, session, EndReason::SignedOut, scene.now()).await })
        })
        .collect();
    let mut seen = Vec::new();
    let mut has_ended = false;
    while !has_ended {
        // Before the read, which must contain every earlier end.
        has_ended = racers.iter().all(tokio::task::JoinHandle::is_finished);
        let read = scene.sessions.list_ended(Some(&cursor)).await.expect("sessions");
        seen.extend(read.items.iter().map(|session| session.id));
        cursor = read.cursor;
    }
    for racer in racers {
        assert!(racer.await.expect("an answer").expect("ended"));
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, sorted(ending));
}

pub async fn one_session_too_many_displaces_the_one_used_longest_ago(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    scene.session(bob).await;
    let mut oldest = Vec::new();
    for _ in 0..MAX_SESSIONS_PER_USER {
        oldest.push(scene.session(ann).await);
    }
    let new = scene.new_session(ann);
    let (newest, at) = (new.session.id, new.session.created_at);
    assert_eq!(scene.sessions.create(new).await.expect("a session"), [oldest[0]]);
    let live = scene.sessions.list(ann, scene.now()).await.expect("sessions");
    assert_eq!((live.len(), live[0].id), (MAX_SESSIONS_PER_USER, newest));
    let ended = scene.sessions.list_ended(None).await.expect("sessions").items;
    assert_eq!(ended, [EndedSession { id: oldest[0], user_id: ann, ended_at: at }]);
    assert_eq!(scene.sessions.list(bob, scene.now()).await.expect("sessions").len(), 1);
}

pub async fn expired_sessions_take_no_room(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    for _ in 0..MAX_SESSIONS_PER_USER {
        scene.session(ann).await;
    }
    let new = scene.new_session(ann);
    let later = new.session.created_at.plus(Duration::from_hours(48));
    let session = Session {
        created_at: later,
        last_used_at: later,
        expires_at: later.plus(Duration::from_hours(1)),
        ..new.session
    };
    let displaced = scene.sessions.create(NewSession { session, token_hash: RefreshTokenHash::new([9; 32]) }).await;
    assert_eq!(displaced.expect("a session"), []);
}

pub async fn pruning_forgets_what_ended_or_expired_before(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let (ended, live) = (scene.session(ann).await, scene.new_session(ann));
    let expires_at = live.session.expires_at;
    scene.sessions.create(live).await.expect("a session");
    let at = scene.now();
    scene.sessions.end(ann, ended, EndReason::SignedOut, at).await.expect("ended");
    let prune = async |before| scene.sessions.prune(before).await.expect("a count");
    assert_eq!(prune(at).await, 0, "not before");
    assert_eq!(prune(at.plus(Duration::from_micros(1))).await, 1);
    assert_eq!(scene.sessions.list_ended(None).await.expect("sessions").items, []);
    assert_eq!(scene.sessions.list(ann, scene.now()).await.expect("sessions").len(), 1);
    assert_eq!(prune(expires_at.plus(Duration::from_micros(1))).await, 1);
}
