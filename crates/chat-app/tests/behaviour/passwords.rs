use crate::world::{PASSWORD, World, client, code, password};
use async_trait::async_trait;
use chat_app::Settings;
use chat_domain::auth::{AttemptSource, Comparison, HashError, Password, PasswordHash, PasswordHasher};
use chat_domain::users::{EmailAddress, HashChange, UserStore};
use chat_domain::{Clock, ErrorCode, Timestamp};
use chat_testkit::fakes::FastHasher;
use std::sync::{Arc, Mutex, OnceLock};

#[tokio::test]
async fn of_many_who_change_one_password_at_once_one_does() {
    let world = World::new();
    let ann = world.user("ann").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let (users, new) = (world.app.users.clone(), format!("battery staple {number}"));
        tasks.spawn(async move {
            let changed = users.change_password(ann, password(PASSWORD), password(&new), client("phone")).await;
            if changed.is_ok() { Ok(new) } else { Err(code(changed)) }
        });
    }
    let answers = tasks.join_all().await;
    let new: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(new.len(), 1, "{answers:?}");
    let refused = Err(Some(ErrorCode::WrongPassword));
    assert_eq!(answers.iter().filter(|answer| **answer == refused).count(), 7, "{answers:?}");
    assert!(world.login("ann", new[0]).await.is_ok());
}

/// What happens during the first comparison of the password.
enum Meanwhile {
    /// The password changes.
    Changed,
    /// Another sign-in renews the hash.
    Renewed,
}

/// A hasher that causes an event during its first comparison.
#[derive(Default)]
struct Slow {
    hasher: FastHasher,
    store: OnceLock<Arc<dyn UserStore>>,
    meanwhile: Mutex<Option<Meanwhile>>,
    is_out_of_breath: std::sync::atomic::AtomicBool,
}

impl Slow {
    fn world() -> (World, Arc<Self>) {
        let slow = Arc::new(Self::default());
        let world = World::with(Settings::default(), |ports| ports.hasher = slow.clone());
        assert!(slow.store.set(world.store.clone()).is_ok());
        (world, slow)
    }

    fn next(&self, meanwhile: Meanwhile) {
        *self.meanwhile.lock().expect("a lock") = Some(meanwhile);
    }

    async fn happen(&self, meanwhile: Meanwhile) {
        let store = self.store.get().expect("a store");
        let email = EmailAddress::parse("ann@example.com").expect("an email");
        let (ann, expected) = store.find_credentials_by_email(&email).await.expect("an answer").expect("an account");
        let hash = |text| PasswordHash::new(format!("other:{text}"));
        let at = Timestamp::default();
        let is_done = match meanwhile {
            Meanwhile::Changed => {
                let change = HashChange { expected, hash: hash("changed") };
                store.set_password(ann.id, change, None, at).await.expect("an answer").is_some()
            }
            Meanwhile::Renewed => {
                let change = HashChange { expected, hash: hash(PASSWORD) };
                store.renew_hash(ann.id, change, at).await.expect("an answer")
            }
        };
        assert!(is_done);
    }
}

#[async_trait]
impl PasswordHasher for Slow {
    async fn hash(&self, password: Password, source: &AttemptSource) -> Result<PasswordHash, HashError> {
        if self.is_out_of_breath.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(HashError::Overloaded);
        }
        self.hasher.hash(password, source).await
    }

    async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
        source: &AttemptSource,
    ) -> Result<Comparison, HashError> {
        let meanwhile = self.meanwhile.lock().expect("a lock").take();
        if let Some(meanwhile) = meanwhile {
            self.happen(meanwhile).await;
        }
        self.hasher.verify(password, hash, source).await
    }

    fn is_outdated(&self, hash: &PasswordHash) -> bool {
        self.hasher.is_outdated(hash)
    }
}

#[tokio::test]
async fn a_password_that_was_changed_meanwhile_is_not_overwritten() {
    let (world, slow) = Slow::world();
    let ann = world.user("ann").await;
    slow.next(Meanwhile::Changed);
    let change = world.app.users.change_password(ann, password(PASSWORD), password("battery staple"), client("phone"));
    let refused = change.await;
    assert_eq!(code(refused), Some(ErrorCode::WrongPassword), "the confirmed password is the previous one");
    assert_eq!(world.connections.take(), [], "no session ends");
    assert!(world.login("ann", "changed").await.is_ok());
}

