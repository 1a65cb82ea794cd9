//! The rules for text that users enter. Names are stored in Normalization Form C (RFC 8265 §3.2 and RFC 8266 require
//! it), messages unchanged.

pub(crate) use super::address::web_address;
use super::stored::is_refused;
use super::unicode::{is_bidi_control, is_visible, nfc};
use crate::InvalidValue;

/// Trimmed text of 1 to `most` characters on one line, with at least one visible character and without characters that
/// reorder text.
pub(crate) fn line(text: &str, most: usize) -> Result<String, InvalidValue> {
    let text = composed(text, most)?;
    if text.chars().any(is_bidi_control) {
        return Err(InvalidValue::BidiControl);
    }
    sound(&text, most, false).map(|()| text)
}

/// Trimmed text of 1 to `most` characters, with at least one visible character; line breaks and tabs are allowed.
pub(crate) fn paragraph(text: &str, most: usize) -> Result<String, InvalidValue> {
    let text = composed(text, most)?;
    sound(&text, most, true).map(|()| text)
}

/// The same, stored unchanged.
pub(crate) fn message(text: &str, most: usize) -> Result<String, InvalidValue> {
    let text = bounded(text, most)?;
    sound(text, most, true).map(|()| text.to_owned())
}

/// A search term: one line. Reordering characters are allowed, since a name may have been copied with its surroundings.
pub(crate) fn search(text: &str, most: usize) -> Result<String, InvalidValue> {
    let text = composed(text, most)?;
    sound(&text, most, false).map(|()| text)
}

/// 1 to `most` characters of visible ASCII, not trimmed.
pub(crate) fn visible_ascii(text: &str, most: usize) -> Result<String, InvalidValue> {
    if text.is_empty() {
        return Err(InvalidValue::Empty);
    }
    if text.len() > most {
        return Err(InvalidValue::TooLong { most });
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidValue::Character { allowed: "visible ASCII characters" });
    }
    Ok(text.to_owned())
}

/// The number of bytes that are normalised per allowed character: a letter may have two combining marks, as in
/// Vietnamese, and be one character afterwards.
const BYTES_PER_CHARACTER: usize = 8;

/// Trims, and rejects empty text. Bytes are counted first: a megabyte is rejected without reading its characters.
pub(super) fn bounded(text: &str, most: usize) -> Result<&str, InvalidValue> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidValue::Empty);
    }
    if text.len() > most * BYTES_PER_CHARACTER { Err(InvalidValue::TooLong { most }) } else { Ok(text) }
}

fn composed(text: &str, most: usize) -> Result<String, InvalidValue> {
    Ok(nfc(bounded(text, most)?).into_owned())
}

fn sound(text: &str, most: usize, multi_line: bool) -> Result<(), InvalidValue> {
    if text.chars().count() > most {
        return Err(InvalidValue::TooLong { most });
    }
    let breaks_line = |character| matches!(character, '\u{2028}' | '\u{2029}') && !multi_line;
    if text.chars().any(|character| is_refused(character, multi_line) || breaks_line(character)) {
        return Err(InvalidValue::ControlCharacter);
    }
    if text.chars().any(is_visible) { Ok(()) } else { Err(InvalidValue::Invisible) }
}

#[cfg(test)]
mod tests {
    use super::super::stored;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_a_line_accepts_it_accepts_again_unchanged(text in "\\PC{0,40}|.{0,40}") {
            if let Ok(accepted) = line(&text, 20) {
                prop_assert_eq!(line(&accepted, 20), Ok(accepted.clone()));
                prop_assert_eq!(stored::line(&accepted, 20), Ok(accepted.clone()));
                prop_assert!((1..=20).contains(&accepted.chars().count()));
                prop_assert!(!accepted.chars().any(char::is_control));
                prop_assert!(accepted.chars().any(is_visible));
            }
        }

        #[test]
        fn a_paragraph_accepts_all_that_a_line_does(text in ".{0,40}") {
            if let Ok(accepted) = line(&text, 20) {
                prop_assert_eq!(paragraph(&text, 20), Ok(accepted.clone()));
                prop_assert_eq!(search(&text, 20), Ok(accepted));
            }
        }

        #[test]
        fn a_message_is_stored_as_it_was_sent(text in "\\PC{0,40}") {
            if let Ok(accepted) = message(&text, 40) {
                prop_assert_eq!(accepted, text.trim());
            }
        }
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(line(" \t ", 5), Err(InvalidValue::Empty));
        assert_eq!(line("sixsix", 5), Err(InvalidValue::TooLong { most: 5 }));
        assert_eq!(line("a\0b", 5), Err(InvalidValue::ControlCharacter));
        assert_eq!(line("a\nb", 5), Err(InvalidValue::ControlCharacter));
        assert_eq!(line("a\u{2028}b", 5), Err(InvalidValue::ControlCharacter));
        assert_eq!(line("\u{200b}", 5), Err(InvalidValue::Invisible));
        assert_eq!(line("a\u{202e}b", 5), Err(InvalidValue::BidiControl));
        assert_eq!(paragraph("a\nb", 5), Ok("a\nb".into()));
        assert_eq!(paragraph("a\0b", 5), Err(InvalidValue::ControlCharacter));
        assert_eq!(line("ééééé", 5), Ok("ééééé".into()));
    }

    #[test]
    fn names_are_composed_before_they_are_counted() {
        assert_eq!(line(&"e\u{302}\u{301}".repeat(5), 5), Ok("ế".repeat(5)));
        assert_eq!(line(&"e\u{302}\u{301}".repeat(6), 5), Err(InvalidValue::TooLong { most: 5 }));
        assert_eq!(message("e\u{301}", 5), Ok("e\u{301}".into()));
    }

    #[test]
    fn text_of_nothing_is_refused_everywhere() {
        for nothing in [
            "\u{200b}",
            "\u{feff}",
            "\u{2060}",
            "\u{ad}",
            "\u{3164}",
            "\u{115f}",
            "\u{ffa0}",
            "\u{2800}",
            "\u{fe0f}",
            "\u{180e}",
            "\u{200d}\u{200c}",
            "\u{e0061}\u{e007f}",
            "\u{301}",
            "\u{34f}",
            "\u{200b} \u{200b}",
            "\u{fffc}",
        ] {
            for rule in [line, paragraph, message, search] {
                assert_eq!(rule(nothing, 100), Err(InvalidValue::Invisible), "{}", nothing.escape_unicode());
            }
        }
        for control in ["\u{202e}", "\u{2066}", "\u{200e}", "\u{200f}", "\u{61c}"] {
            assert_eq!(message(control, 100), Err(InvalidValue::Invisible), "{}", control.escape_unicode());
            assert_eq!(line(&format!("Ann{control}"), 100), Err(InvalidValue::BidiControl));
            assert!(message(&format!("Ann{control}"), 100).is_ok(), "text may need it");
        }
    }

    #[test]
    fn text_of_the_whole_world_is_welcome() {
        for name in [
            "می\u{200c}خواهم",
            "👨\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "ស្រី\u{200b}ពៅ",
            "क्\u{200d}ष",
            "Ünal",
            "日本太郎",
            "Ξένια",
            "محمد",
            "שרה",
            "한국",
            "ไทย",
            "O'Brien-Smith Jr.",
        ] {
            assert!(line(name, 100).is_ok(), "{name}");
            assert_eq!(message(name, 100), Ok(name.to_owned()));
        }
    }
}
