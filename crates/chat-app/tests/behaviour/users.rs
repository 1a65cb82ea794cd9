use crate::world::{PASSWORD, World, client, display_name, password, registration};
use chat_domain::conversations::Role;
use chat_domain::users::{DELETED_USER_NAME, ProfileChanges, Username};
use chat_domain::{ActionError, Clock, ErrorCode, Refusal};
use std::time::Duration;

#[tokio::test]
async fn a_profile_changes_where_it_says_so_and_nowhere_else() {
    let world = World::new();
    let ann = world.user("ann").await;
    world.clock.advance(Duration::from_secs(1));
    let changes = ProfileChanges {
        name: Some(display_name("Ann Lee")),
        first_name: Some(Some(display_name("Ann"))),
        ..Default::default()
    };
    let user = world.app.users.update_me(ann, changes).await.expect("changed");
    assert_eq!((user.name.as_str(), user.username.as_str()), ("Ann Lee", "ann"));
    assert_eq!(user.updated_at, world.clock.now());
    let cleared = ProfileChanges { first_name: Some(None), ..Default::default() };
    assert_eq!(world.app.users.update_me(ann, cleared).await.expect("changed").first_name, None);
}

#[tokio::test]
async fn changing_nothing_about_a_profile_changes_nothing() {
    let world = World::new();
    let ann = world.user("ann").await;
    let before = world.app.users.me(ann).await.expect("an account");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.app.users.update_me(ann, ProfileChanges::default()).await.expect("an account"), before);
}

#[tokio::test]
async fn a_username_of_somebody_else_is_taken_in_any_case_and_ones_own_is_not() {
    let world = World::new();
    let ann = world.user("ann").await;
    world.user("bob").await;
    let named = |text: &str| ProfileChanges { username: Username::parse(text).ok(), ..Default::default() };
    let refused = world.app.users.update_me(ann, named("BOB")).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::UsernameTaken);
    assert_eq!(world.app.users.update_me(ann, named("ANN")).await.expect("changed").username.as_str(), "ANN");
}

#[tokio::test]
async fn a_new_password_signs_out_every_other_device() {
    let world = World::new();
    let phone = world.user("ann").await;
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    let change =
        world.app.users.change_password(phone, password(PASSWORD), password("battery staple"), client("phone"));
    change.await.expect("changed");
    assert_eq!(world.connections.take(), [laptop.refresh_token.session_id()]);
    assert!(world.app.auth.authenticate(&laptop.access_token).is_err());
    assert_eq!(world.app.auth.sessions(phone).await.expect("sessions").len(), 1);
    assert_eq!(world.login("ann", PASSWORD).await.expect_err("refused").code(), ErrorCode::InvalidCredentials);
    assert!(world.login("ann", "battery staple").await.is_ok());
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let world = World::new();
    let ann = world.user("ann").await;
    let change = world.app.users.change_password(ann, password("guess"), password("battery staple"), client("phone"));
    let refused = change.await;
    assert_eq!(refused.expect_err("refused").code(), ErrorCode::WrongPassword);
    assert_eq!(world.connections.take(), []);
    assert!(world.login("ann", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_deleted_account_leaves_its_groups_its_names_and_its_devices() {
    let world = World::new();
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let laptop = world.login("ann", PASSWORD).await.expect("signed in");
    let group = world.group(ann, &[bob]).await;
    world.send(ann, group, "farewell").await;
    world.bus.take();

    world.app.users.delete_me(ann).await.expect("deleted");
    assert_eq!(
        world.published(),
        ["3 participant_removed", "4 updated"],
        "the user left, and another participant became admin"
    );
    let mut closed = world.connections.take();
    closed.sort_unstable();
    assert_eq!(closed, [ann.session_id, laptop.refresh_token.session_id()]);
    assert!(world.app.auth.authenticate(&laptop.access_token).is_err());

    let overview = world.app.conversations.find(bob, group).await.expect("the group");
    assert_eq!(overview.viewer.map(|viewer| viewer.role), Some(Role::Admin));
    assert_eq!(overview.last_message.map(|message| message.sender.name), Some(DELETED_USER_NAME.to_owned()));
    let gone = world.app.users.find(bob, ann.user_id).await.expect_err("nobody");
    assert_eq!(gone.code(), ErrorCode::UserNotFound);
    assert!(world.app.auth.register(registration("ann"), crate::world::client("x")).await.is_ok(), "free again");
}

#[tokio::test]
async fn nothing_can_be_done_in_the_name_of_an_account_that_is_gone() {
    let world = World::new();
    let ann = world.user("ann").await;
    world.app.users.delete_me(ann).await.expect("deleted");
    let users = &world.app.users;
    let named = ProfileChanges { name: Some(display_name("Ghost")), ..Default::default() };
    assert!(matches!(users.me(ann).await, Err(ActionError::Refused(Refusal::AccountGone))));
    assert!(matches!(users.update_me(ann, named).await, Err(ActionError::Refused(Refusal::AccountGone))));
    assert!(matches!(users.delete_me(ann).await, Err(ActionError::Refused(Refusal::AccountGone))));
    let changed = users.change_password(ann, password(PASSWORD), password("battery staple"), client("phone")).await;
    assert_eq!(changed.expect_err("refused").code(), ErrorCode::SessionRevoked);
}
