//! Normal forms and properties of characters, from Unicode's own data.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::props::{BidiControl, BinaryProperty as _, DefaultIgnorableCodePoint, EnumeratedProperty as _};
use icu_properties::props::{CanonicalCombiningClass, GeneralCategory, GeneralCategoryGroup};
use std::borrow::Cow;

/// The maximum length of a key, in characters: full case folding and NFKC can produce 18 characters from one, and
/// `PostgreSQL` limits the size of an index entry. Longer text is compared by its beginning.
const MAX_KEY_CHARS: usize = 400;

/// Symbols and letters that fonts show as blank: BRAILLE PATTERN BLANK, OBJECT REPLACEMENT CHARACTER (a placeholder for
/// an object that was not copied), EGYPTIAN HIEROGLYPH FULL BLANK and HALF BLANK, MUSICAL SYMBOL NULL NOTEHEAD.
const BLANK_SYMBOLS: [char; 5] = ['\u{2800}', '\u{fffc}', '\u{13441}', '\u{13442}', '\u{1d159}'];

/// Returns the text in Normalization Form C, the stored form of names.
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizer::new_nfc().normalize(text)
}

/// Whether the character is visible by itself: not blank, not ignorable, not a control, not a mark without a letter.
/// Unassigned characters count as visible: clients may support a newer Unicode than this server.
pub(crate) fn is_visible(character: char) -> bool {
    let category = GeneralCategory::for_char(character);
    let is_hidden = GeneralCategoryGroup::Separator.contains(category)
        || matches!(
            category,
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::NonspacingMark
                | GeneralCategory::EnclosingMark
        );
    !is_hidden && !is_ignorable(character) && !is_blank(character)
}

/// Whether fonts show nothing for the character although its category suggests otherwise: a blank symbol, or one of the
/// 66 noncharacters, which Unicode never assigns.
pub(crate) fn is_blank(character: char) -> bool {
    let code = u32::from(character);
    let is_noncharacter = (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe;
    is_noncharacter || BLANK_SYMBOLS.contains(&character)
}

/// Whether the character reorders the text around it.
pub(crate) fn is_bidi_control(character: char) -> bool {
    BidiControl::for_char(character)
}

/// Whether the character is invisible by itself (Unicode's `Default_Ignorable_Code_Point`): zero-width spaces and
/// joiners, fillers, variation selectors, tags, bidirectional controls.
pub(crate) fn is_ignorable(character: char) -> bool {
    DefaultIgnorableCodePoint::for_char(character)
}

/// Returns the key for comparisons that ignore case, width, composition and invisible characters: `toNFKC_Casefold`
/// (Unicode §3.13) with each run of white space as one space.
pub(crate) fn folded(text: &str) -> String {
    let once = fold_once(text);
    let twice = fold_once(&once);
    twice.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_KEY_CHARS).collect()
}

fn fold_once(text: &str) -> String {
    let bare: String = text.chars().filter(|character| !is_ignorable(*character)).collect();
    let decomposed = DecomposingNormalizer::new_nfd().normalize(&bare).into_owned();
    let folded = CaseMapper::new().fold_string(&decomposed).into_owned();
    ComposingNormalizer::new_nfkc().normalize(&folded).into_owned()
}

/// Returns the key that names share if they look alike: the skeleton of UTS #39, of [`folded`] text. A letter whose
/// capital looks like a Latin capital (Cyrillic `т`, Greek `ν`) counts as that Latin letter, since a name may be
/// written in capitals; so `i`, whose capital looks like `l`, counts as `l`, like `1` and `|`. Marks that are drawn
/// over or around a letter do not count.
pub(crate) fn look_alike(folded: &str) -> String {
    let latin: String = folded.chars().map(|character| latin_look_alike(character).unwrap_or(character)).collect();
    let skeleton = unicode_security::skeleton(&latin).collect::<String>().to_lowercase();
    let bare = skeleton.chars().filter(|character| !is_drawn_over(*character));
    bare.map(|character| if character == 'i' { 'l' } else { character }).take(MAX_KEY_CHARS).collect()
}

/// Whether the character is a mark that is drawn over the letter before it (a stroke) or around it (a circle, a
/// keycap).
fn is_drawn_over(character: char) -> bool {
    GeneralCategory::for_char(character) == GeneralCategory::EnclosingMark
        || CanonicalCombiningClass::for_char(character) == CanonicalCombiningClass::Overlay
}

