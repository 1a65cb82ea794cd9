/// Which names and shapes of events a connection is sent (contract §1). Commands of every dialect are understood on every connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// `message:send`, `message:received`, ...
    #[default]
    Colon,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: &'static [Self] = &[Self::Colon];

    /// The dialect of this name, as a handshake asks for it.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "colon" => Some(Self::Colon),
            _ => None,
        }
    }
}

/// The two forms of one event. Nothing else about an event depends on who receives it, so that it is encoded at most twice
/// per dialect, however many receive it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// For whom it is about: the sender of a message, whoever was added.
    Own,
    /// For everyone else.
    Others,
}
