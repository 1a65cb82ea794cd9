//! Which secrets were not made by chance: repetition, rows of the keyboard, words, sentences, counting, UUIDs, and
//! encodings of these.

use super::prose;
use super::secrets::MIN_SECRET_BYTES;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use std::collections::HashSet;
use std::sync::LazyLock;

/// Fewer different bytes than this in a key of 32 and more are no accident.
const MIN_DISTINCT_BYTES: usize = 8;

/// A secret needs this many characters that nothing foretells, and this share of them. Of what `openssl rand` prints,
/// nine in ten and more are such characters; of phrases, repetitions and rows, seldom half.
const MIN_FRESH_CHARS: usize = 18;
const MIN_FRESH_PERCENT: usize = 60;

/// Parts of texts that were written to be replaced: in our `.env.example`, and in the examples that others paste.
const PLACEHOLDERS: &[&str] = &[
    "your_",
    "your-",
    "secret_key",
    "secret-key",
    "change",
    "example",
    "placeholder",
    "replace",
    "openssl rand",
    "supersecret",
];

/// Characters that follow each other on keyboards and in alphabets; backwards too.
const ROWS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
];

/// Words of four letters and more that people use, in lower case, one a line.
pub(super) static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("words.txt").lines().collect());
const MIN_WORD_CHARS: usize = 4;
const MAX_WORD_CHARS: usize = 15;

/// Why production does not take this secret; reads after the setting's name.
pub(super) fn weakness(secret: &str) -> Option<&'static str> {
    let is_long = secret.len() >= MIN_SECRET_BYTES;
    let is_distinct = secret.bytes().collect::<HashSet<_>>().len() >= MIN_DISTINCT_BYTES;
    if has_uuid(secret) {
        return Some("holds a UUID, which is an identifier and no secret");
    }
    if is_long && is_distinct && looks_random(secret) {
        return decodings(secret)
            .into_iter()
            .any(|bytes| is_made(&bytes))
            .then_some("holds an encoded text or sequence");
    }
    let lower = secret.to_ascii_lowercase();
    Some(if PLACEHOLDERS.iter().any(|placeholder| lower.contains(placeholder)) {
        "holds a secret from an example"
    } else if !is_long {
        "holds a secret of less than 32 bytes"
    } else if !is_distinct {
        "holds a secret of a few characters over and over"
    } else {
        "holds a secret of words, repetition or sequences"
    })
}

fn looks_random(secret: &str) -> bool {
    if has_letters_of_one_case_only(secret) || counts(secret) || prose::reads_as_text(secret) {
        return false;
    }
    let text: Vec<char> = secret.chars().map(|character| character.to_ascii_lowercase()).collect();
    let mut foretold = follows(&text);
    mark_words(&text, &mut foretold);
    let spelt: Vec<char> = text.iter().copied().map(letter_meant).collect();
    mark_words(&spelt, &mut foretold);
    let fresh = foretold.iter().filter(|foretold| !**foretold).count();
    fresh >= MIN_FRESH_CHARS && fresh * 100 >= text.len() * MIN_FRESH_PERCENT
}

/// Whether there are no digits and no mixed case, or nothing but digits: sentences, telephone numbers, π. Separators do
/// not matter.
fn has_letters_of_one_case_only(secret: &str) -> bool {
    let has = |is: fn(char) -> bool| secret.chars().any(is);
    let has_digit = has(char::is_numeric);
    let cases = usize::from(has(char::is_lowercase)) + usize::from(has(char::is_uppercase));
    cases + usize::from(has_digit) < 2 && !(has_digit && cases > 0)
}

/// Whether most characters go on from those before them in steps that stay the same, in up to this many interleaved
/// sequences: `0102030405`, `a1b2c3d4`, `q1w2e3r4`. Separators do not matter.
const MAX_INTERLEAVED: usize = 8;

