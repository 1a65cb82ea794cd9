//! Finds secrets that are not random: repetition, keyboard rows, words, sentences, counting, UUIDs, and encodings of
//! these.

use super::prose;
use super::secrets::MIN_SECRET_BYTES;
use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use std::collections::HashSet;
use std::sync::LazyLock;

/// A random key of 32 bytes or more has at least this many different bytes.
const MIN_DISTINCT_BYTES: usize = 8;

/// A secret needs this many characters that do not follow from earlier ones, and this share of them. In the output of
/// `openssl rand`, nine in ten characters or more are like that; in phrases, repetitions and keyboard rows, seldom
/// half.
const MIN_FRESH_CHARS: usize = 18;
const MIN_FRESH_PERCENT: usize = 60;

/// Parts of placeholder texts: from our `.env.example`, and from examples that people copy.
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

/// Characters that follow each other on keyboards and in alphabets, forwards or backwards.
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

/// Common words of four letters and more, in lower case, one per line.
pub(super) static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("words.txt").lines().collect());
const MIN_WORD_CHARS: usize = 4;
const MAX_WORD_CHARS: usize = 15;

/// Why production mode rejects this secret; reads after the setting's name.
pub(super) fn weakness(secret: &str) -> Option<&'static str> {
    let is_long = secret.len() >= MIN_SECRET_BYTES;
    let is_distinct = secret.bytes().collect::<HashSet<_>>().len() >= MIN_DISTINCT_BYTES;
    if has_uuid(secret) {
        return Some("contains a UUID, which is an identifier and not a secret");
    }
    if is_long && is_distinct && looks_random(secret) {
        return decodings(secret)
            .into_iter()
            .any(|bytes| is_made(&bytes))
            .then_some("contains a secret that encodes a text or a sequence");
    }
    let lower = secret.to_ascii_lowercase();
    Some(if PLACEHOLDERS.iter().any(|placeholder| lower.contains(placeholder)) {
        "contains a secret copied from an example"
    } else if !is_long {
        "contains a secret shorter than 32 bytes"
    } else if !is_distinct {
        "contains a secret that repeats a few characters"
    } else {
        "contains a secret made of words, repetition or sequences"
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

/// Whether there are only letters of one case, or only digits, as in sentences, telephone numbers and π. Separators are
/// ignored.
fn has_letters_of_one_case_only(secret: &str) -> bool {
    let has = |is: fn(char) -> bool| secret.chars().any(is);
    let has_digit = has(char::is_numeric);
    let cases = usize::from(has(char::is_lowercase)) + usize::from(has(char::is_uppercase));
    cases + usize::from(has_digit) < 2 && !(has_digit && cases > 0)
}

/// Whether most characters continue sequences with a constant step, in up to this many interleaved sequences:
/// `0102030405`, `a1b2c3d4`, `q1w2e3r4`. Separators are ignored.
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

/// The index of a character among the decimal digits, the hexadecimal digits or, in base 36, the letters.
fn place(character: char, base: u32) -> Option<i32> {
    let is_there = base < 36 || character.is_ascii_alphabetic();
    character.to_digit(base).filter(|_| is_there).and_then(|place| i32::try_from(place).ok())
}

/// The number of steps after which a sequence starts again.
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

/// The lengths of a UUID's groups of hexadecimal digits.
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

fn has_uuid(secret: &str) -> bool {
    const LENGTH: usize = 36;
    secret.as_bytes().windows(LENGTH).any(|window| {
        let groups: Vec<_> = window.split(|byte| *byte == b'-').collect();
        groups.iter().map(|group| group.len()).eq(UUID_GROUPS) && groups.concat().iter().all(u8::is_ascii_hexdigit)
    })
}

/// The decoded bytes, if the secret is written in base64 (either alphabet, padded or not) or hexadecimal.
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

/// Whether decoded bytes count upwards, or are a text that is not itself random.
fn is_made(bytes: &[u8]) -> bool {
    let goes_on = |[one, two, three]: [u8; 3]| two.wrapping_sub(one) == three.wrapping_sub(two);
    if is_mostly(bytes, goes_on) {
        return true;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let text = text.trim();
    let plain = text.chars().filter(|character| character.is_alphanumeric() || *character == ' ').count();
    // A few random bytes can be valid text by chance; then most of it is neither letters nor digits.
    let is_text = !text.chars().any(char::is_control) && plain * 4 >= text.chars().count() * 3;
    is_text && (has_uuid(text) || !looks_random(text) || decodings(text).iter().any(|bytes| is_made(bytes)))
}

/// Which characters follow from the two before them: as earlier in the text, as a repetition, or as the next character
/// of a keyboard row.
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

/// Marks the longest word that begins at each position.
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

/// The letter that a digit or sign replaces in words such as `p4ssw0rd`.
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
mod tests;
