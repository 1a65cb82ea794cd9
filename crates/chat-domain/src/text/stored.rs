//! The rules for text in rows and bus packets: everything that any release has accepted. The rules for input have
//! become stricter since. Stored text stays readable, and reading never changes it.

use crate::InvalidValue;

/// Whether no release has accepted this character.
pub(super) fn is_refused(character: char, multi_line: bool) -> bool {
    character.is_control() && !(multi_line && matches!(character, '\n' | '\r' | '\t'))
}

fn checked(text: &str, most: usize, multi_line: bool) -> Result<String, InvalidValue> {
    if text.is_empty() { Err(InvalidValue::Empty) } else { limited(text, most, multi_line) }
}

fn limited(text: &str, most: usize, multi_line: bool) -> Result<String, InvalidValue> {
    if text.len() > most * 4 || text.chars().count() > most {
        return Err(InvalidValue::TooLong { most });
    }
    if text.chars().any(|character| is_refused(character, multi_line)) {
        return Err(InvalidValue::ControlCharacter);
    }
    Ok(text.to_owned())
}

/// One line.
pub(crate) fn line(text: &str, most: usize) -> Result<String, InvalidValue> {
    checked(text, most, false)
}

/// Text with line breaks.
pub(crate) fn paragraph(text: &str, most: usize) -> Result<String, InvalidValue> {
    checked(text, most, true)
}

/// Text with line breaks. It may be empty: a later release may store messages without text.
pub(crate) fn message(text: &str, most: usize) -> Result<String, InvalidValue> {
    limited(text, most, true)
}

/// Reads one line. Terms are not stored; this function completes the pair.
pub(crate) fn search(text: &str, most: usize) -> Result<String, InvalidValue> {
    checked(text, most, false)
}

/// Reads an `http(s)://` address or an absolute path, without white space.
pub(crate) fn web_address(text: &str, most: usize) -> Result<String, InvalidValue> {
    let text = line(text, most)?;
    let starts_with = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let is_path = text.starts_with('/') && !text.starts_with("//");
    if (starts_with("https://") || starts_with("http://") || is_path) && !text.chars().any(char::is_whitespace) {
        Ok(text)
    } else {
        Err(InvalidValue::Form { expected: "an http or https URL" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_valid_once_is_read_as_it_is() {
        for old in ["\u{200b}", "a\u{202e}b", "e\u{301}", "\u{3164}"] {
            assert_eq!(line(old, 10), Ok(old.to_owned()));
            assert_eq!(message(old, 10), Ok(old.to_owned()));
        }
        for old in ["https://", "https:///x", "https://user:secret@example.com/", "https://a\u{202e}b/"] {
            assert_eq!(web_address(old, 100), Ok(old.to_owned()));
        }
        assert_eq!(
            web_address("javascript:alert(1)", 100),
            Err(InvalidValue::Form { expected: "an http or https URL" })
        );
        assert_eq!((line("", 10), message("", 10)), (Err(InvalidValue::Empty), Ok(String::new())));
        assert_eq!(line("a\0", 10), Err(InvalidValue::ControlCharacter));
    }
}
