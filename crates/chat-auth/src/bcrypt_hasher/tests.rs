use super::*;

fn hasher() -> BcryptHasher {
    BcryptHasher::new(BcryptCost::new(BcryptCost::MIN).expect("a cost"), HashingLimits::default())
}

fn at_cost(cost: u32) -> BcryptHasher {
    BcryptHasher::new(BcryptCost::new(cost).expect("a cost"), HashingLimits::default())
}

fn password(text: &str) -> Password {
    Password::attempt(text).expect("a password")
}

fn somewhere() -> AttemptSource {
    AttemptSource::new(Some("192.0.2.1"), "ann")
}

async fn hash_with(hasher: &BcryptHasher, text: &str) -> PasswordHash {
    hasher.hash(password(text), &somewhere()).await.expect("a hash")
}

async fn compare_with(hasher: &BcryptHasher, text: &str, hash: Option<&PasswordHash>) -> Comparison {
    hasher.verify(password(text), hash.cloned(), &somewhere()).await.expect("an answer")
}

async fn is_told_apart(one: &str, other: &str) -> bool {
    let hasher = hasher();
    let hash = hash_with(&hasher, one).await;
    assert!(compare_with(&hasher, one, Some(&hash)).await.is_match(), "its own");
    !compare_with(&hasher, other, Some(&hash)).await.is_match()
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
    assert!(is_told_apart("e\u{301}", "è").await);
}

#[tokio::test]
async fn the_digest_of_a_long_password_is_not_itself_a_password() {
    let long = "x".repeat(100);
    let digest = digestible(&long);
    assert!(digest.len() <= MAX_BCRYPT_BYTES);
    assert!(String::from_utf8(digest.clone()).is_err());
    let typed = String::from_utf8(digest[1..].to_vec()).expect("the rest is text");
    assert!(is_told_apart(&long, &typed).await);
}

#[tokio::test]
async fn one_password_has_many_hashes() {
    let hasher = hasher();
    let (first, second) = (hash_with(&hasher, "the same").await, hash_with(&hasher, "the same").await);
    assert_ne!(first, second);
    assert!(first.reveal().starts_with("$2b$04$"), "{}", first.reveal());
}

#[tokio::test]
async fn nobody_has_no_password_however_often_one_guesses() {
    for guess in ["a", "password", ".....................", &"x".repeat(200)] {
        assert_eq!(compare_with(&hasher(), guess, None).await, Comparison::Differs, "{guess}");
    }
}

#[tokio::test]
async fn a_password_typed_in_another_way_matches_and_an_old_hash_of_the_other_way_too() {
    let hasher = hasher();
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    let hash = hash_with(&hasher, composed).await;
    for form in [composed, decomposed] {
        assert_eq!(compare_with(&hasher, form, Some(&hash)).await, Comparison::Matches);
    }
    let old = bcrypt::non_truncating_hash(decomposed, BcryptCost::MIN).map(PasswordHash::new).expect("a hash");
    assert_eq!(compare_with(&hasher, decomposed, Some(&old)).await, Comparison::MatchesAsTyped);
    assert_eq!(compare_with(&hasher, composed, Some(&old)).await, Comparison::Differs, "not until it is renewed");
    assert_eq!(compare_with(&hasher, decomposed, None).await, Comparison::Differs);
}

#[test]
fn nobodys_hash_is_well_formed() {
    for cost in [4, 10, 12, 15] {
        let parts: bcrypt::HashParts = nobodys_hash(cost).parse().expect("a well-formed hash");
        assert_eq!(parts.get_cost(), cost);
    }
}

#[test]
fn what_is_added_to_a_cheaper_check_makes_exactly_the_work_of_a_present_one() {
    let work = |cost: u32| 1_u64 << cost;
    for wanted in BcryptCost::MIN..=BcryptCost::MAX {
        for own in (BcryptCost::MIN..=wanted).map(Some).chain([None]) {
            let added: u64 = costs_to_add(own, wanted).map(work).sum();
            assert_eq!(own.map_or(0, work) + added, work(wanted), "{own:?} {wanted}");
        }
        assert_eq!(costs_to_add(Some(wanted + 1), wanted).count(), 0, "no work is added to a more expensive check");
    }
}

