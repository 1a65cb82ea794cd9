use super::*;
use rand::RngCore as _;

#[test]
fn secrets_of_words_repetition_and_sequences_are_known() {
    for weak in [
        "passwordpasswordpasswordpassword1234",
        "thequickbrownfoxjumpsoverthelazydog",
        "thisisaverysecretkeyforproduction",
        "correct-horse-battery-staple-correct",
        "MySuperSecretJwtKeyForTheChatServer2024",
        "P4ssw0rdS3cr3tK3yF0rPr0duct10n!!!",
        "administratoradministrator12345678",
        "development_secret_do_not_use_in_production",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "zyxwvutsrqponmlkjihgfedcba9876543210",
        "0123456789abcdef0123456789abcdef",
        "deadbeefdeadbeefdeadbeefdeadbeef",
        "qwertyuiopasdfghjklzxcvbnm1234567890",
        "1q2w3e4r5t6y7u8i9o0p1q2w3e4r5t6y",
        "k3Jv9QxTk3Jv9QxTk3Jv9QxTk3Jv9QxT",
        "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeee",
        "1111111122222222333333334444444455555555",
        "2026-01-01-2026-02-02-2026-03-03-04",
        "                                    ",
        "my super secret jwt key for the chat app",
        "my-super-secret-jwt-key-for-the-chat-app",
        "My_Super.Secret/JWT Key, For The Chat App 2024!",
        "le petit chat mange la souris verte dans le jardin",
        "Le petit chat de ma voisine mange 2 souris vertes le soir",
        "der schnelle braune fuchs springt ueber den faulen hund",
        "El perro de San Roque no tiene rabo porque Ramon se lo ha cortado",
        "Мой дядя самых честных правил когда не в шутку занемог",
        "wqzjxkvbwqpzmxnvkjqhgzxwvbnmqpwxkz",
        "550e8400-e29b-41d4-a716-446655440000",
        "F47AC10B-58CC-4372-A567-0E02B2C3D479-f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "urn:uuid:f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6",
        "1a2b3c4d5e6f7g8h9i0j1k2l3m4n5o6p",
        "A1-B2-C3-D4-E5-F6-G7-H8-I9-J0-K1-L2",
        "0102030405060708091011121314151617181920",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "00112233445566778899aabbccddeeff",
        "abc123def456ghi789jkl012mno345pqr678",
        "q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6",
        "z9y8x7w6v5u4t3s2r1q0p9o8n7m6l5k4",
        "3141592653589793238462643383279502884197",
        "3.14159 26535 89793 23846 26433 83279",
    ] {
        assert!(weakness(weak).is_some(), "{weak}");
    }
    assert_eq!(
        weakness("passwordpasswordpasswordpassword1234"),
        Some("contains a secret made of words, repetition or sequences")
    );
}

#[test]
fn an_encoded_text_is_as_weak_as_the_text() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let standard = base64::engine::general_purpose::STANDARD;
    let counting: Vec<u8> = (0..48).collect();
    for weak in [
        b"my super secret jwt key for the chat app".as_slice(),
        b"Le petit chat mange la souris verte 2024\n",
        b"a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6",
        b"passwordpasswordpassword",
        &counting,
    ] {
        let once = standard.encode(weak);
        for secret in [
            once.clone(),
            once.trim_end_matches('=').to_owned(),
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(weak),
            standard.encode(&once),
            hex(weak),
            hex(weak).to_uppercase(),
        ] {
            assert!(weakness(&secret).is_some(), "{secret}");
        }
    }
    let strong = hex(&rand::random::<[u8; 32]>());
    assert_eq!(weakness(&standard.encode(&strong)), None, "{strong} in base64 is as strong as without encoding");
}

#[test]
fn what_openssl_prints_always_passes() {
    let mut bytes = [0_u8; 48];
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    for _ in 0..400 {
        rand::rng().fill_bytes(&mut bytes);
        let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let hexes = [16, 24, 32, 48].map(|length| hex(&bytes[..length]));
        for secret in hexes.into_iter().chain([base64(&bytes[..32]), base64(&bytes)]) {
            assert_eq!(weakness(&secret), None, "{secret}");
        }
    }
}

#[test]
fn a_random_secret_that_holds_a_word_by_chance_passes() {
    for secret in ["changek3Jv9QxT2mZp7LsW4nRb8YcF6hDg1AeU", "your_k3Jv9QxT2mZp7LsW4nRb8YcF6hDg1AeU"] {
        assert_eq!(weakness(secret), None, "{secret}");
    }
}

#[test]
fn the_words_are_in_the_form_in_which_they_are_looked_up() {
    for word in WORDS.iter() {
        assert!((MIN_WORD_CHARS..=MAX_WORD_CHARS).contains(&word.len()), "{word}");
        assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
    }
}