fn counts(secret: &str) -> bool {
    let text: Vec<char> =
        secret.chars().filter(|character| character.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    let goes_on = |three: [char; 3]| {
        is_of_a_row(&three)
            || [10, 16, 36].into_iter().any(|base| {
                let steps = three.map(|character| place(character, base));
                let [Some(one), Some(two), Some(three)] = steps else { return false };
                (two - one - three + two).rem_euclid(steps_in(base)) == 0
            })
    };
    is_mostly(&text, goes_on)
}

/// The place of a character among the digits, the hexadecimal digits or (base 36) the letters.
fn place(character: char, base: u32) -> Option<i32> {
    let is_there = base < 36 || character.is_ascii_alphabetic();
    character.to_digit(base).filter(|_| is_there).and_then(|place| i32::try_from(place).ok())
}

/// After how many steps a sequence begins again.
const fn steps_in(base: u32) -> i32 {
    match base {
        10 => 10,
        16 => 16,
        _ => 26,
    }
}

fn is_mostly<T: Copy>(items: &[T], goes_on: impl Fn([T; 3]) -> bool) -> bool {
    (1..=MAX_INTERLEAVED).any(|apart| {
        let threes = (2 * apart..items.len()).map(|at| [items[at - 2 * apart], items[at - apart], items[at]]);
        threes.filter(|three| goes_on(*three)).count() * 100 >= items.len() * MIN_FRESH_PERCENT
    })
}

/// 8-4-4-4-12 hexadecimal digits.
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

fn has_uuid(secret: &str) -> bool {
    const LENGTH: usize = 36;
    secret.as_bytes().windows(LENGTH).any(|window| {
        let groups: Vec<_> = window.split(|byte| *byte == b'-').collect();
        groups.iter().map(|group| group.len()).eq(UUID_GROUPS) && groups.concat().iter().all(u8::is_ascii_hexdigit)
    })
}

/// The bytes that the secret stands for, if it is written in base64 (either alphabet, padded or not) or hexadecimal.
fn decodings(secret: &str) -> Vec<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let base64 = [&STANDARD, &URL_SAFE].map(|alphabet| GeneralPurpose::new(alphabet, config).decode(secret).ok());
    let digits: Option<Vec<_>> = secret.chars().map(|digit| digit.to_digit(16)).collect();
    let hex = digits
        .filter(|digits| digits.len() % 2 == 0)
        .map(|digits| digits.chunks(2).filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect());
    base64.into_iter().chain([hex]).flatten().collect()
}

/// Whether decoded bytes count, or are a text that is not random itself.
fn is_made(bytes: &[u8]) -> bool {
    let goes_on = |[one, two, three]: [u8; 3]| two.wrapping_sub(one) == three.wrapping_sub(two);
    if is_mostly(bytes, goes_on) {
        return true;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let text = text.trim();
    let plain = text.chars().filter(|character| character.is_alphanumeric() || *character == ' ').count();
    // Bytes from a good source are text by chance too, if they are few; then it has many signs.
    let is_text = !text.chars().any(char::is_control) && plain * 4 >= text.chars().count() * 3;
    is_text && (has_uuid(text) || !looks_random(text) || decodings(text).iter().any(|bytes| is_made(bytes)))
}

/// Which characters follow from the two before them: as they did earlier in the text, as a repetition, or as the next
/// of a row.
fn follows(text: &[char]) -> Vec<bool> {
    let mut seen = HashSet::new();
    let mut follows = vec![false; text.len().min(2)];
    follows.extend(text.windows(3).map(|three| {
        let is_same = three.iter().all(|character| *character == three[0]);
        !seen.insert(three) || is_same || is_of_a_row(three)
    }));
    follows
}

fn is_of_a_row(three: &[char]) -> bool {
    let forwards: String = three.iter().collect();
    let backwards: String = three.iter().rev().collect();
    ROWS.iter().any(|row| row.contains(&forwards) || row.contains(&backwards))
}

/// Marks the longest word that begins at each place.
fn mark_words(text: &[char], foretold: &mut [bool]) {
    for start in 0..text.len() {
        let longest = MAX_WORD_CHARS.min(text.len() - start);
        let word = (MIN_WORD_CHARS..=longest).rev().find(|length| {
            let word: String = text[start..start + length].iter().collect();
            WORDS.contains(word.as_str())
        });
        foretold[start..start + word.unwrap_or(0)].fill(true);
    }
}

/// The letter that a digit or sign stands for in words such as `p4ssw0rd`.
const fn letter_meant(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
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
            Some("holds a secret of words, repetition or sequences")
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
        assert_eq!(weakness(&standard.encode(&strong)), None, "{strong} in base64 is as good as itself");
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
}
