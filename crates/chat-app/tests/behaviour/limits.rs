use crate::world::{PASSWORD, World, client, code, password};
use chat_app::{LoginIdentity, LoginLimits, Settings};
use chat_domain::auth::{Actor, ClientInfo};
use chat_domain::users::EmailAddress;
use chat_domain::{ActionError, ErrorCode, Refusal};
use std::time::Duration;

const HOME: &str = "203.0.113.7";
const AWAY: &str = "198.51.100.9";
const WRONG: Option<ErrorCode> = Some(ErrorCode::InvalidCredentials);
const TOO_MANY: Option<ErrorCode> = Some(ErrorCode::RateLimited);

async fn fail(world: &World, ip: &str, name: &str, times: usize) {
    for time in 0..times {
        assert_eq!(code(world.login_from(ip, name, "wrong").await), WRONG, "{name}, time {time}");
    }
}

#[tokio::test]
async fn after_ten_failures_one_address_waits_for_that_account_and_for_no_other() {
    let world = World::new();
    world.users(["ann", "bob"]).await;
    fail(&world, HOME, "ann", 10).await;
    let compared = world.hasher.compared();
    let refused = world.login_from(HOME, "ann", PASSWORD).await.expect_err("refused");
    let ActionError::Refused(Refusal::TooManyAttempts { quota, verdict }) = &refused else {
        panic!("another error: {refused:?}")
    };
    assert_eq!((quota.burst(), verdict.remaining, verdict.retry_after), (10, 0, Duration::from_secs(90)));
    assert_eq!(world.hasher.compared(), compared, "nothing is compared");
    assert!(world.login_from(HOME, "bob", PASSWORD).await.is_ok(), "another account");
    assert!(world.login_from(AWAY, "ann", PASSWORD).await.is_ok(), "another address is not locked out");
    world.clock.advance(Duration::from_secs(90));
    assert!(world.login_from(HOME, "ann", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn unknown_accounts_are_limited_as_those_that_exist_are() {
    let world = World::new();
    world.user("ann").await;
    let mut said = Vec::new();
    for name in ["ann", "nobody"] {
        fail(&world, HOME, name, 10).await;
        let refused = world.login_from(HOME, name, "wrong").await.expect_err("refused");
        said.push((refused.to_string(), code::<()>(Err(refused))));
    }
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0].1, TOO_MANY);
}

#[tokio::test]
async fn the_case_of_a_name_makes_no_other_account() {
    let world = World::new();
    world.user("ann").await;
    fail(&world, HOME, "ann", 5).await;
    fail(&world, HOME, "ANN", 5).await;
    assert_eq!(code(world.login_from(HOME, "Ann", PASSWORD).await), TOO_MANY);
    let email = |text| LoginIdentity::Email(EmailAddress::parse(text).expect("an email"));
    let from = chat_domain::auth::ClientInfo { ip: Some(HOME.into()), ..client("x") };
    for text in ["ann@example.com", "Ann@EXAMPLE.com"].repeat(5) {
        assert_eq!(code(world.app.auth.login(email(text), password("wrong"), from.clone()).await), WRONG);
    }
    assert_eq!(code(world.app.auth.login(email("ann@example.com"), password(PASSWORD), from).await), TOO_MANY);
}

#[tokio::test]
async fn a_hundred_failures_of_one_address_make_it_wait_for_every_account() {
    let world = World::new();
    world.user("ann").await;
    for number in 0..20 {
        fail(&world, HOME, &format!("guess{number}"), 5).await;
    }
    let refused = world.login_from(HOME, "ann", PASSWORD).await.expect_err("refused");
    let ActionError::Refused(Refusal::TooManyAttempts { quota, verdict }) = refused else {
        panic!("another error: {refused:?}")
    };
    assert_eq!((quota.burst(), verdict.retry_after), (100, Duration::from_secs(9)));
    assert!(world.login_from(AWAY, "ann", PASSWORD).await.is_ok());
    world.clock.advance(Duration::from_secs(9));
    assert!(world.login_from(HOME, "ann", PASSWORD).await.is_ok(), "rejected attempts do not count");
}

#[tokio::test]
async fn one_network_of_a_home_is_one_address() {
    let world = World::new();
    world.user("ann").await;
    for host in 1..=10 {
        fail(&world, &format!("2001:db8:1:2::{host:x}"), "ann", 1).await;
    }
    assert_eq!(code(world.login_from("2001:db8:1:2:ffff::1", "ann", PASSWORD).await), TOO_MANY);
    assert!(world.login_from("2001:db8:1:3::1", "ann", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn signing_in_does_not_count_and_neither_does_what_is_no_fault_of_the_password() {
    let world = World::new();
    world.user("ann").await;
    for _ in 0..30 {
        assert!(world.login_from(HOME, "ann", PASSWORD).await.is_ok());
    }
    world.hasher.set_overloaded(true);
    for _ in 0..30 {
        assert_eq!(code(world.login_from(HOME, "ann", "wrong").await), Some(ErrorCode::Unavailable));
    }
    world.hasher.set_overloaded(false);
    fail(&world, HOME, "ann", 10).await;
}

#[tokio::test]
async fn trying_many_at_once_is_no_way_around() {
    let world = World::new();
    world.user("ann").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let auth = world.app.auth.clone();
        let username = chat_domain::users::Username::parse("ann").expect("a username");
        tasks.spawn(async move {
            code(auth.login(LoginIdentity::Username(username), password("wrong"), client("x")).await)
        });
    }
    let codes = tasks.join_all().await;
    assert_eq!(codes.iter().filter(|code| **code == WRONG).count(), 10);
    assert_eq!(codes.iter().filter(|code| **code == TOO_MANY).count(), 20);
}

#[tokio::test]
async fn by_setting_this_machine_is_limited_by_account_alone_and_nobody_at_all() {
    let lenient = LoginLimits { exempt_loopback: true, ..LoginLimits::default() };
    let world = World::with(Settings { login_limits: Some(lenient), ..Settings::default() }, |_| {});
    for ip in ["127.0.0.1", "::1"] {
        for number in 0..11 {
            fail(&world, ip, &format!("guess{number}"), 10).await;
        }
        assert_eq!(code(world.login_from(ip, "guess0", "wrong").await), TOO_MANY);
    }
    let world = World::with(Settings { login_limits: None, ..Settings::default() }, |_| {});
    fail(&world, HOME, "ann", 120).await;
}

async fn change_from(world: &World, ip: &str, actor: Actor, current: &str) -> Option<ErrorCode> {
    let client = ClientInfo { ip: Some(ip.into()), ..client("x") };
    code(world.app.users.change_password(actor, password(current), password(PASSWORD), client).await)
}

#[tokio::test]
async fn guessing_the_current_password_is_limited_as_failed_sign_ins_are() {
    let world = World::new();
    let [ann, bob] = world.users(["ann", "bob"]).await;
    for _ in 0..30 {
        assert_eq!(change_from(&world, HOME, ann, PASSWORD).await, None, "a change does not count");
    }
    for _ in 0..10 {
        assert_eq!(change_from(&world, HOME, ann, "guess").await, Some(ErrorCode::WrongPassword));
    }
    let compared = world.hasher.compared();
    for guess in ["guess", PASSWORD] {
        assert_eq!(change_from(&world, HOME, ann, guess).await, TOO_MANY);
        assert_eq!(change_from(&world, AWAY, ann, guess).await, TOO_MANY, "the session is counted too");
    }
    assert_eq!(world.hasher.compared(), compared, "nothing is compared");
    assert_eq!(change_from(&world, HOME, bob, PASSWORD).await, None, "another account");
    let again = world.login_from(AWAY, "ann", PASSWORD).await.expect("the user is not locked out");
    assert_eq!(change_from(&world, AWAY, world.actor(&again), PASSWORD).await, None, "another session");
    world.clock.advance(Duration::from_secs(90));
    assert_eq!(change_from(&world, HOME, world.actor(&again), PASSWORD).await, None);
}

#[tokio::test]
async fn wrong_current_passwords_count_as_failed_sign_ins_by_email_and_by_username() {
    let by_email = async |world: &World, text| {
        let identity = LoginIdentity::Email(EmailAddress::parse("ann@example.com").expect("an email"));
        let from = ClientInfo { ip: Some(HOME.into()), ..client("x") };
        code(world.app.auth.login(identity, password(text), from).await)
    };
    let world = World::new();
    let ann = world.user("ann").await;
    for _ in 0..10 {
        assert_eq!(change_from(&world, HOME, ann, "guess").await, Some(ErrorCode::WrongPassword));
    }
    assert_eq!(code(world.login_from(HOME, "ann", PASSWORD).await), TOO_MANY);
    assert_eq!(by_email(&world, PASSWORD).await, TOO_MANY);
    assert!(world.login_from(AWAY, "ann", PASSWORD).await.is_ok(), "another address is not locked out");

    for is_email in [true, false] {
        let world = World::new();
        let ann = world.user("ann").await;
        for _ in 0..10 {
            let failed = if is_email {
                by_email(&world, "guess").await
            } else {
                code(world.login_from(HOME, "ann", "guess").await)
            };
            assert_eq!(failed, WRONG);
        }
        assert_eq!(change_from(&world, HOME, ann, PASSWORD).await, TOO_MANY);
        let other =
            if is_email { code(world.login_from(HOME, "ann", "guess").await) } else { by_email(&world, "guess").await };
        assert_eq!(other, WRONG, "the error does not show that the two belong together");
        assert_eq!(change_from(&world, AWAY, ann, PASSWORD).await, None);
    }
}

#[tokio::test]
async fn sign_ins_and_confirmations_of_one_address_count_together() {
    let world = World::new();
    let ann = world.user("ann").await;
    for number in 0..19 {
        fail(&world, HOME, &format!("guess{number}"), 5).await;
    }
    for _ in 0..5 {
        assert_eq!(change_from(&world, HOME, ann, "guess").await, Some(ErrorCode::WrongPassword));
    }
    assert_eq!(change_from(&world, HOME, ann, PASSWORD).await, TOO_MANY);
    assert_eq!(code(world.login_from(HOME, "ann", PASSWORD).await), TOO_MANY);
}

#[tokio::test]
async fn many_confirmations_at_once_are_no_way_around() {
    let world = World::new();
    let ann = world.user("ann").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let users = world.app.users.clone();
        tasks.spawn(async move {
            code(users.change_password(ann, password("guess"), password(PASSWORD), client("x")).await)
        });
    }
    let codes = tasks.join_all().await;
    assert_eq!(codes.iter().filter(|code| **code == Some(ErrorCode::WrongPassword)).count(), 10);
    assert_eq!(codes.iter().filter(|code| **code == TOO_MANY).count(), 54);
}
