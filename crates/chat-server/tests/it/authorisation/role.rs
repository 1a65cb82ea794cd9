/// The users who try each operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Has no token.
    Anonymous,
    /// Has a token of the admin's session, which expired a minute ago.
    Expired,
    /// Was a member and has deleted the account; the token has not expired.
    Deleted,
    /// Has an account, and takes part in no conversation of the scene.
    Stranger,
    /// Was a member of the group, and was removed.
    Former,
    /// A member of the group and of the direct conversation.
    Member,
    /// Created the group, and is the other participant of the direct conversation.
    Admin,
    /// A member of the group who has read everything. Has no column, since [`Self::Member`] covers what members may do.
    Bystander,
}

impl Role {
    /// All roles that have a column, in the order of the columns.
    pub(super) const ALL: [Self; 7] =
        [Self::Anonymous, Self::Expired, Self::Deleted, Self::Stranger, Self::Former, Self::Member, Self::Admin];

    /// The roles without a valid token.
    pub(super) const SHUT_OUT: [Self; 3] = [Self::Anonymous, Self::Expired, Self::Deleted];

    /// The roles with a valid token.
    pub(super) const KNOWN: [Self; 4] = [Self::Stranger, Self::Former, Self::Member, Self::Admin];
}