/// The lowest processor time of some failed checks. Time of other processes does not count.
fn cost_of_failing(text: &str, hash: Option<&PasswordHash>, failure_cost: u32) -> Duration {
    let processor_time = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::try_from(time).expect("a time")
    };
    let failure_cost = AtomicU32::new(failure_cost);
    let check = || {
        let before = processor_time();
        assert_eq!(compare(&password(text), hash, &failure_cost).expect("an answer"), Comparison::Differs);
        processor_time().saturating_sub(before)
    };
    (0..7).map(|_| check()).min().expect("a time")
}

#[test]
fn a_failed_check_takes_the_same_time_whatever_the_hash_and_without_one() {
    let present = 10;
    for text in ["wrong", "wrong e\u{301}"] {
        let unknown = cost_of_failing(text, None, present);
        for cost in [4, 7, 9, 10] {
            let hash = PasswordHash::new(nobodys_hash(cost));
            let known = cost_of_failing(text, Some(&hash), present);
            let difference = known.abs_diff(unknown).as_secs_f64() / unknown.as_secs_f64();
            assert!(difference < 0.1, "cost {cost}: {known:?} and {unknown:?} without a hash");
        }
    }
}

#[test]
fn once_a_dearer_hash_was_checked_every_failed_check_costs_as_much() {
    let failure_cost = AtomicU32::new(4);
    let hash = PasswordHash::new(nobodys_hash(6));
    compare(&password("wrong"), Some(&hash), &failure_cost).expect("an answer");
    assert_eq!(failure_cost.load(Ordering::Relaxed), 6);
    compare(&password("wrong"), Some(&PasswordHash::new(nobodys_hash(5))), &failure_cost).expect("an answer");
    assert_eq!(failure_cost.load(Ordering::Relaxed), 6);
}

#[tokio::test]
async fn hashes_of_another_cost_are_still_good() {
    let hash = hash_with(&at_cost(6), "from before").await;
    for hasher in [hasher(), at_cost(7)] {
        assert_eq!(compare_with(&hasher, "from before", Some(&hash)).await, Comparison::Matches);
        assert_eq!(compare_with(&hasher, "something else", Some(&hash)).await, Comparison::Differs);
    }
}

#[tokio::test]
async fn a_hash_of_another_cost_is_outdated_whether_dearer_or_cheaper() {
    let (hasher, dearer) = (hasher(), at_cost(5));
    let (cheap, dear) = (hash_with(&hasher, "one").await, hash_with(&dearer, "one").await);
    assert!(!hasher.is_outdated(&cheap) && !dearer.is_outdated(&dear));
    assert!(hasher.is_outdated(&dear) && dearer.is_outdated(&cheap));
    assert!(!hasher.is_outdated(&PasswordHash::new("not a hash".into())), "nothing to compare");
}

#[tokio::test]
async fn what_is_no_hash_is_an_error_and_not_a_match() {
    let answer = hasher().verify(password("any"), Some(PasswordHash::new("not a hash".into())), &somewhere()).await;
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
    let limits = HashingLimits { parallel: NonZeroUsize::MIN, waiting, waiting_per_address: waiting, wait };
    BcryptHasher::new(BcryptCost::new(BcryptCost::MIN).expect("a cost"), limits)
}

#[tokio::test]
async fn when_the_line_is_full_the_next_is_turned_away_at_once() {
    let hasher = narrow(0, Duration::from_mins(1));
    let busy = hasher.line.turn(&somewhere()).await.expect("the only place");
    assert!(matches!(hasher.hash(password("one more"), &somewhere()).await, Err(HashError::Overloaded)));
    drop(busy);
    assert!(hasher.hash(password("one more"), &somewhere()).await.is_ok());
}

#[tokio::test]
async fn nobody_waits_longer_than_the_limit() {
    let hasher = narrow(1, Duration::ZERO);
    let busy = hasher.line.turn(&somewhere()).await.expect("the only place");
    let refused = hasher.verify(password("one more"), None, &somewhere()).await;
    assert!(matches!(refused, Err(HashError::Overloaded)));
    drop(busy);
    let answer = hasher.verify(password("one more"), None, &somewhere()).await;
    assert!(answer.is_ok(), "the caller that gave up has left the queue");
}

#[tokio::test]
async fn whoever_waits_gets_their_turn() {
    let hasher = Arc::new(narrow(8, Duration::from_mins(1)));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..8 {
        let hasher = hasher.clone();
        tasks.spawn(async move {
            let source = AttemptSource::new(None, number);
            hasher.hash(password(&format!("password {number}")), &source).await.is_ok()
        });
    }
    assert_eq!(tasks.join_all().await, [true; 8]);
}
