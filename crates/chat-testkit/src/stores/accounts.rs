//! Accounts, credentials and profiles.

use super::{Scene, Stores};
use chat_domain::auth::PasswordHash;
use chat_domain::users::{
    AvatarUrl, DisplayName, EmailAddress, HashChange, NewUser, ProfileChanges, Username, WantedUsername,
};
use chat_domain::{ActionError, Refusal, UserId};
use std::time::Duration;
use uuid::Uuid;

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).expect("a name")
}

fn username(text: &str) -> Username {
    Username::parse(text).expect("a username")
}

pub async fn a_new_account_reads_back_as_it_was_stored(stores: Stores) {
    let scene = Scene::new(stores);
    let new = NewUser {
        first_name: Some(name("Änne")),
        last_name: Some(name("O'Hara")),
        avatar: Some(AvatarUrl::parse("https://example.com/a.png").expect("an avatar")),
        ..scene.new_user("Ann")
    };
    let user = scene.users.create(new.clone()).await.expect("a user");
    assert_eq!((user.id, &user.email, user.username.as_str()), (new.id, &new.email, "Ann"));
    assert_eq!(
        (user.name.as_str(), user.first_name.clone(), user.last_name.clone()),
        ("Ann", new.first_name, new.last_name)
    );
    assert_eq!((user.avatar.clone(), user.last_seen), (new.avatar, None));
    assert_eq!((user.created_at, user.updated_at), (new.created_at, new.created_at));
    assert_eq!(scene.users.find(user.id).await.expect("an answer"), Some(user));
}

pub async fn credentials_are_found_by_email_and_username_in_any_case(stores: Stores) {
    let scene = Scene::new(stores);
    let new = scene.new_user("Ann");
    let user = scene.users.create(new.clone()).await.expect("a user");
    let expected = Some((user, new.password_hash));
    let email = EmailAddress::parse("ANN@Example.COM").expect("an email");
    assert_eq!(scene.users.find_credentials_by_email(&email).await.expect("an answer"), expected);
    assert_eq!(scene.users.find_credentials_by_username(&username("aNN")).await.expect("an answer"), expected);
    assert_eq!(scene.users.find_credentials(new.id).await.expect("an answer"), expected);
}

pub async fn an_unknown_user_is_none_and_no_error(stores: Stores) {
    let scene = Scene::new(stores);
    let stranger = UserId::new(Uuid::now_v7());
    let email = EmailAddress::parse("nobody@example.com").expect("an email");
    assert_eq!(scene.users.find(stranger).await.expect("an answer"), None);
    assert_eq!(scene.users.find_credentials(stranger).await.expect("an answer"), None);
    assert_eq!(scene.users.find_credentials_by_email(&email).await.expect("an answer"), None);
    assert_eq!(scene.users.find_credentials_by_username(&username("nobody")).await.expect("an answer"), None);
    assert_eq!(scene.users.list_by_ids(&[stranger]).await.expect("an answer"), []);
    assert_eq!(scene.users.delete(stranger, scene.now()).await.expect("an answer"), None);
    let nothing = ProfileChanges::default();
    assert_eq!(scene.users.update_profile(stranger, nothing, scene.now()).await.expect("an answer"), None);
    scene.users.touch_last_seen(stranger, scene.now()).await.expect("an answer");
}

pub async fn users_are_listed_by_their_ids(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob, _] = scene.users_named(["ann", "bob", "cid"]).await;
    let stranger = UserId::new(Uuid::now_v7());
    let found = scene.users.list_by_ids(&[bob, stranger, ann, bob]).await.expect("users");
    assert_eq!(super::scene::sorted(found.iter().map(|user| user.id).collect()), super::scene::sorted(vec![ann, bob]));
    assert_eq!(scene.users.list_by_ids(&[]).await.expect("users"), []);
}

pub async fn an_email_is_taken_in_any_case(stores: Stores) {
    let scene = Scene::new(stores);
    scene.user("ann").await;
    let email = EmailAddress::parse("Ann@EXAMPLE.com").expect("an email");
    let refused = scene.users.create(NewUser { email, ..scene.new_user("other") }).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::EmailTaken))), "{refused:?}");
    let other = scene.users.find_credentials_by_username(&username("other")).await.expect("an answer");
    assert_eq!(other, None, "nothing was stored");
}

