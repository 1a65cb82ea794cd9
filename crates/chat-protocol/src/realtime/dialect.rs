/// The names and shapes of the events that a connection receives (contract §1). Commands of every dialect are accepted
/// on every connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// `message:send`, `message:received`, ...
    #[default]
    Colon,
    /// `sendMessage`, `messageReceived`, ...
    Camel,
}

impl Dialect {
    /// Every dialect, in the order of [`Self::index`].
    pub const ALL: &'static [Self] = &[Self::Colon, Self::Camel];

    /// Returns its index in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the dialect with this name, as a handshake requests it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dialect| dialect.as_str() == name)
    }

    /// Returns the name in a handshake.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Colon => "colon",
            Self::Camel => "camel",
        }
    }
}

/// The two forms of an event. Nothing else about an event depends on the recipient, so it is encoded at most twice per
/// dialect and gateway, for any number of recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// For the user whom the event concerns: the sender of a message, or an added participant.
    Own,
    /// For everyone else.
    Others,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dialect_has_a_name_and_a_place_of_its_own() {
        for (place, dialect) in Dialect::ALL.iter().enumerate() {
            assert_eq!((Dialect::parse(dialect.as_str()), dialect.index()), (Some(*dialect), place));
        }
        assert_eq!(Dialect::parse("Camel"), None);
    }
}
