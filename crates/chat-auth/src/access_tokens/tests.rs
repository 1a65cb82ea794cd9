use super::*;
use crate::SigningKey;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

fn key(id: &str, byte: u8) -> SigningKey {
    SigningKey::new(id, [byte; 32]).expect("a key")
}

fn tokens_of(keys: impl IntoIterator<Item = SigningKey>) -> JwtAccessTokens {
    JwtAccessTokens::new(&SigningKeys::new(keys).expect("keys"), "chat", "chat-clients")
}

fn tokens() -> JwtAccessTokens {
    tokens_of([key("k1", 1)])
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_micros(seconds * 1_000_000)
}

fn claims() -> AccessClaims {
    AccessClaims {
        user_id: UserId::new(Uuid::from_u128(1)),
        email: EmailAddress::parse("Ann@example.com").expect("an email"),
        session_id: SessionId::new(Uuid::from_u128(2)),
        token_id: TokenId::new(Uuid::from_u128(3)),
        issued_at: at(NOW),
        expires_at: at(NOW + 900),
    }
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("a part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

/// A token with these claims, as anyone who knows the secret of key `k1` could make it.
fn forged(header: &Header, claims: &Value) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(&[1; 32])).expect("a token")
}

fn header() -> Header {
    Header { kid: Some("k1".into()), ..Header::new(ALGORITHM) }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

#[test]
fn a_token_says_what_it_was_given() {
    let token = tokens().issue(&claims());
    assert_eq!(tokens().verify(&token, at(NOW)), Ok(claims()));
    assert_eq!(part(&token, 0), json!({"typ": "JWT", "alg": "HS256", "kid": "k1"}));
    assert_eq!(
        part(&token, 1),
        json!({
            "sub": "00000000-0000-0000-0000-000000000001", "email": "Ann@example.com",
            "sid": "00000000-0000-0000-0000-000000000002", "jti": "00000000-0000-0000-0000-000000000003",
            "iat": NOW, "nbf": NOW, "exp": NOW + 900, "iss": "chat", "aud": "chat-clients",
        })
    );
}

#[test]
fn a_token_holds_until_five_seconds_past_its_end_and_not_longer() {
    let token = tokens().issue(&claims());
    let end = at(NOW + 905);
    assert!(tokens().verify(&token, end.minus(Duration::from_micros(1))).is_ok());
    assert_eq!(tokens().verify(&token, end), Err(InvalidToken::Expired));
    assert_eq!(tokens().verify(&token, at(i64::from(u32::MAX))), Err(InvalidToken::Expired));
}

#[test]
fn a_token_of_a_node_whose_clock_is_ahead_is_accepted_up_to_ten_minutes_early() {
    let token = tokens().issue(&claims());
    for ahead in [5, 8, 300, 600] {
        assert_eq!(tokens().verify(&token, at(NOW - ahead)), Ok(claims()), "{ahead} s");
    }
    assert_eq!(tokens().verify(&token, at(NOW - 601)), Err(InvalidToken::Invalid));
}

#[test]
fn tokens_of_a_retired_key_hold_and_new_ones_are_signed_by_the_first() {
    let old = tokens().issue(&claims());
    let rotated = tokens_of([key("k2", 2), key("k1", 1)]);
    assert_eq!(rotated.verify(&old, at(NOW)), Ok(claims()));
    let new = rotated.issue(&claims());
    assert_eq!(part(&new, 0)["kid"], "k2");
    assert_eq!(rotated.verify(&new, at(NOW)), Ok(claims()));
    assert_eq!(tokens().verify(&new, at(NOW)), Err(InvalidToken::Invalid), "an unknown key");
}

#[test]
fn another_secret_under_the_same_id_is_refused() {
    let token = tokens_of([key("k1", 9)]).issue(&claims());
    assert_eq!(tokens().verify(&token, at(NOW)), Err(InvalidToken::Invalid));
}

#[test]
fn a_token_without_a_key_id_or_with_a_strange_one_is_refused() {
    let good = part(&tokens().issue(&claims()), 1);
    for kid in [None, Some(""), Some("k9"), Some("../k1")] {
        let token = forged(&Header { kid: kid.map(Into::into), ..header() }, &good);
        assert_eq!(tokens().verify(&token, at(NOW)), Err(InvalidToken::Invalid), "{kid:?}");
    }
    assert!(tokens().verify(&forged(&header(), &good), at(NOW)).is_ok(), "the forger does know the secret");
}

#[test]
fn no_algorithm_but_ours_is_accepted() {
    let good = part(&tokens().issue(&claims()), 1);
    for alg in ["none", "None", "HS384", "HS512", "RS256", "ES256", "EdDSA", ""] {
        let bare = unsigned(&json!({"typ": "JWT", "alg": alg, "kid": "k1"}), &good);
        assert_eq!(tokens().verify(&bare, at(NOW)), Err(InvalidToken::Invalid), "{alg} without a signature");
        let signature = tokens().issue(&claims()).rsplit_once('.').map(|(_, end)| end.to_owned()).expect("a signature");
        assert_eq!(tokens().verify(&(bare + &signature), at(NOW)), Err(InvalidToken::Invalid), "{alg}");
    }
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = forged(&Header { kid: Some("k1".into()), ..Header::new(algorithm) }, &good);
        assert_eq!(tokens().verify(&token, at(NOW)), Err(InvalidToken::Invalid), "{algorithm:?}");
    }
}

