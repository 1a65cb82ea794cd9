//! Tells whether a secret is readable text, in any language with Latin letters, rather than the output of a random
//! generator.
//!
//! Two explanations of the secret are compared. *Text*: letters follow each other as they do in words, and letter case
//! and character class seldom change. *Base64*: 64 characters are equally likely. Text must be the better explanation
//! by [`MIN_BITS`]. Random base64 reaches that with a probability of at most 2^-30 (Markov's inequality: the likelihood
//! ratio has a mean of at most 1), so in practice every random secret passes.

use super::weakness::WORDS;
use std::sync::LazyLock;

/// By how many bits text must explain the secret better than chance does.
const MIN_BITS: f64 = 30.0;

/// The information in one random base64 character, in bits.
const RANDOM_BITS: f64 = 6.0;

/// The cost of a letter outside ASCII, in bits: lower than of any other letter, since no generator prints one.
const OTHER_LETTER_BITS: f64 = 3.0;

const LETTERS: usize = 26;

/// The share of letter pairs that do not follow our words, as in other languages and in names.
const UNKNOWN_PAIRS: f64 = 0.2;

/// Classes of characters, as indices of [`CHANGES`].
const LOWER: usize = 0;
const UPPER: usize = 1;
const DIGIT: usize = 2;
const SIGN: usize = 3;

/// In text: how likely the class of the column is after the class of the row.
const CHANGES: [[f64; 4]; 4] =
    [[0.83, 0.05, 0.02, 0.10], [0.70, 0.20, 0.03, 0.07], [0.10, 0.10, 0.55, 0.25], [0.60, 0.20, 0.10, 0.10]];

/// The probability, among all other characters, of a space, hyphen or underscore, and of each of the 30 others. They
/// need not add up to 1: most of these characters are not in base64.
const BLANK: f64 = 0.46;
const JOINER: f64 = 0.15;
const OTHER_SIGN: f64 = 0.03;

/// The bits that a letter costs after another one in our words. The last row is for the first letter of a word.
static PAIRS: LazyLock<[[f64; LETTERS]; LETTERS + 1]> = LazyLock::new(|| {
    let mut counts = [[0_u32; LETTERS]; LETTERS + 1];
    for word in WORDS.iter() {
        let mut before = LETTERS;
        for letter in word.bytes().filter_map(letter) {
            counts[before][letter] += 1;
            before = letter;
        }
    }
    counts.map(|row| {
        let total = f64::from(row.iter().sum::<u32>().max(1));
        row.map(|count| -(f64::from(count) / total * (1.0 - UNKNOWN_PAIRS) + UNKNOWN_PAIRS / 26.0).log2())
    })
});

/// Whether text explains this secret much better than chance does.
pub(super) fn reads_as_text(secret: &str) -> bool {
    // Random hexadecimal digits are not base64: they repeat classes and letters more often.
    if secret.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return false;
    }
    let (mut kind_before, mut letter_before, mut gained) = (SIGN, LETTERS, 0.0);
    for character in secret.chars() {
        let (kind, bits) = tell(character, letter_before);
        gained += RANDOM_BITS + CHANGES[kind_before][kind].log2() - bits;
        kind_before = kind;
        letter_before = u8::try_from(character).ok().and_then(letter).unwrap_or(LETTERS);
    }
    gained >= MIN_BITS
}

/// The class of a character, and the bits that it costs beyond the change of class.
fn tell(character: char, before: usize) -> (usize, f64) {
    let letter_bits = u8::try_from(character).ok().and_then(letter).map(|letter| PAIRS[before][letter]);
    match (character, letter_bits) {
        (_, Some(bits)) => (if character.is_ascii_uppercase() { UPPER } else { LOWER }, bits),
        _ if character.is_ascii_digit() => (DIGIT, 10_f64.log2()),
        (' ', _) => (SIGN, -BLANK.log2()),
        ('-' | '_', _) => (SIGN, -JOINER.log2()),
        _ if character.is_ascii() => (SIGN, -OTHER_SIGN.log2()),
        _ => (if character.is_uppercase() { UPPER } else { LOWER }, OTHER_LETTER_BITS),
    }
}

/// The letter's index in the alphabet.
fn letter(byte: u8) -> Option<usize> {
    byte.is_ascii_alphabetic().then(|| usize::from(byte.to_ascii_lowercase() - b'a'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_read_as_text_and_random_characters_do_not() {
        for text in [
            "my super secret jwt key for the chat app",
            "Our Chat Server Was Set Up In March 2024 By Tom",
            "Le petit chat de ma voisine mange 2 souris vertes",
            "el-perro-de-san-roque-no-tiene-rabo-2023",
        ] {
            assert!(reads_as_text(text), "{text}");
        }
        for random in ["k3Jv9QxT2mZp7LsW4nRb8YcF6hDg1AeU", "Zm9zK1dQbUx4ZVRhN0pIcnZ5Q2dFdU5sQjJzS0F3", ""] {
            assert!(!reads_as_text(random), "{random}");
        }
    }
}
