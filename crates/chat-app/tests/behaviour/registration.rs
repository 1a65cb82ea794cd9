use crate::world::{PASSWORD, World, client, code, password, registration};
use chat_app::{LoginIdentity, Operator, RegisterUser, Settings};
use chat_domain::auth::{RegistrationCode, RegistrationMode};
use chat_domain::users::Username;
use chat_domain::{ActionError, ErrorCode, Refusal};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

fn world(registration: RegistrationMode) -> World {
    World::with(Settings { registration, ..Settings::default() }, |_| {})
}

fn operator(world: &World) -> Operator {
    Operator { store: world.store.clone(), hasher: world.hasher.clone(), clock: world.clock.clone() }
}

fn invite_code(number: u8) -> RegistrationCode {
    RegistrationCode::from_random([number; RegistrationCode::RANDOM_BYTES])
}

async fn register(world: &World, name: &str, invite: Option<u8>) -> Option<ErrorCode> {
    let command = RegisterUser { invite_code: invite.map(invite_code), ..registration(name) };
    code(world.app.auth.register(command, client("x")).await)
}

#[tokio::test]
async fn closed_registration_refuses_everybody_and_tells_nothing_of_who_exists() {
    let world = world(RegistrationMode::Closed);
    operator(&world).invite(&[invite_code(1)], DAY).await.expect("invited");
    for invite in [None, Some(1)] {
        assert_eq!(register(&world, "ann", invite).await, Some(ErrorCode::RegistrationClosed));
    }
    assert_eq!(world.hasher.hashed(), 0);
}

#[tokio::test]
async fn by_invitation_one_code_makes_one_account_until_it_expires() {
    let world = world(RegistrationMode::Invite);
    operator(&world).invite(&[invite_code(1), invite_code(2)], DAY).await.expect("invited");
    for wrong in [None, Some(9)] {
        assert_eq!(register(&world, "ann", wrong).await, Some(ErrorCode::InviteRequired));
    }
    assert_eq!(world.hasher.hashed(), 0, "a wrong code costs nothing");
    assert_eq!(register(&world, "ann", Some(1)).await, None);
    assert_eq!(register(&world, "bob", Some(1)).await, Some(ErrorCode::InviteRequired), "used");
    assert_eq!(
        register(&world, "ann", None).await,
        Some(ErrorCode::InviteRequired),
        "the error does not show which names are taken"
    );
    assert_eq!(register(&world, "ann", Some(2)).await, Some(ErrorCode::EmailTaken), "the code stays valid");
    world.clock.advance(DAY);
    assert_eq!(register(&world, "bob", Some(2)).await, Some(ErrorCode::InviteRequired), "expired");
}

#[tokio::test]
async fn of_many_who_register_with_one_code_at_once_one_does() {
    let world = world(RegistrationMode::Invite);
    operator(&world).invite(&[invite_code(1)], DAY).await.expect("invited");
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let auth = world.app.auth.clone();
        let command = RegisterUser { invite_code: Some(invite_code(1)), ..registration(&format!("user{number}")) };
        tasks.spawn(async move { code(auth.register(command, client("x")).await) });
    }
    let codes = tasks.join_all().await;
    assert_eq!(codes.iter().filter(|code| code.is_none()).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == Some(ErrorCode::InviteRequired)).count(), 7, "{codes:?}");
}

#[tokio::test]
async fn open_registration_takes_no_notice_of_codes() {
    let world = world(RegistrationMode::Open);
    assert_eq!(register(&world, "ann", None).await, None);
    assert_eq!(register(&world, "bob", Some(9)).await, None);
}

#[tokio::test]
async fn an_operator_resets_a_password_and_every_session_ends() {
    let world = world(RegistrationMode::Open);
    let [ann, bob] = world.users(["ann", "bob"]).await;
    let ann_s = |name: &str| LoginIdentity::Username(Username::parse(name).expect("a username"));
    let reset = operator(&world).reset_password(ann_s("ANN"), password("battery staple")).await.expect("reset");
    assert_eq!((reset.user.id, reset.ended_sessions), (ann.user_id, 1));
    assert_eq!(code(world.login("ann", PASSWORD).await), Some(ErrorCode::InvalidCredentials));
    assert!(world.login("ann", "battery staple").await.is_ok());
    world.app.auth.refresh_ended_sessions().await.expect("read");
    assert_eq!(world.connections.take(), [ann.session_id], "the servers close its sockets, and no other's");
    assert!(world.app.users.me(bob).await.is_ok());
    let nobody = operator(&world).reset_password(ann_s("nobody"), password("battery staple")).await;
    assert!(matches!(nobody, Err(ActionError::Refused(Refusal::UnknownAccount))));
}