fn latin_look_alike(character: char) -> Option<char> {
    if character.is_ascii() {
        return None;
    }
    let capital = only(character.to_uppercase());
    [Some(character), capital].into_iter().flatten().find_map(|form| {
        let mut bytes = [0; 4];
        let prototype = only(unicode_security::skeleton(form.encode_utf8(&mut bytes)));
        prototype.filter(char::is_ascii_alphanumeric).map(|latin| latin.to_ascii_lowercase())
    })
}

/// Returns the only character, if there is exactly one.
fn only(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn folding_text_again_changes_nothing(text in "\\PC{0,20}|.{0,20}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }

        #[test]
        fn equal_text_stays_equal_in_every_form(text in "\\PC{0,20}") {
            let decomposed = DecomposingNormalizer::new_nfd().normalize(&text).into_owned();
            prop_assert_eq!(folded(&decomposed), folded(&text));
            prop_assert_eq!(folded(&nfc(&text)), folded(&text));
            // Case folding turns the mark U+0345 into a letter, so the marks must be in their order before it.
            prop_assert_eq!(folded(&CaseMapper::new().fold_string(&decomposed)), folded(&text));
        }
    }

    #[test]
    fn what_is_compared_has_no_case_no_width_and_one_composition() {
        for (one, other) in [
            ("ΣΑΣ", "σας"),
            ("Straße", "STRASSE"),
            ("e\u{301}", "É"),
            ("ＡＢＣ", "abc"),
            ("ﬁn", "FIN"),
            ("\u{1ff2}\u{dca}", "\u{3c9}\u{dca}\u{300}\u{345}"),
            ("K\u{200b}elvin", "\u{212a}elvin"),
            ("a \u{a0}\u{3000} b", "a b"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("e"), folded("é"));
        assert!(folded("ΣΑΣΑ").starts_with(&folded("ΣΑΣ")));
        assert_eq!(folded(&"\u{fdfa}".repeat(100)).chars().count(), MAX_KEY_CHARS);
    }

    #[test]
    fn what_nobody_sees_is_not_visible() {
        for hidden in "\u{20}\u{a0}\u{ad}\u{34f}\u{301}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180e}\u{2000}\u{200a}\
                       \u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{202f}\u{2060}\u{2063}\
                       \u{2066}\u{2069}\u{206f}\u{2800}\u{3000}\u{3164}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\u{fffc}\
                       \u{1d159}\u{1d173}\u{e0020}\u{e007f}\u{e0100}\u{13430}\u{13441}\u{13442}\u{fdd0}\u{fdef}\
                       \u{fffe}\u{ffff}\u{1fffe}\u{10ffff}"
            .chars()
        {
            assert!(!is_visible(hidden), "{}", hidden.escape_unicode());
        }
        for visible in "a0_.É日ا\u{915}\u{93f}😀🏳❤\u{fffd}\u{e000}\u{1faff}\u{13000}\u{fdcf}\u{fdf0}".chars()
        {
            assert!(is_visible(visible), "{}", visible.escape_unicode());
        }
    }

    #[test]
    fn names_look_alike_across_scripts_and_through_invisible_characters() {
        let look = |text: &str| look_alike(&folded(text));
        for (one, other) in [
            ("Team", "Te\u{200d}am"),
            ("Team", "\u{422}\u{435}\u{430}\u{43c}"),
            ("Team", "TE\u{410}M"),
            ("paypal", "\u{440}\u{430}ypal"),
            ("Team 0", "team O"),
            ("modern", "modem"),
            ("❤", "❤\u{fe0f}"),
            ("МОСКВА", "москва"),
            ("AI Team", "Al Team"),
            ("ai team", "AL TEAM"),
            ("Paypal", "PaypaI"),
            ("Paypal", "Paypa1"),
            ("Paypal", "Paypa|"),
            ("Paypal", "Paypa\u{406}"),
            ("Paypal", "Paypa\u{399}"),
            ("Paypal", "Paypa\u{4c0}"),
            ("Team", "Team\u{20e3}"),
            ("Team", "Te\u{338}am"),
            ("Team", "T\u{336}e\u{335}a\u{337}m"),
            ("Team", "Tea\u{20dd}m\u{489}"),
            ("Team", "Team\u{20d2}"),
        ] {
            assert_eq!(look(one), look(other), "{one} {other}");
        }
        for (one, other) in [("Team", "Tram"), ("Team 1", "Team 2"), ("и", "й"), ("日本", "日木")] {
            assert_ne!(look(one), look(other), "{one} {other}");
        }
    }
}
