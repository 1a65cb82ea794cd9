use crate::world::{PASSWORD, World, client, display_name, password, registration};
use async_trait::async_trait;
use chat_app::{LoginIdentity, RegisterUser, Settings};
use chat_domain::ErrorCode;
use chat_domain::auth::{AttemptSource, Comparison, HashError, Password, PasswordHash, PasswordHasher, SessionStore};
use chat_domain::users::{EmailAddress, HashChange, UserStore, Username};
use chat_domain::{ActionError, Clock, Refusal};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[tokio::test]
async fn registering_makes_an_account_and_signs_in_to_it() {
    let world = World::new();
    let signed_in = world.app.auth.register(registration("ann"), client("phone")).await.expect("a new user");
    let actor = world.app.auth.authenticate(&signed_in.access_token).expect("a good token");
    assert_eq!(actor.user_id, signed_in.user.id);
    assert_eq!(actor.session_id, signed_in.refresh_token.session_id());
    assert_eq!(signed_in.expires_in, Duration::from_mins(15));
    assert_eq!(actor.token_expires_at, world.clock.now().plus(signed_in.expires_in));
    assert_eq!(world.app.users.me(actor).await.expect("an account"), signed_in.user);
    assert_eq!(world.app.auth.sessions(actor).await.expect("sessions").len(), 1);
}

#[tokio::test]
async fn a_missing_username_is_made_from_the_email_and_a_missing_name_from_the_others() {
    let world = World::new();
    let command = RegisterUser {
        username: None,
        first_name: Some(display_name("Ann")),
        last_name: Some(display_name("Lee")),
        ..registration("ann.lee")
    };
    let first = world.app.auth.register(command, client("phone")).await.expect("a new user").user;
    assert_eq!((first.username.as_str(), first.name.as_str()), ("ann.lee", "Ann Lee"));

    let email = EmailAddress::parse("ann.lee@example.org").expect("an email");
    let command = RegisterUser { username: None, email, ..registration("ann.lee") };
    let second = world.app.auth.register(command, client("phone")).await.expect("a new user").user;
    assert_eq!((second.username.as_str(), second.name.as_str()), ("ann.lee2", "ann.lee2"));
}

#[tokio::test]
async fn email_and_username_are_taken_without_regard_to_case_and_before_anything_is_hashed() {
    let world = World::new();
    world.user("ann").await;
    let hashed = world.hasher.hashed();

    let email = EmailAddress::parse("ANN@Example.com").expect("an email");
    let refused = world.app.auth.register(RegisterUser { email, ..registration("bob") }, client("x")).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::EmailTaken))));

    let username = Some(Username::parse("ANN").expect("a username"));
    let refused = world.app.auth.register(RegisterUser { username, ..registration("bob") }, client("x")).await;
    assert!(matches!(refused, Err(ActionError::Refused(Refusal::UsernameTaken))));
    assert_eq!(world.hasher.hashed(), hashed);
}

#[tokio::test]
async fn of_many_who_register_one_name_at_once_one_gets_it() {
    let world = World::new();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let auth = world.app.auth.clone();
        tasks.spawn(async move {
            let answer = auth.register(registration("ann"), client("x")).await;
            answer.map(|signed_in| signed_in.user.id).map_err(|fault| fault.code())
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let taken = [ErrorCode::EmailTaken, ErrorCode::UsernameTaken];
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(|code| taken.contains(code)), "{answers:?}");
}

#[tokio::test]
async fn one_signs_in_by_email_or_username_in_any_case() {
    let world = World::new();
    let ann = world.user("ann").await;
    for identity in [
        LoginIdentity::Email(EmailAddress::parse("Ann@EXAMPLE.com").expect("an email")),
        LoginIdentity::Username(Username::parse("ANN").expect("a username")),
    ] {
        let signed_in = world.app.auth.login(identity, password(PASSWORD), client("tv")).await.expect("signed in");
        assert_eq!(signed_in.user.id, ann.user_id);
        assert_ne!(signed_in.refresh_token.session_id(), ann.session_id);
    }
    assert_eq!(world.app.auth.sessions(ann).await.expect("sessions").len(), 3);
}

#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_cannot_be_told_apart() {
    let world = World::new();
    world.user("ann").await;
    let wrong = world.login("ann", "wrong").await.expect_err("refused");
    let unknown = world.login("nobody", "wrong").await.expect_err("refused");
    assert_eq!((wrong.to_string(), wrong.code()), (unknown.to_string(), unknown.code()));
    assert_eq!(wrong.code(), ErrorCode::InvalidCredentials);
    assert_eq!(world.hasher.compared(), 2, "the unknown account costs a comparison too");
}

#[tokio::test]
async fn a_hasher_with_too_much_to_do_says_try_later() {
    let world = World::new();
    world.user("ann").await;
    world.hasher.set_overloaded(true);
    assert_eq!(world.login("ann", PASSWORD).await.expect_err("refused").code(), ErrorCode::Unavailable);
    let refused = world.app.auth.register(registration("bob"), client("x")).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::Unavailable);
}

/// Changes the password of the user who signs in, while it is compared.
struct Meddler {
    store: OnceLock<Arc<dyn UserStore>>,
}

#[async_trait]
impl PasswordHasher for Meddler {
    async fn hash(&self, password: Password, _: &AttemptSource) -> Result<PasswordHash, HashError> {
        Ok(PasswordHash::new(password.reveal().to_owned()))
    }

    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
        _: &AttemptSource,
    ) -> Result<Comparison, HashError> {
        if let Some(store) = self.store.get() {
            let email = EmailAddress::parse("ann@example.com").expect("an email");
            let (ann, expected) =
                store.find_credentials_by_email(&email).await.expect("an answer").expect("an account");
            let change = HashChange { expected, hash: PasswordHash::new("changed".into()) };
            store.set_password(ann.id, change, None, ann.created_at).await.expect("changed");
        }
        let is_match = hash.is_some_and(|hash| hash.reveal() == password.reveal());
        Ok(if is_match { Comparison::Matches } else { Comparison::Differs })
    }

    fn is_outdated(&self, _: &PasswordHash) -> bool {
        false
    }
}

#[tokio::test]
async fn a_sign_in_does_not_outlive_the_password_that_was_changed_meanwhile() {
    let meddler = Arc::new(Meddler { store: OnceLock::new() });
    let world = World::with(Settings::default(), |ports| ports.hasher = meddler.clone());
    let ann = world.user("ann").await;
    assert!(world.login("ann", PASSWORD).await.is_ok());
    assert!(meddler.store.set(world.store.clone()).is_ok());
    let refused = world.login("ann", PASSWORD).await.expect_err("refused");
    assert_eq!(refused.code(), ErrorCode::InvalidCredentials);
    let live = world.store.list(ann.user_id, world.clock.now()).await.expect("sessions");
    assert_eq!(live, [], "no session remains");
}