pub async fn an_email_is_taken_in_any_composition_and_spelling_of_its_domain(stores: Stores) {
    let scene = Scene::new(stores);
    let email = |text: &str| EmailAddress::parse(text).expect("an email");
    let jorg = NewUser { email: email("jörg@bücher.example"), ..scene.new_user("jorg") };
    let id = scene.users.create(jorg).await.expect("a user").id;
    for same in ["jo\u{308}rg@bücher.example", "JÖRG@BÜCHER.example", "jörg@xn--bcher-kva.example"] {
        let refused = scene.users.create(NewUser { email: email(same), ..scene.new_user("other") }).await;
        assert!(matches!(refused, Err(ActionError::Refused(Refusal::EmailTaken))), "{same}: {refused:?}");
        let typed = EmailAddress::from_stored(same).expect("an email");
        let found = scene.users.find_credentials_by_email(&typed).await.expect("an answer").expect("a user");
        assert_eq!(found.0.id, id, "{same}");
    }
    assert_eq!(scene.users.list_email_collisions(10).await.expect("collisions"), []);
}

pub async fn a_chosen_username_is_taken_in_any_case(stores: Stores) {
    let scene = Scene::new(stores);
    scene.user("ann").await;
    let wanted = WantedUsername::Exactly(username("ANN"));
    let refused = scene.users.create(NewUser { username: wanted, ..scene.new_user("other") }).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::UsernameTaken))), "{refused:?}");
}

pub async fn a_made_username_is_numbered_from_two_until_it_is_free(stores: Stores) {
    let scene = Scene::new(stores);
    for expected in ["joe", "joe2", "joe3", "joe4", "joe5", "joe6", "joe7"] {
        let new = NewUser {
            username: WantedUsername::Like(username("joe")),
            email: EmailAddress::parse(&format!("{expected}@example.com")).expect("an email"),
            name: None,
            ..scene.new_user("placeholder")
        };
        let user = scene.users.create(new).await.expect("a user");
        assert_eq!((user.username.as_str(), user.name.as_str()), (expected, expected), "the name becomes the username");
    }
}

pub async fn a_profile_changes_only_where_the_changes_say_so(stores: Stores) {
    let scene = Scene::new(stores);
    let new = NewUser { first_name: Some(name("Ann")), last_name: Some(name("Lee")), ..scene.new_user("ann") };
    let before = scene.users.create(new).await.expect("a user");
    let at = scene.now();
    let changes = ProfileChanges {
        name: Some(name("Queen Ann")),
        last_name: Some(None),
        avatar: Some(Some(AvatarUrl::parse("/a.png").expect("an avatar"))),
        metadata: Some(chat_domain::Metadata::parse(r#"{"b":1,"a":2}"#).ok()),
        ..ProfileChanges::default()
    };
    let after = scene.users.update_profile(before.id, changes.clone(), at).await.expect("changed").expect("a user");
    assert_eq!((after.name.as_str(), &after.last_name, &after.avatar), ("Queen Ann", &None, &changes.avatar.flatten()));
    assert_eq!(Some(&after.metadata), changes.metadata.as_ref());
    assert_eq!((&after.first_name, &after.username), (&before.first_name, &before.username));
    assert_eq!((after.updated_at, after.created_at), (at, before.created_at));
    assert_eq!(scene.users.find(before.id).await.expect("an answer"), Some(after));
}

pub async fn a_username_changes_unless_another_has_it(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, _] = scene.users_named(["ann", "bob"]).await;
    let rename = |to: &str| ProfileChanges { username: Some(username(to)), ..ProfileChanges::default() };
    let refused = scene.users.update_profile(ann, rename("BOB"), scene.now()).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::UsernameTaken))), "{refused:?}");
    for own in ["ANN", "anna"] {
        let user = scene.users.update_profile(ann, rename(own), scene.now()).await.expect("renamed").expect("a user");
        assert_eq!(user.username.as_str(), own);
    }
    scene.user("ann2").await;
    let freed = scene.users.find_credentials_by_username(&username("ann")).await.expect("an answer");
    assert_eq!(freed, None, "the old one is free");
}

