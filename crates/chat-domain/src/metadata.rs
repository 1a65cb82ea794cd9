use crate::InvalidValue;

/// A JSON object of the product's own, which the server keeps, returns and never reads: an order card, a location. Its
/// keys keep the order in which they were sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Metadata(String);

impl Metadata {
    /// The maximum length of the JSON text without white space, in bytes.
    pub const MAX_BYTES: usize = 4_096;

    /// The maximum depth: the object itself counts as 1.
    pub const MAX_DEPTH: usize = 8;

    /// Checks the JSON text of a value, which must be well-formed, without white space, and without a key twice in one
    /// object.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let metadata = Self::from_stored(text)?;
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidValue::TooManyBytes { most: Self::MAX_BYTES });
        }
        if depth(text) > Self::MAX_DEPTH {
            return Err(InvalidValue::TooDeep { most: Self::MAX_DEPTH });
        }
        Ok(metadata)
    }

    /// Reads text from a row or from another node, whose limits may be others.
    pub fn from_stored(text: &str) -> Result<Self, InvalidValue> {
        if !text.starts_with('{') {
            return Err(InvalidValue::Form { expected: "a JSON object" });
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the JSON text without copying it.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether both have the same content: the order of keys does not count.
    pub fn is_same(&self, other: &Self) -> bool {
        self == other || self.sorted() == other.sorted()
    }

    /// The same where there may be none.
    pub(crate) fn is_same_option(one: Option<&Self>, other: Option<&Self>) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => one.is_same(other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// Returns the JSON text with the keys of each object in order.
    pub(crate) fn sorted(&self) -> String {
        let mut rest = self.as_str();
        take_sorted(&mut rest)
    }
}

fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut rest) = (0_usize, 0, text);
    while let Some(next) = rest.chars().next() {
        if next == '"' {
            take_string(&mut rest);
            continue;
        }
        match next {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
        rest = &rest[next.len_utf8()..];
    }
    deepest
}

/// Takes a value from the beginning of the text.
fn take_sorted(rest: &mut &str) -> String {
    match rest.chars().next() {
        Some('{') => {
            let mut members = take_items(rest, '}', |rest| {
                let key = take_string(rest);
                *rest = rest.strip_prefix(':').unwrap_or(rest);
                format!("{key}:{}", take_sorted(rest))
            });
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
        Some('[') => format!("[{}]", take_items(rest, ']', take_sorted).join(",")),
        Some('"') => take_string(rest).to_owned(),
        _ => {
            let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
            split_off(rest, end).to_owned()
        }
    }
}

fn take_items(rest: &mut &str, close: char, mut take: impl FnMut(&mut &str) -> String) -> Vec<String> {
    let mut items = Vec::new();
    // The opening bracket, then each comma.
    while !rest.is_empty() {
        split_off(rest, 1);
        if !rest.starts_with(close) {
            items.push(take(rest));
        }
        if rest.starts_with(close) {
            split_off(rest, 1);
            break;
        }
    }
    items
}

/// Takes a string with its quotes. Strings have one form only, so equal strings are equal texts.
fn take_string<'text>(rest: &mut &'text str) -> &'text str {
    let mut is_escaped = false;
    let end = rest.char_indices().skip(1).find(|(_, next)| {
        let is_end = *next == '"' && !is_escaped;
        is_escaped = *next == '\\' && !is_escaped;
        is_end
    });
    split_off(rest, end.map_or(rest.len(), |(at, _)| at + 1))
}

fn split_off<'text>(rest: &mut &'text str, at: usize) -> &'text str {
    let (taken, left) = rest.split_at_checked(at).unwrap_or((rest, ""));
    *rest = left;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nested(depth: usize) -> String {
        format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))
    }

    #[test]
    fn an_object_has_a_greatest_length_and_depth() {
        let long = |bytes: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes - r#"{"a":""}"#.len()));
        assert!(Metadata::parse(&long(Metadata::MAX_BYTES)).is_ok());
        assert_eq!(Metadata::parse(&long(4_097)), Err(InvalidValue::TooManyBytes { most: 4_096 }));
        assert!(Metadata::parse(&nested(Metadata::MAX_DEPTH)).is_ok());
        assert_eq!(Metadata::parse(&nested(9)), Err(InvalidValue::TooDeep { most: 8 }));
        assert!(Metadata::from_stored(&nested(9)).is_ok() && Metadata::from_stored(&long(4_097)).is_ok());
        assert_eq!(Metadata::parse(r#"{"a":[[[[[[[[]]]]]]]]}"#), Err(InvalidValue::TooDeep { most: 8 }));
        assert!(Metadata::parse(r#"{"a\"{":"[[[[[[[[[[{{{{\\"}"#).is_ok(), "brackets in strings");
        for other in ["", "[]", "null", "\"{}\"", "7"] {
            assert_eq!(Metadata::parse(other), Err(InvalidValue::Form { expected: "a JSON object" }));
        }
    }

    #[test]
    fn the_order_of_keys_does_not_count_and_that_of_items_does() {
        let of = |text: &str| Metadata::parse(text).expect("an object");
        let one = of(r#"{"b":[1,{"y":"},{\"","x":null}],"a":{},"c":[]}"#);
        assert!(one.is_same(&of(r#"{"a":{},"c":[],"b":[1,{"x":null,"y":"},{\""}]}"#)));
        assert!(!one.is_same(&of(r#"{"a":{},"c":[],"b":[{"x":null,"y":"},{\""},1]}"#)));
        assert!(!of(r#"{"a":1}"#).is_same(&of(r#"{"a":"1"}"#)));
        assert!(of("{}").is_same(&of("{}")));
    }

    proptest! {
        #[test]
        fn no_text_however_strange_panics(text in "[{}\\[\\]\",:\\\\aé1]{0,40}") {
            if let Ok(metadata) = Metadata::parse(&format!("{{{text}")) {
                let _ = metadata.sorted();
            }
        }
    }
}
