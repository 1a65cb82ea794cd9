use crate::world::{PASSWORD, World, client, registration};
use chat_app::SignedIn;
use chat_domain::auth::SessionStore;
use chat_domain::{Clock, ErrorCode};
use std::time::Duration;

async fn ann(world: &World) -> SignedIn {
    world.app.auth.register(registration("ann"), client("phone")).await.expect("a new user")
}

async fn refresh(world: &World, token: &str) -> Result<SignedIn, ErrorCode> {
    world.app.auth.refresh(token, client("tablet")).await.map_err(|fault| fault.code())
}

#[tokio::test]
async fn a_refresh_token_yields_a_new_pair_of_the_same_session() {
    let world = World::new();
    let first = ann(&world).await;
    world.clock.advance(Duration::from_hours(1));
    let second = refresh(&world, first.refresh_token.reveal()).await.expect("a new pair");
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_ne!(second.access_token, first.access_token);
    assert_eq!(second.user, first.user);
    let actor = world.actor(&second);
    assert_eq!(actor.session_id, first.refresh_token.session_id());
    let sessions = world.app.auth.sessions(actor).await.expect("sessions");
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].client, client("tablet"), "where it was last used from");
    assert_eq!(sessions[0].last_used_at, world.clock.now());
    assert_eq!(sessions[0].expires_at, world.clock.now().plus(Duration::from_hours(7 * 24)));
}

#[tokio::test]
async fn for_a_minute_a_spent_token_yields_the_same_successor() {
    let world = World::new();
    let first = ann(&world).await;
    let one = refresh(&world, first.refresh_token.reveal()).await.expect("a new pair");
    world.clock.advance(Duration::from_mins(1));
    let other = refresh(&world, first.refresh_token.reveal()).await.expect("the same pair again");
    assert_eq!(one.refresh_token, other.refresh_token);
    assert!(refresh(&world, one.refresh_token.reveal()).await.is_ok());
}

#[tokio::test]
async fn two_tabs_at_once_get_the_same_successor() {
    let world = World::new();
    let first = ann(&world).await;
    let mut tabs = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (auth, token) = (world.app.auth.clone(), first.refresh_token.reveal().to_owned());
        tabs.spawn(async move { auth.refresh(&token, client("tab")).await.expect("a pair").refresh_token });
    }
    let mut tokens = tabs.join_all().await;
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
}

#[tokio::test]
async fn after_a_minute_a_spent_token_ends_the_session_and_its_sockets() {
    let world = World::new();
    let first = ann(&world).await;
    let second = refresh(&world, first.refresh_token.reveal()).await.expect("a new pair");
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(refresh(&world, first.refresh_token.reveal()).await.err(), Some(ErrorCode::RefreshTokenReused));
    assert_eq!(world.connections.take(), [first.refresh_token.session_id()]);
    let refused = world.app.auth.authenticate(&second.access_token).expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::SessionRevoked);
    assert_eq!(refresh(&world, second.refresh_token.reveal()).await.err(), Some(ErrorCode::SessionRevoked));
}

#[tokio::test]
async fn once_the_successor_was_used_the_old_token_ends_the_session() {
    let world = World::new();
    let first = ann(&world).await;
    let second = refresh(&world, first.refresh_token.reveal()).await.expect("a new pair");
    let third = refresh(&world, second.refresh_token.reveal()).await.expect("a new pair");
    assert_eq!(refresh(&world, first.refresh_token.reveal()).await.err(), Some(ErrorCode::RefreshTokenReused));
    assert_eq!(refresh(&world, third.refresh_token.reveal()).await.err(), Some(ErrorCode::SessionRevoked));
}

#[tokio::test]
async fn another_session_of_the_user_survives_a_reused_token() {
    let world = World::new();
    let first = ann(&world).await;
    let other = world.login("ann", PASSWORD).await.expect("signed in");
    refresh(&world, first.refresh_token.reveal()).await.expect("a new pair");
    world.clock.advance(Duration::from_mins(5));
    assert!(refresh(&world, first.refresh_token.reveal()).await.is_err());
    assert!(world.app.auth.authenticate(&other.access_token).is_ok());
    assert!(refresh(&world, other.refresh_token.reveal()).await.is_ok());
}

#[tokio::test]
async fn a_refresh_token_ends_after_its_lifetime() {
    let world = World::new();
    let first = ann(&world).await;
    world.clock.advance(Duration::from_hours(7 * 24 + 1));
    assert_eq!(refresh(&world, first.refresh_token.reveal()).await.err(), Some(ErrorCode::SessionRevoked));
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let world = World::new();
    let first = ann(&world).await;
    for strange in ["", "x", &first.access_token, &format!("{}x", first.refresh_token.reveal())] {
        assert_eq!(refresh(&world, strange).await.err(), Some(ErrorCode::TokenInvalid), "{strange}");
    }
    let refused = world.app.auth.authenticate(first.refresh_token.reveal()).expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::TokenInvalid, "nor is it an access token");
}

#[tokio::test]
async fn the_account_that_is_gone_gets_no_new_pair() {
    let world = World::new();
    let first = ann(&world).await;
    world.app.users.delete_me(world.actor(&first)).await.expect("deleted");
    assert_eq!(refresh(&world, first.refresh_token.reveal()).await.err(), Some(ErrorCode::SessionRevoked));
    assert_eq!(world.store.list(first.user.id, world.clock.now()).await.expect("sessions"), []);
}
