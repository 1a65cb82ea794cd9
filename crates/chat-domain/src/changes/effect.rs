use crate::UserId;

/// Maximum number of users in the effect of one change. Calls that create a group or add participants accept at most
/// this many ids, so the size of rows and packets does not depend on the size of the group.
pub const MAX_NAMED_USERS: usize = 1_000;

/// How a change alters the set of participants. It is stored with the change, so that nodes that do not know the kind
/// apply it too: users who left receive no later change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effect<Users = Vec<UserId>> {
    /// Nobody joins or leaves.
    #[default]
    None,
    /// These users take part from this change on.
    Joins(Users),
    /// These users receive this change and none after it.
    Leaves(Users),
}

impl<Users: AsRef<[UserId]>> Effect<Users> {
    /// The users who take part from this change on.
    pub fn joiners(&self) -> &[UserId] {
        match self {
            Self::Joins(users) => users.as_ref(),
            Self::None | Self::Leaves(_) => &[],
        }
    }

    /// The users who take no part after this change.
    pub fn leavers(&self) -> &[UserId] {
        match self {
            Self::Leaves(users) => users.as_ref(),
            Self::None | Self::Joins(_) => &[],
        }
    }

    /// The stored name.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Joins(_) => "joins",
            Self::Leaves(_) => "leaves",
        }
    }

    /// Returns the same effect with an owned list.
    pub fn to_owned(&self) -> Effect {
        match self {
            Self::None => Effect::None,
            Self::Joins(users) => Effect::Joins(users.as_ref().to_vec()),
            Self::Leaves(users) => Effect::Leaves(users.as_ref().to_vec()),
        }
    }
}

impl Effect {
    /// Reads the columns of a row. `users` is `None` if the effect applies to the subject only. An unknown effect, of a
    /// later release, reads as [`Effect::None`].
    pub fn from_stored(name: &str, users: Option<Vec<UserId>>, subject: Option<UserId>) -> Self {
        let users = || users.unwrap_or_else(|| subject.into_iter().collect());
        match name {
            "joins" => Self::Joins(users()),
            "leaves" => Self::Leaves(users()),
            _ => Self::None,
        }
    }
}
