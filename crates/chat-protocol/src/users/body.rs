use crate::auth::body::{acceptable, known_password, new_password};
use crate::body::check;
use crate::{Body, InvalidBody, Optional, Required, Secret, valid, valid_or_absent};
use chat_domain::Metadata;
use chat_domain::auth::{Password, PasswordPolicy};
use chat_domain::users::{AvatarUrl, DisplayName, ProfileChanges, Username};
use garde::Validate;
use serde::Deserialize;

/// The body of `PATCH /users/me`: omitted fields keep their value, `null` clears first name, last name,
/// avatar and metadata.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct UpdateMeBody {
    #[garde(custom(valid_or_absent))]
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::field::not_null::<DisplayName>"))]
    name: Optional<DisplayName>,
    #[garde(custom(valid_or_absent))]
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::field::not_null::<Username>"))]
    username: Optional<Username>,
    #[garde(custom(valid))]
    #[serde(default)]
    first_name: Optional<DisplayName>,
    #[garde(custom(valid))]
    #[serde(default)]
    last_name: Optional<DisplayName>,
    #[garde(custom(valid))]
    #[serde(default)]
    avatar: Optional<AvatarUrl>,
    /// Any JSON object of up to 4,096 bytes, for the product. Other users can see it.
    #[garde(custom(valid))]
    #[serde(default)]
    metadata: Optional<Metadata>,
}

impl Body for UpdateMeBody {}

impl UpdateMeBody {
    /// Parses the changes.
    pub fn parse(self) -> Result<ProfileChanges, InvalidBody> {
        check(&self, &())?;
        Ok(ProfileChanges {
            username: self.username.take(),
            name: self.name.take(),
            first_name: self.first_name.take_change(),
            last_name: self.last_name.take_change(),
            avatar: self.avatar.take_change(),
            metadata: self.metadata.take_change(),
        })
    }
}

/// The body of `POST /users/me/password`. The call ends all other sessions.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[garde(context(PasswordPolicy))]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct ChangePasswordBody {
    #[garde(custom(valid))]
    current_password: Required<Secret>,
    #[garde(custom(acceptable))]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::values::schema::new_password"))]
    new_password: Required<Secret>,
}

impl Body for ChangePasswordBody {}

impl ChangePasswordBody {
    /// Returns the current password, which confirms the call, and the new one.
    pub fn parse(self, policy: PasswordPolicy) -> Result<(Password, Password), InvalidBody> {
        check(&self, &policy)?;
        let current = known_password("currentPassword", self.current_password)?;
        Ok((current, new_password("newPassword", self.new_password, policy)?))
    }
}
