use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

fn key(id: &str, byte: u8) -> SigningKey {
    SigningKey::new(id, [byte; 32]).expect("a key")
}

fn tokens_of(keys: impl IntoIterator<Item = SigningKey>) -> SealedRefreshTokens {
    SealedRefreshTokens::new(SigningKeys::new(keys).expect("keys"))
}

fn tokens() -> SealedRefreshTokens {
    tokens_of([key("k1", 1)])
}

fn session() -> SessionId {
    SessionId::new(Uuid::from_u128(7))
}

#[test]
fn a_token_reads_back_as_it_was_issued() {
    let issued = tokens().issue(session());
    let parsed = tokens().parse(issued.reveal()).expect("one of ours");
    assert_eq!(parsed, issued);
    assert_eq!(parsed.session_id(), session());
    assert_eq!(issued.reveal().len(), TOKEN_CHARS);
}

#[test]
fn no_two_tokens_are_alike() {
    let issued: HashSet<_> = (0..100).map(|_| tokens().issue(session()).reveal().to_owned()).collect();
    assert_eq!(issued.len(), 100);
}

#[test]
fn a_token_has_one_successor() {
    let token = tokens().issue(session());
    let successor = tokens().successor(&token);
    assert_eq!(successor, tokens().successor(&tokens().parse(token.reveal()).expect("one of ours")));
    assert_eq!(tokens().parse(successor.reveal()), Ok(successor.clone()));
    assert_eq!(successor.session_id(), session());
    assert_ne!(successor.hash(), token.hash());
}

#[test]
fn a_line_of_successors_never_comes_back_to_where_it_was() {
    let mut seen = HashSet::new();
    let mut token = tokens().issue(session());
    for _ in 0..50 {
        assert!(seen.insert(token.reveal().to_owned()));
        token = tokens().successor(&token);
    }
}

#[test]
fn only_whoever_has_the_secret_can_tell_the_successor() {
    let token = tokens().issue(session());
    let guess = tokens_of([key("k1", 2)]).successor(&token);
    assert_ne!(guess.hash(), tokens().successor(&token).hash());
    assert!(tokens().parse(guess.reveal()).is_err());
}

#[test]
fn a_session_lives_on_when_the_key_changes() {
    let token = tokens().issue(session());
    let rotated = tokens_of([key("k2", 2), key("k1", 1)]);
    let parsed = rotated.parse(token.reveal()).expect("sealed by the retired key");
    let successor = rotated.successor(&parsed);
    assert_eq!(successor.hash(), tokens().successor(&token).hash(), "the hash is the same before and after");
    let without_the_old = tokens_of([key("k2", 2)]);
    assert!(without_the_old.parse(successor.reveal()).is_ok(), "sealed by the new key");
    assert_eq!(without_the_old.parse(token.reveal()), Err(InvalidToken::Invalid));
}

#[test]
fn a_secret_longer_than_a_block_counts_in_full() {
    let long = |last: u8| {
        let mut secret = vec![1; 100];
        secret[99] = last;
        tokens_of([SigningKey::new("long", secret).expect("a key")])
    };
    let token = long(1).issue(session());
    assert!(long(1).parse(token.reveal()).is_ok());
    assert!(long(2).parse(token.reveal()).is_err());
    let at_the_block = |length: usize| tokens_of([SigningKey::new("k", vec![1; length]).expect("a key")]);
    let token = at_the_block(64).issue(session());
    assert!(at_the_block(64).parse(token.reveal()).is_ok() && at_the_block(63).parse(token.reveal()).is_err());
}

#[test]
fn a_seal_is_no_successor() {
    let token = tokens().issue(session());
    let (payload, key) = tokens().open(token.reveal()).map(|(payload, key)| (payload, key.clone())).expect("ours");
    let digest = |purpose| mac(&key, purpose, &payload).finalize().into_bytes();
    assert_ne!(digest(Purpose::Seal), digest(Purpose::Successor));
}

#[test]
fn a_token_that_is_not_ours_has_a_successor_that_fits_nothing() {
    let foreign = RefreshToken::new(session(), "made elsewhere".into(), RefreshTokenHash::new([0; 32]));
    let successor = tokens().successor(&foreign);
    assert_eq!(successor.session_id(), session());
    assert_eq!(successor, tokens().successor(&foreign));
}

proptest! {
    #[test]
    fn a_token_with_any_one_bit_flipped_is_refused(at in 0..TOKEN_BYTES * 8) {
        let token = tokens().issue(session());
        let mut bytes = URL_SAFE_NO_PAD.decode(token.reveal()).expect("base64");
        bytes[at / 8] ^= 1 << (at % 8);
        prop_assert_eq!(tokens().parse(&URL_SAFE_NO_PAD.encode(bytes)), Err(InvalidToken::Invalid));
    }

    #[test]
    fn a_token_is_written_in_one_way_only(at in 0..TOKEN_CHARS, to in "[A-Za-z0-9_+/=-]") {
        let token = tokens().issue(session());
        let written = format!("{}{to}{}", &token.reveal()[..at], &token.reveal()[at + 1..]);
        if written != token.reveal() {
            prop_assert_eq!(tokens().parse(&written), Err(InvalidToken::Invalid));
        }
    }

    #[test]
    fn text_that_is_no_token_is_refused_without_a_panic(text in ".{0,200}|[A-Za-z0-9_-]{100,120}") {
        prop_assert_eq!(tokens().parse(&text), Err(InvalidToken::Invalid));
    }
}
