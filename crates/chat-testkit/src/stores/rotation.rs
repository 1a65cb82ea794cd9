//! Refresh tokens: used once, repeatable for a moment, and the end of a session.

use super::{Scene, Stores};
use chat_domain::auth::{
    ClientInfo, EndReason, EndedSession, NewSession, REFRESH_GRACE, RefreshTokenHash, RotateOutcome, RotateSession,
};
use chat_domain::{SessionId, Timestamp};
use std::time::Duration;
use uuid::Uuid;

fn hash(byte: u8) -> RefreshTokenHash {
    RefreshTokenHash::new([byte; 32])
}

/// A session that accepts the token 1.
async fn family(scene: &Scene) -> NewSession {
    let user = scene.user("ann").await;
    let new = scene.new_session(user);
    scene.sessions.create(new.clone()).await.expect("a session");
    new
}

fn present(session_id: SessionId, token: u8, at: Timestamp) -> RotateSession {
    RotateSession {
        session_id,
        presented: hash(token),
        successor: hash(token + 1),
        client: ClientInfo::new(Some("another browser"), Some("::1".into())),
        at,
        expires_at: at.plus(Duration::from_hours(48)),
    }
}

pub async fn a_spent_token_gives_way_to_its_successor(stores: Stores) {
    let scene = Scene::new(stores);
    let before = family(&scene).await.session;
    let rotate = present(before.id, 1, scene.now());
    let RotateOutcome::Rotated(after) = scene.sessions.rotate(rotate.clone()).await.expect("an outcome") else {
        panic!("not rotated");
    };
    assert_eq!((after.id, after.user_id, after.created_at), (before.id, before.user_id, before.created_at));
    assert_eq!(
        (after.client.clone(), after.last_used_at, after.expires_at),
        (rotate.client, rotate.at, rotate.expires_at)
    );
    assert_eq!(scene.sessions.list(before.user_id, scene.now()).await.expect("sessions"), [after]);
    let next = scene.sessions.rotate(present(before.id, 2, scene.now())).await.expect("an outcome");
    assert!(matches!(next, RotateOutcome::Rotated(_)), "{next:?}");
}

pub async fn a_token_just_spent_repeats_its_successor_and_changes_nothing(stores: Stores) {
    let scene = Scene::new(stores);
    let session = family(&scene).await.session;
    let at = scene.now();
    let first = scene.sessions.rotate(present(session.id, 1, at)).await.expect("an outcome");
    let again = scene.sessions.rotate(present(session.id, 1, at.plus(REFRESH_GRACE))).await.expect("an outcome");
    assert_eq!(first, again);
}

pub async fn a_spent_token_that_comes_back_late_ends_the_family(stores: Stores) {
    let scene = Scene::new(stores);
    let session = family(&scene).await.session;
    let at = scene.now();
    scene.sessions.rotate(present(session.id, 1, at)).await.expect("an outcome");
    let late = at.plus(REFRESH_GRACE).plus(Duration::from_micros(1));
    let outcome = scene.sessions.rotate(present(session.id, 1, late)).await.expect("an outcome");
    let ended = EndedSession { id: session.id, user_id: session.user_id, ended_at: late };
    assert_eq!(outcome, RotateOutcome::Reused(ended));
    assert_eq!(scene.sessions.list_ended(None).await.expect("sessions").items, [ended]);
    let successor = scene.sessions.rotate(present(session.id, 2, late)).await.expect("an outcome");
    assert_eq!(successor, RotateOutcome::Unknown, "the successor is not accepted either");
}

pub async fn a_token_whose_successor_was_used_ends_the_family(stores: Stores) {
    let scene = Scene::new(stores);
    let session = family(&scene).await.session;
    scene.sessions.rotate(present(session.id, 1, scene.now())).await.expect("an outcome");
    scene.sessions.rotate(present(session.id, 2, scene.now())).await.expect("an outcome");
    let outcome = scene.sessions.rotate(present(session.id, 1, scene.now())).await.expect("an outcome");
    assert!(matches!(outcome, RotateOutcome::Reused(_)), "{outcome:?}");
    assert_eq!(scene.sessions.list(session.user_id, scene.now()).await.expect("sessions"), []);
}

pub async fn a_session_that_is_unknown_ended_or_expired_does_not_rotate(stores: Stores) {
    let scene = Scene::new(stores);
    let session = family(&scene).await.session;
    let rotate = async |id, at| scene.sessions.rotate(present(id, 1, at)).await.expect("an outcome");
    assert_eq!(rotate(SessionId::new(Uuid::now_v7()), scene.now()).await, RotateOutcome::Unknown);
    assert_eq!(rotate(session.id, session.expires_at).await, RotateOutcome::Unknown, "expired");
    scene.sessions.end(session.user_id, session.id, EndReason::SignedOut, scene.now()).await.expect("ended");
    assert_eq!(rotate(session.id, scene.now()).await, RotateOutcome::Unknown, "ended");
}

pub async fn of_racing_rotations_one_spends_and_the_others_repeat(stores: Stores) {
    let scene = Scene::new(stores);
    let session = family(&scene).await.session;
    let at = scene.now();
    let racers: Vec<_> = (0..50)
        .map(|_| {
            let scene = scene.clone();
            tokio::spawn(async move { scene.sessions.rotate(present(session.id, 1, at)).await.expect("an outcome") })
        })
        .collect();
    let mut outcomes = Vec::new();
    for racer in racers {
        outcomes.push(racer.await.expect("an answer"));
    }
    assert!(matches!(outcomes[0], RotateOutcome::Rotated(_)), "{:?}", outcomes[0]);
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
    let next = scene.sessions.rotate(present(session.id, 2, at)).await.expect("an outcome");
    assert!(matches!(next, RotateOutcome::Rotated(_)), "the successor is accepted: {next:?}");
}