pub async fn a_new_password_ends_every_other_session(stores: Stores) {
    let scene = Scene::new(stores);
    let [ann, bob] = scene.users_named(["ann", "bob"]).await;
    let (kept, other, of_bob) = (scene.session(ann).await, scene.session(ann).await, scene.session(bob).await);
    let (_, expected) = scene.users.find_credentials(ann).await.expect("an answer").expect("credentials");
    let hash = PasswordHash::new("another".into());
    let change = HashChange { expected, hash: hash.clone() };
    let ended = scene.users.set_password(ann, change.clone(), Some(kept), scene.now()).await.expect("set");
    assert_eq!(ended, Some(vec![other]));
    let (_, found) = scene.users.find_credentials(ann).await.expect("an answer").expect("credentials");
    assert_eq!(found, hash);
    let live =
        |sessions: Vec<chat_domain::auth::Session>| sessions.iter().map(|session| session.id).collect::<Vec<_>>();
    assert_eq!(live(scene.sessions.list(ann, scene.now()).await.expect("sessions")), [kept]);
    assert_eq!(live(scene.sessions.list(bob, scene.now()).await.expect("sessions")), [of_bob]);
    let change = HashChange { expected: hash, hash: PasswordHash::new("a third".into()) };
    let ended = scene.users.set_password(ann, change, None, scene.now()).await.expect("set");
    assert_eq!(ended, Some(vec![kept]), "no session is kept if none is named");
    assert_eq!(live(scene.sessions.list(bob, scene.now()).await.expect("sessions")), [of_bob]);
}

pub async fn of_many_who_replace_one_hash_at_once_one_does(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let (kept, _) = (scene.session(ann).await, scene.session(ann).await);
    let (_, expected) = scene.users.find_credentials(ann).await.expect("an answer").expect("credentials");
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (users, at) = (scene.users.clone(), scene.now());
        let hash = PasswordHash::new(format!("hash {number}"));
        let change = HashChange { expected: expected.clone(), hash: hash.clone() };
        tasks.spawn(async move {
            let is_done = if number % 2 == 0 {
                users.renew_hash(ann, change, at).await.expect("an answer")
            } else {
                users.set_password(ann, change, Some(kept), at).await.expect("an answer").is_some()
            };
            is_done.then_some(hash)
        });
    }
    let done: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let (_, found) = scene.users.find_credentials(ann).await.expect("an answer").expect("credentials");
    assert_eq!(done, [found]);
}

pub async fn another_hash_of_the_same_password_ends_no_session(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    scene.session(ann).await;
    let (_, expected) = scene.users.find_credentials(ann).await.expect("an answer").expect("credentials");
    let change = HashChange { expected, hash: PasswordHash::new("renewed".into()) };
    assert!(scene.users.renew_hash(ann, change.clone(), scene.now()).await.expect("an answer"));
    let (_, found) = scene.users.find_credentials(ann).await.expect("an answer").expect("credentials");
    assert_eq!(found, change.hash);
    assert_eq!(scene.sessions.list(ann, scene.now()).await.expect("sessions").len(), 1);
    let nobody = UserId::new(Uuid::from_u128(404));
    assert!(!scene.users.renew_hash(nobody, change, scene.now()).await.expect("an answer"));
}

pub async fn last_seen_only_moves_forward(stores: Stores) {
    let scene = Scene::new(stores);
    let ann = scene.user("ann").await;
    let seen = async || scene.users.find(ann).await.expect("an answer").expect("a user").last_seen;
    let at = scene.now();
    scene.users.touch_last_seen(ann, at).await.expect("touched");
    assert_eq!(seen().await, Some(at));
    scene.users.touch_last_seen(ann, at.minus(Duration::from_secs(1))).await.expect("touched");
    assert_eq!(seen().await, Some(at));
    let later = at.plus(Duration::from_secs(1));
    scene.users.touch_last_seen(ann, later).await.expect("touched");
    assert_eq!(seen().await, Some(later));
}