#[tokio::test]
async fn another_hash_of_the_same_password_is_in_nobodys_way() {
    let (world, slow) = Slow::world();
    let ann = world.user("ann").await;
    slow.next(Meanwhile::Renewed);
    assert!(world.login("ann", PASSWORD).await.is_ok(), "the sign-in succeeds");
    slow.next(Meanwhile::Renewed);
    let change = world.app.users.change_password(ann, password(PASSWORD), password("battery staple"), client("phone"));
    let changed = change.await;
    assert_eq!(code(changed), None, "and so does a change");
    assert!(world.login("ann", "battery staple").await.is_ok());
}

#[tokio::test]
async fn a_hash_of_another_cost_is_made_anew_when_somebody_signs_in() {
    let world = World::new();
    let ann = world.user("ann").await;
    let hash = async || {
        let found = world.store.find_credentials(ann.user_id).await.expect("an answer");
        found.map(|(_, hash)| hash)
    };
    let (before, hashed) = (hash().await, world.hasher.hashed());
    world.login("ann", PASSWORD).await.expect("signed in");
    assert_eq!((hash().await, world.hasher.hashed()), (before.clone(), hashed), "nothing to do");

    world.hasher.change_the_cost();
    assert!(world.login("ann", "wrong").await.is_err());
    assert_eq!(hash().await, before, "a wrong password renews no hash");
    world.login("ann", PASSWORD).await.expect("signed in");
    let renewed = hash().await;
    assert_ne!(renewed, before);
    world.login("ann", PASSWORD).await.expect("signed in");
    assert_eq!((hash().await, world.hasher.hashed()), (renewed, hashed + 1), "once");
    assert_eq!(world.app.auth.sessions(ann).await.expect("sessions").len(), 4, "no session ends");
    assert_eq!(world.connections.take(), []);
}

#[tokio::test]
async fn of_many_sign_ins_that_renew_one_hash_at_once_all_succeed() {
    let world = World::new();
    world.user("ann").await;
    world.hasher.change_the_cost();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let auth = world.app.auth.clone();
        let username = chat_domain::users::Username::parse("ann").expect("a username");
        tasks.spawn(async move {
            let identity = chat_app::LoginIdentity::Username(username);
            auth.login(identity, password(PASSWORD), client("x")).await.is_ok()
        });
    }
    assert_eq!(tasks.join_all().await, [true; 8]);
}

#[tokio::test]
async fn where_there_is_no_time_to_hash_a_sign_in_succeeds_all_the_same() {
    let (world, slow) = Slow::world();
    world.user("ann").await;
    slow.hasher.change_the_cost();
    slow.is_out_of_breath.store(true, std::sync::atomic::Ordering::SeqCst);
    let signed_in = world.login("ann", PASSWORD).await.expect("signed in");
    assert!(world.actor(&signed_in).token_expires_at > world.clock.now());
}

#[tokio::test]
async fn a_password_typed_in_another_way_signs_in_and_its_old_hash_is_made_anew() {
    let world = World::new();
    let ann = world.user("ann").await;
    let (composed, decomposed) = ("caf\u{e9} au lait", "cafe\u{301} au lait");
    let hash = async || world.store.find_credentials(ann.user_id).await.expect("an answer").expect("credentials").1;
    // Earlier releases hashed the text as typed, without normalisation.
    let old = PasswordHash::new(format!("fast0:{decomposed}"));
    let change = HashChange { expected: hash().await, hash: old.clone() };
    assert!(world.store.renew_hash(ann.user_id, change, world.clock.now()).await.expect("an answer"));
    assert_eq!(code(world.login("ann", composed).await), Some(ErrorCode::InvalidCredentials));
    assert_eq!(hash().await, old);
    assert!(world.login("ann", decomposed).await.is_ok(), "typed as it was set");
    assert_eq!(hash().await, PasswordHash::new(format!("fast0:{composed}")), "renewed in the normal form");
    for form in [composed, decomposed] {
        assert!(world.login("ann", form).await.is_ok(), "{form}");
    }
}
