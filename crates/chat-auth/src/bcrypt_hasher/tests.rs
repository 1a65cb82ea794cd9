use super::*;

fn hasher() -> BcryptHasher {
    BcryptHasher::new(BcryptCost::new(BcryptCost::MIN).expect("a cost"), HashingLimits::default())
}

fn password(text: &str) -> Password {
    Password::attempt(text).expect("a password")
}

async fn is_told_apart(one: &str, other: &str) -> bool {
    let hasher = hasher();
    let hash = hasher.hash(password(one)).await.expect("a hash");
    assert!(hasher.verify(password(one), Some(hash.clone())).await.expect("an answer"), "its own");
    !hasher.verify(password(other), Some(hash)).await.expect("an answer")
}

#[tokio::test]
async fn the_right_password_matches_and_another_does_not() {
    assert!(is_told_apart("correct horse", "correct house").await);
    assert!(is_told_apart("Case", "case").await);
    assert!(is_told_apart(" blanks ", "blanks").await);
}

#[tokio::test]
async fn passwords_of_any_length_that_differ_in_the_last_byte_differ() {
    for length in [70, 71, 72, 73, 128, 1_024] {
        let common = "x".repeat(length - 1);
        assert!(is_told_apart(&format!("{common}a"), &format!("{common}b")).await, "{length} bytes");
    }
}

#[tokio::test]
async fn a_longer_password_is_not_the_shorter_one_that_it_begins_with() {
    assert!(is_told_apart(&"x".repeat(71), &"x".repeat(72)).await);
    assert!(is_told_apart(&"x".repeat(72), &"x".repeat(71)).await);
    assert!(is_told_apart(&"x".repeat(72), &"x".repeat(73)).await);
}

#[tokio::test]
async fn characters_of_several_bytes_count_in_full() {
    assert!(is_told_apart("pässwörd", "password").await);
    assert!(is_told_apart(&"🔑".repeat(18), &"🔑".repeat(17)).await, "either side of 71 bytes");
    let long = "é".repeat(64);
    assert!(is_told_apart(&format!("{long}é"), &format!("{long}è")).await);
    assert!(is_told_apart("e\u{301}", "é").await, "taken as it was typed");
}

#[tokio::test]
async fn the_digest_of_a_long_password_is_not_itself_a_password() {
    let long = "x".repeat(100);
    let digest = digestible(&password(&long));
    assert!(digest.len() <= MAX_BCRYPT_BYTES);
    assert!(String::from_utf8(digest.clone()).is_err());
    let typed = String::from_utf8(digest[1..].to_vec()).expect("the rest is text");
    assert!(is_told_apart(&long, &typed).await);
}

#[tokio::test]
async fn one_password_has_many_hashes() {
    let hasher = hasher();
    let first = hasher.hash(password("the same")).await.expect("a hash");
    let second = hasher.hash(password("the same")).await.expect("a hash");
    assert_ne!(first, second);
    assert!(first.reveal().starts_with("$2b$04$"), "{}", first.reveal());
}

#[tokio::test]
async fn nobody_has_no_password_however_often_one_guesses() {
    for guess in ["a", "password", ".....................", &"x".repeat(200)] {
        assert!(!hasher().verify(password(guess), None).await.expect("an answer"), "{guess}");
    }
}

#[test]
fn nobodys_hash_is_as_much_work_as_anybodys() {
    for cost in [4, 10, 12, 15] {
        let parts: bcrypt::HashParts =
            nobodys_hash(BcryptCost::new(cost).expect("a cost")).parse().expect("a well-formed hash");
        assert_eq!(parts.get_cost(), cost);
    }
}

#[tokio::test]
async fn hashes_of_another_cost_are_still_good() {
    let dearer = BcryptHasher::new(BcryptCost::new(6).expect("a cost"), HashingLimits::default());
    let hash = dearer.hash(password("from before")).await.expect("a hash");
    assert!(hasher().verify(password("from before"), Some(hash.clone())).await.expect("an answer"));
    assert!(!hasher().verify(password("something else"), Some(hash)).await.expect("an answer"));
}

#[tokio::test]
async fn a_hash_of_another_cost_is_outdated_whether_dearer_or_cheaper() {
    let dearer = BcryptHasher::new(BcryptCost::new(5).expect("a cost"), HashingLimits::default());
    let (cheap, dear) =
        (hasher().hash(password("one")).await.expect("a hash"), dearer.hash(password("one")).await.expect("a hash"));
    assert!(!hasher().is_outdated(&cheap) && !dearer.is_outdated(&dear));
    assert!(hasher().is_outdated(&dear) && dearer.is_outdated(&cheap));
    assert!(!hasher().is_outdated(&PasswordHash::new("not a hash".into())), "nothing to compare");
}

#[tokio::test]
async fn what_is_no_hash_is_an_error_and_not_a_match() {
    let answer = hasher().verify(password("any"), Some(PasswordHash::new("not a hash".into()))).await;
    assert!(matches!(answer, Err(HashError::Failed(_))));
}

#[test]
fn costs_have_bounds() {
    assert_eq!(BcryptCost::new(3), Err(InvalidBcryptCost));
    assert_eq!(BcryptCost::new(16), Err(InvalidBcryptCost));
    assert_eq!(BcryptCost::new(12), Ok(BcryptCost::DEFAULT));
    assert_eq!(InvalidBcryptCost.to_string(), "the bcrypt cost must be between 4 and 15");
}

fn narrow(waiting: usize, wait: Duration) -> BcryptHasher {
    let limits = HashingLimits { parallel: NonZeroUsize::MIN, waiting, wait };
    BcryptHasher::new(BcryptCost::new(BcryptCost::MIN).expect("a cost"), limits)
}

#[tokio::test]
async fn when_the_line_is_full_the_next_is_turned_away_at_once() {
    let hasher = narrow(0, Duration::from_mins(1));
    let busy = hasher.turn().await.expect("the only place");
    assert!(matches!(hasher.hash(password("one more")).await, Err(HashError::Overloaded)));
    drop(busy);
    assert!(hasher.hash(password("one more")).await.is_ok());
}

#[tokio::test]
async fn nobody_waits_longer_than_the_limit() {
    let hasher = narrow(1, Duration::ZERO);
    let busy = hasher.turn().await.expect("the only place");
    assert!(matches!(hasher.verify(password("one more"), None).await, Err(HashError::Overloaded)));
    drop(busy);
    assert!(hasher.verify(password("one more"), None).await.is_ok(), "whoever gave up left the line");
}

#[tokio::test]
async fn whoever_waits_gets_their_turn() {
    let hasher = Arc::new(narrow(8, Duration::from_mins(1)));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let hasher = hasher.clone();
        tasks.spawn(async move { hasher.hash(password(&format!("password {number}"))).await.is_ok() });
    }
    assert_eq!(tasks.join_all().await, [true; 8]);
}
