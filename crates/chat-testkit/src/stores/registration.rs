//! Invitations to register.

use super::{Scene, Stores};
use chat_domain::auth::{RegistrationCode, RegistrationCodeHash, RegistrationInvite};
use chat_domain::users::{EmailAddress, NewUser, Username};
use chat_domain::{ActionError, Refusal, Timestamp};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

fn code(number: u8) -> RegistrationCodeHash {
    RegistrationCode::from_random([number; RegistrationCode::RANDOM_BYTES]).hash()
}

async fn invite(scene: &Scene, number: u8, created_at: Timestamp) {
    let invite = RegistrationInvite { code: code(number), created_at, expires_at: created_at.plus(DAY) };
    scene.users.add_registration_invites(vec![invite]).await.expect("stored");
}

async fn is_good(scene: &Scene, number: u8, now: Timestamp) -> bool {
    scene.users.has_registration_invite(&code(number), now).await.expect("an answer")
}

fn invited(scene: &Scene, name: &str, number: u8) -> NewUser {
    NewUser { invite: Some(code(number)), ..scene.new_user(name) }
}

pub async fn an_invitation_is_good_until_it_is_spent_or_expires(stores: Stores) {
    let scene = Scene::new(stores);
    let made = scene.now();
    invite(&scene, 1, made).await;
    assert!(is_good(&scene, 1, made).await && !is_good(&scene, 2, made).await);
    assert!(!is_good(&scene, 1, made.plus(DAY)).await, "expired");
    scene.users.create(invited(&scene, "ann", 1)).await.expect("a user");
    assert!(!is_good(&scene, 1, made).await, "spent");
    for number in [1, 2] {
        let refused = scene.users.create(invited(&scene, "bob", number)).await;
        assert!(matches!(refused, Err(ActionError::Refused(Refusal::InviteRequired))), "{refused:?}");
    }
    let late = NewUser { created_at: made.plus(DAY), ..invited(&scene, "bob", 3) };
    invite(&scene, 3, made).await;
    assert!(matches!(scene.users.create(late).await, Err(ActionError::Refused(Refusal::InviteRequired))));
    let bob = Username::parse("bob").expect("a username");
    assert_eq!(scene.users.find_credentials_by_username(&bob).await.expect("an answer"), None, "nothing was stored");
    assert!(is_good(&scene, 3, made).await);
}

pub async fn an_invitation_is_not_spent_by_a_registration_that_fails(stores: Stores) {
    let scene = Scene::new(stores);
    let made = scene.now();
    scene.user("ann").await;
    invite(&scene, 1, made).await;
    let refused = scene.users.create(invited(&scene, "ann", 1)).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::EmailTaken))), "{refused:?}");
    let email = EmailAddress::parse("other@example.com").expect("an email");
    let refused = scene.users.create(NewUser { email, ..invited(&scene, "ann", 1) }).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::UsernameTaken))), "{refused:?}");
    assert!(is_good(&scene, 1, made).await);
}

pub async fn new_invitations_clear_expired_ones_away(stores: Stores) {
    let scene = Scene::new(stores);
    let made = scene.now();
    invite(&scene, 1, made).await;
    invite(&scene, 2, made.plus(DAY / 2)).await;
    invite(&scene, 3, made.plus(DAY)).await;
    assert!(!is_good(&scene, 1, made).await, "forgotten");
    assert!(is_good(&scene, 2, made).await && is_good(&scene, 3, made).await);
}

pub async fn racing_to_register_by_one_invitation_makes_one_account(stores: Stores) {
    let scene = Scene::new(stores);
    invite(&scene, 1, scene.now()).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (users, new) = (scene.users.clone(), invited(&scene, &format!("user{number}"), 1));
        tasks.spawn(async move { users.create(new).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    let refused = |outcome: &&Result<_, _>| matches!(outcome, Err(ActionError::Refused(Refusal::InviteRequired)));
    assert_eq!(outcomes.iter().filter(refused).count(), 7, "{outcomes:?}");
}
