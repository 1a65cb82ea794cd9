use std::borrow::Cow;
use std::collections::BTreeMap;

/// Small named values of a change that have no column. Stored as a JSON object of at most [`Detail::MAX_BYTES`].
/// Entries with a form that this release does not know are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail(BTreeMap<Cow<'static, str>, DetailValue>);

/// A value of a [`Detail`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(untagged))]
pub enum DetailValue {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

impl Detail {
    /// Maximum length of the JSON text that a store keeps, in bytes.
    pub const MAX_BYTES: usize = 1_024;

    /// Adds an entry, or replaces the entry with this name.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: DetailValue) -> Self {
        self.0.insert(Cow::Borrowed(name), value);
        self
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text with this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            DetailValue::Text(text) => Some(text),
            DetailValue::Flag(_) | DetailValue::Number(_) => None,
        }
    }

    /// Returns the number with this name.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            DetailValue::Number(number) => Some(*number),
            DetailValue::Flag(_) | DetailValue::Text(_) => None,
        }
    }

    /// Returns the flag with this name.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            DetailValue::Flag(flag) => Some(*flag),
            DetailValue::Number(_) | DetailValue::Text(_) => None,
        }
    }
}

#[cfg(feature = "serde")]
mod form {
    use super::{Detail, DetailValue};
    use crate::InvalidValue;
    use serde::de::{Deserialize, Deserializer, IgnoredAny};
    use serde::ser::{Serialize, Serializer};
    use std::collections::BTreeMap;

    impl Detail {
        /// Returns the text to store, or `None` if there are no entries. Refuses more than [`Self::MAX_BYTES`].
        pub fn to_stored(&self) -> Result<Option<String>, InvalidValue> {
            let text = if self.is_empty() { None } else { serde_json::to_string(self).ok() };
            match text {
                Some(text) if text.len() > Self::MAX_BYTES => Err(InvalidValue::TooLong { most: Self::MAX_BYTES }),
                text => Ok(text),
            }
        }

        /// Reads a stored text. Text that is not a JSON object reads as empty; entries with an unknown form are left
        /// out.
        pub fn from_stored(text: Option<&str>) -> Self {
            text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
        }
    }

    impl Serialize for Detail {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(&self.0)
        }
    }

    /// An entry that a later release may have written in any form.
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Entry {
        Value(DetailValue),
        Other(IgnoredAny),
    }

    impl<'de> Deserialize<'de> for Detail {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let entries = BTreeMap::<String, Entry>::deserialize(deserializer)?.into_iter();
            let values = entries.filter_map(|(name, entry)| match entry {
                Entry::Value(value) => Some((name.into(), value)),
                Entry::Other(_) => None,
            });
            Ok(Self(values.collect()))
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn entries_read_back_and_those_of_an_unknown_form_are_ignored() {
            let detail = Detail::default()
                .with("emoji", DetailValue::Text("👍".into()))
                .with("count", DetailValue::Number(-3))
                .with("first", DetailValue::Flag(true));
            let stored = detail.to_stored().expect("a text").expect("entries");
            assert_eq!(Detail::from_stored(Some(&stored)), detail);
            let newer = stored.replacen('{', r#"{"who":["a",{"b":null}],"half":0.5,"#, 1);
            assert_eq!(Detail::from_stored(Some(&newer)), detail);
            let (text, number, flag) = (detail.text("emoji"), detail.number("count"), detail.flag("first"));
            assert_eq!((text, number, flag), (Some("👍"), Some(-3), Some(true)));
            assert_eq!((detail.text("count"), detail.number("first"), detail.flag("emoji")), (None, None, None));
            for nothing in [None, Some(""), Some("[1]"), Some("null"), Some("{")] {
                assert_eq!(Detail::from_stored(nothing), Detail::default(), "{nothing:?}");
            }
            assert_eq!(Detail::default().to_stored(), Ok(None));
        }

        #[test]
        fn a_text_is_stored_up_to_its_limit_in_bytes() {
            let stored = |bytes: usize| Detail::default().with("t", DetailValue::Text("x".repeat(bytes))).to_stored();
            let around = r#"{"t":""}"#.len();
            assert!(stored(Detail::MAX_BYTES - around).is_ok());
            let too_long = InvalidValue::TooLong { most: Detail::MAX_BYTES };
            assert_eq!(stored(Detail::MAX_BYTES - around + 1), Err(too_long));
        }
    }
}