#[test]
fn a_token_for_another_audience_or_from_another_issuer_is_refused() {
    let keys = SigningKeys::new([key("k1", 1)]).expect("keys");
    for (issuer, audience) in [("chat", "billing"), ("billing", "chat-clients"), ("", "")] {
        let token = JwtAccessTokens::new(&keys, issuer, audience).issue(&claims());
        assert_eq!(tokens().verify(&token, at(NOW)), Err(InvalidToken::Invalid), "{issuer} for {audience}");
    }
}

#[test]
fn every_claim_is_needed_and_of_its_form() {
    let good = part(&tokens().issue(&claims()), 1);
    for name in ["sub", "email", "sid", "jti", "iat", "nbf", "exp", "iss", "aud"] {
        let mut without = good.clone();
        without.as_object_mut().expect("an object").remove(name);
        assert_eq!(tokens().verify(&forged(&header(), &without), at(NOW)), Err(InvalidToken::Invalid), "no {name}");
        for strange in [json!(null), json!([]), json!(1.5), json!("strange"), json!(i64::MAX), json!(i64::MIN)] {
            let mut claims = good.clone();
            claims[name] = strange.clone();
            assert!(tokens().verify(&forged(&header(), &claims), at(NOW)).is_err(), "{name} = {strange}");
        }
    }
}

#[test]
fn what_is_far_too_long_is_not_looked_at() {
    assert_eq!(tokens().verify(&"a.".repeat(1_000_000), at(NOW)), Err(InvalidToken::Invalid));
}

proptest! {
    #[test]
    fn a_token_with_any_one_character_changed_is_refused(at_char in 0_usize..1_000, to in "[A-Za-z0-9_.=-]") {
        let token = tokens().issue(&claims());
        let at_char = at_char % token.len();
        let tampered = format!("{}{to}{}", &token[..at_char], &token[at_char + 1..]);
        if tampered != token {
            prop_assert_eq!(tokens().verify(&tampered, at(NOW)), Err(InvalidToken::Invalid));
        }
    }

    #[test]
    fn text_that_is_no_token_is_refused_without_a_panic(
        text in ".{0,200}|([A-Za-z0-9_-]{0,40}\\.){2}[A-Za-z0-9_-]{0,40}"
    ) {
        prop_assert_eq!(tokens().verify(&text, at(NOW)), Err(InvalidToken::Invalid));
    }
}
