use super::PacketError;
use chat_domain::presence::PresenceStatus;
use chat_domain::users::{AvatarUrl, UserSummary, Username};
use chat_domain::{InvalidValue, UserId};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

/// A value that the domain refuses.
pub(super) fn malformed(fault: &InvalidValue) -> PacketError {
    PacketError::MalformedBody(fault.to_string())
}

/// Reads an optional text by the domain's own parser.
pub(super) fn parsed<T>(
    text: Option<Cow<'_, str>>,
    parse: fn(&str) -> Result<T, InvalidValue>,
) -> Result<Option<T>, PacketError> {
    text.map(|text| parse(&text)).transpose().map_err(|fault| malformed(&fault))
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireUser<'a> {
    id: Uuid,
    username: Option<Cow<'a, str>>,
    name: Cow<'a, str>,
    avatar: Option<Cow<'a, str>>,
}

impl<'a> From<&'a UserSummary> for WireUser<'a> {
    fn from(user: &'a UserSummary) -> Self {
        Self {
            id: user.id.as_uuid(),
            username: user.username.as_ref().map(|name| name.as_str().into()),
            name: user.name.as_str().into(),
            avatar: user.avatar.as_ref().map(|avatar| avatar.as_str().into()),
        }
    }
}

impl TryFrom<WireUser<'_>> for UserSummary {
    type Error = PacketError;

    fn try_from(wire: WireUser<'_>) -> Result<Self, PacketError> {
        Ok(Self {
            id: UserId::new(wire.id),
            username: parsed(wire.username, Username::from_stored)?,
            name: wire.name.into_owned(),
            avatar: parsed(wire.avatar, AvatarUrl::from_stored)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "PresenceStatus", rename_all = "lowercase")]
pub(super) enum WireStatus {
    Offline,
    Online,
    Away,
    Busy,
}
