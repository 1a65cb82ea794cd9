use crate::world::{PASSWORD, World, client, nobody};
use chat_app::{App, Settings, SignedIn};
use chat_domain::auth::{EndReason, MAX_SESSIONS_PER_USER, SessionStore as _};
use chat_domain::{ActionError, Clock as _, ErrorCode, Refusal, SessionId, Timestamp};
use std::time::Duration;

fn code_of(app: &App, signed_in: &SignedIn) -> Option<ErrorCode> {
    app.auth.authenticate(&signed_in.access_token).err().map(|fault| fault.code())
}

#[tokio::test]
async fn signing_out_ends_the_session_its_tokens_and_its_sockets() {
    let world = World::new();
    world.user("ann").await;
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    let actor = world.actor(&laptop);
    world.app.auth.logout(actor).await.expect("signed out");
    assert_eq!(code_of(&world.app, &laptop), Some(ErrorCode::SessionRevoked));
    assert_eq!(world.connections.take(), [actor.session_id]);
    let refused = world.app.auth.refresh(laptop.refresh_token.reveal(), client("x")).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::SessionRevoked);
    world.app.auth.logout(actor).await.expect("a second sign-out succeeds");
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_of_the_user_and_of_nobody_else() {
    let world = World::new();
    let phone = world.user("ann").await;
    let bob = world.user("bob").await;
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    world.app.auth.logout_all(phone).await.expect("signed out");
    let mut closed = world.connections.take();
    closed.sort_unstable();
    assert_eq!(closed, [phone.session_id, laptop.refresh_token.session_id()]);
    assert_eq!(code_of(&world.app, &laptop), Some(ErrorCode::SessionRevoked));
    assert_eq!(world.app.auth.sessions(bob).await.expect("sessions").len(), 1);
}

#[tokio::test]
async fn the_devices_are_listed_the_one_used_last_first() {
    let world = World::new();
    let phone = world.user("ann").await;
    world.clock.advance(Duration::from_mins(1));
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    let sessions = world.app.auth.sessions(phone).await.expect("sessions");
    let listed: Vec<_> = sessions.iter().map(|session| (session.id, session.client.user_agent.as_deref())).collect();
    assert_eq!(listed, [(laptop.refresh_token.session_id(), Some("laptop")), (phone.session_id, Some("phone"))]);
}

#[tokio::test]
async fn one_ends_ones_own_sessions_and_no_others() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    let session = laptop.refresh_token.session_id();
    let refused = world.app.auth.end_session(bob, session).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::SessionNotFound))));
    assert_eq!(code_of(&world.app, &laptop), None);

    world.app.auth.end_session(ann, session).await.expect("ended");
    assert_eq!(code_of(&world.app, &laptop), Some(ErrorCode::SessionRevoked));
    assert_eq!(world.connections.take(), [session]);
    let again = world.app.auth.end_session(ann, session).await;
    assert!(matches!(again, Err(ActionError::Refused(Refusal::SessionNotFound))));
    let unknown = world.app.auth.end_session(ann, SessionId::new(nobody().as_uuid())).await;
    assert!(matches!(unknown, Err(ActionError::Refused(Refusal::SessionNotFound))));
}

#[tokio::test]
async fn one_device_too_many_signs_out_the_one_used_longest_ago() {
    let world = World::new();
    let oldest = world.user("ann").await;
    for _ in 1..MAX_SESSIONS_PER_USER {
        world.clock.advance(Duration::from_secs(1));
        world.login("ann", PASSWORD).await.expect("signed in");
    }
    assert_eq!(world.connections.take(), []);
    world.clock.advance(Duration::from_secs(1));
    world.login("ann", PASSWORD).await.expect("signed in");
    assert_eq!(world.connections.take(), [oldest.session_id]);
}

#[tokio::test]
async fn an_access_token_ends_after_its_lifetime() {
    let world = World::new();
    world.user("ann").await;
    let signed_in = world.login("ann", PASSWORD).await.expect("signed in");
    world.clock.advance(Duration::from_secs(15 * 60 + 4));
    assert_eq!(code_of(&world.app, &signed_in), None, "within the leeway");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(code_of(&world.app, &signed_in), Some(ErrorCode::TokenExpired));
}

