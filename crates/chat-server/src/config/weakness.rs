//! Which secrets were not made by chance: repetition, rows of the keyboard, and words.

use super::secrets::MIN_SECRET_BYTES;
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
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("words.txt").lines().collect());
const MIN_WORD_CHARS: usize = 4;
const MAX_WORD_CHARS: usize = 15;

/// Why production does not take this secret; reads after the setting's name.
pub(super) fn weakness(secret: &str) -> Option<&'static str> {
    let is_long = secret.len() >= MIN_SECRET_BYTES;
    let is_distinct = secret.bytes().collect::<HashSet<_>>().len() >= MIN_DISTINCT_BYTES;
    if is_long && is_distinct && looks_random(secret) {
        return None;
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
    let text: Vec<char> = secret.chars().map(|character| character.to_ascii_lowercase()).collect();
    let mut foretold = follows(&text);
    mark_words(&text, &mut foretold);
    let spelt: Vec<char> = text.iter().copied().map(letter_meant).collect();
    mark_words(&spelt, &mut foretold);
    let fresh = foretold.iter().filter(|foretold| !**foretold).count();
    fresh >= MIN_FRESH_CHARS && fresh * 100 >= text.len() * MIN_FRESH_PERCENT
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
    use base64::Engine as _;
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
        ] {
            assert!(weakness(weak).is_some(), "{weak}");
        }
        assert_eq!(
            weakness("passwordpasswordpasswordpassword1234"),
            Some("holds a secret of words, repetition or sequences")
        );
    }

    #[test]
    fn what_openssl_prints_always_passes() {
        let mut bytes = [0_u8; 48];
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        for _ in 0..400 {
            rand::rng().fill_bytes(&mut bytes);
            let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
            for secret in [hex(&bytes[..32]), hex(&bytes), base64] {
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
