use super::ChangeTag;
use std::borrow::Cow;

/// The name of something that a release can read and show, and earlier releases cannot: a kind of change, or new
/// content of an existing kind, such as `message:attachments`. The set is open: nodes say in their leases which
/// features they know, and a later release knows features that this release does not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Feature(Cow<'static, str>);

impl Feature {
    /// Metadata of messages.
    pub const MESSAGE_METADATA: Self = Self::named("message:metadata");
    /// Messages with more than [`MessageLimit::DEFAULT`] characters.
    ///
    /// [`MessageLimit::DEFAULT`]: crate::messages::MessageLimit::DEFAULT
    pub const LONG_MESSAGES: Self = Self::named("message:long");
    /// Messages that say whose copies they are.
    pub const MESSAGE_FORWARDS: Self = Self::named("message:forwards");

    /// Metadata of conversations.
    pub const CONVERSATION_METADATA: Self = Self::named("conversation:metadata");
    /// Metadata of users.
    pub const USER_METADATA: Self = Self::named("user:metadata");

    /// Threads: conversations that take the participants of another one.
    pub const THREADS: Self = Self::named("conversation:threads");

    const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The features of this release that are no kinds of change, as `subject:content`, without spaces. A feature joins
    /// [`Self::BASELINE`] one release later.
    pub const CONTENT: &'static [Self] = &[
        Self::MESSAGE_METADATA,
        Self::LONG_MESSAGES,
        Self::MESSAGE_FORWARDS,
        Self::CONVERSATION_METADATA,
        Self::USER_METADATA,
        Self::THREADS,
    ];

    /// Those of [`Self::CONTENT`] that the previous release knows too. They are written without checking what other
    /// nodes know.
    pub const BASELINE: &'static [Self] = &[];

    /// Every feature that this release knows.
    pub fn known() -> impl Iterator<Item = Self> {
        let kinds = ChangeTag::KNOWN.iter().map(|(tag, _)| Self::from(tag.clone()));
        kinds.chain(Self::CONTENT.iter().cloned())
    }

    /// Every feature that the previous release knows too.
    pub fn baseline() -> impl Iterator<Item = Self> {
        ChangeTag::BASELINE.iter().cloned().map(Self::from).chain(Self::BASELINE.iter().cloned())
    }

    /// Reads a name from a lease. Accepts any text.
    pub fn from_stored(name: &str) -> Self {
        Self(Cow::Owned(name.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A kind of change is the feature with the same name.
impl From<ChangeTag> for Feature {
    fn from(tag: ChangeTag) -> Self {
        Self(tag.into_name())
    }
}

/// Decides which features this node may write now. While nodes of several releases run, a feature is written only if
/// every live node knows it: clients of a node that does not know it would miss what it adds.
pub trait WritableFeatures: Send + Sync {
    /// Returns whether this feature may be written now. Answers from memory, without waiting.
    fn may_write(&self, feature: &Feature) -> bool;
}

/// Allows every feature, for a node that shares its store with no other.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllFeatures;

impl WritableFeatures for AllFeatures {
    fn may_write(&self, _: &Feature) -> bool {
        true
    }
}