#[tokio::test]
async fn a_token_made_under_a_longer_lifetime_ends_with_the_present_one() {
    let day = Settings { access_token_lifetime: Duration::from_hours(24), ..Settings::default() };
    let world = World::with(day, |_| {});
    world.user("ann").await;
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    let (restarted, _) = world.another_node();
    let actor = restarted.auth.authenticate(&laptop.access_token).expect("a good token");
    let longest = world.clock.now().plus(Settings::default().access_token_lifetime);
    assert!(actor.token_expires_at <= longest, "its sockets end with it");
    world.app.auth.logout(actor).await.expect("signed out");
    world.clock.advance(Duration::from_mins(17));
    restarted.auth.refresh_ended_sessions().await.expect("read");
    assert_eq!(code_of(&restarted, &laptop), Some(ErrorCode::TokenExpired));
}

#[tokio::test]
async fn another_node_turns_the_session_away_once_it_has_read_of_its_end() {
    let world = World::new();
    world.user("ann").await;
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    let (other, connections) = world.another_node();
    other.auth.refresh_ended_sessions().await.expect("read");
    world.clock.advance(Duration::from_millis(400));
    world.app.auth.logout(world.actor(&laptop)).await.expect("signed out");
    assert_eq!(code_of(&other, &laptop), None, "not yet");

    world.clock.advance(Duration::from_millis(100));
    other.auth.refresh_ended_sessions().await.expect("read");
    assert_eq!(code_of(&other, &laptop), Some(ErrorCode::SessionRevoked));
    assert_eq!(connections.take(), [laptop.refresh_token.session_id()]);
    other.auth.refresh_ended_sessions().await.expect("read");
    assert_eq!(connections.take(), [], "known ends close no sockets again");
}

#[tokio::test]
async fn a_sign_out_by_a_node_whose_clock_is_off_is_learned_like_any_other() {
    let world = World::new();
    world.user("ann").await;
    let (phone, laptop) =
        (world.login("ann", PASSWORD).await.expect("in"), world.login("ann", PASSWORD).await.expect("in"));
    let (other, connections) = world.another_node();
    other.auth.refresh_ended_sessions().await.expect("read");
    for (signed_in, by) in [(&phone, -1), (&laptop, 1)] {
        // The store gets the time of the node that signs out.
        let (session, now) = (signed_in.refresh_token.session_id(), world.clock.now().as_unix_micros());
        let at = Timestamp::from_unix_micros(now + by * 300_000_000);
        let user = world.actor(signed_in).user_id;
        assert!(world.store.end(user, session, EndReason::SignedOut, at).await.expect("ended"));
        other.auth.refresh_ended_sessions().await.expect("read");
        assert_eq!(code_of(&other, signed_in), Some(ErrorCode::SessionRevoked), "{by}");
        assert_eq!(connections.take(), [session]);
    }
}

#[tokio::test]
async fn a_node_that_starts_learns_what_ended_while_tokens_are_still_about() {
    let world = World::new();
    world.user("ann").await;
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    world.app.auth.logout(world.actor(&laptop)).await.expect("signed out");
    world.clock.advance(Duration::from_mins(14));
    let (restarted, _) = world.another_node();
    restarted.auth.refresh_ended_sessions().await.expect("read");
    assert_eq!(code_of(&restarted, &laptop), Some(ErrorCode::SessionRevoked));
}

#[tokio::test]
async fn a_node_that_could_not_read_for_a_while_misses_nothing() {
    let world = World::new();
    world.user("ann").await;
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    let (other, _) = world.another_node();
    other.auth.refresh_ended_sessions().await.expect("read");
    world.app.auth.logout(world.actor(&laptop)).await.expect("signed out");
    world.clock.advance(Duration::from_mins(10));
    other.auth.refresh_ended_sessions().await.expect("read");
    assert_eq!(code_of(&other, &laptop), Some(ErrorCode::SessionRevoked));
}

#[tokio::test]
async fn what_ended_is_forgotten_when_its_tokens_are_worthless_anyway() {
    let world = World::new();
    world.user("ann").await;
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    world.app.auth.logout(world.actor(&laptop)).await.expect("signed out");
    // The lifetime of a token, and the largest difference of two clocks.
    world.clock.advance(Duration::from_mins(25));
    assert_eq!(world.app.auth.prune_sessions().await.expect("pruned"), 0);
    world.clock.advance(Duration::from_mins(2));
    world.app.auth.refresh_ended_sessions().await.expect("read");
    assert_eq!(world.app.auth.prune_sessions().await.expect("pruned"), 1);
    assert_eq!(code_of(&world.app, &laptop), Some(ErrorCode::TokenExpired));
}

#[tokio::test]
async fn the_password_policy_is_the_setting() {
    let world = World::new();
    assert_eq!(world.app.auth.password_policy().min_chars, 8);
}
