use crate::body::check;
use crate::values::ClaimedEmail;
use crate::{Body, InvalidBody, Optional, Required, Secret, valid};
use chat_domain::auth::{Password, PasswordPolicy, RegistrationCode};
use chat_domain::users::{AvatarUrl, DisplayName, EmailAddress, Username};
use garde::Validate;
use serde::Deserialize;

/// `POST /auth/register`: with a name, a username or both. A missing username is derived from the email address, a
/// missing name from first and last name, or else from the username.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[garde(context(PasswordPolicy))]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct RegisterBody {
    #[garde(custom(valid))]
    email: Required<EmailAddress>,
    #[garde(custom(acceptable))]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::values::schema::new_password"))]
    password: Required<Secret>,
    #[garde(custom(valid), custom(named(&self.username)))]
    #[serde(default)]
    name: Optional<DisplayName>,
    #[garde(custom(valid))]
    #[serde(default)]
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
    #[garde(custom(valid))]
    #[serde(default)]
    invite_code: Optional<RegistrationCode>,
}

impl Body for RegisterBody {}

/// A registration whose every value is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Checked.
    pub email: EmailAddress,
    /// The user's choice.
    pub username: Option<Username>,
    /// The user's choice.
    pub name: Option<DisplayName>,
    /// Optional.
    pub first_name: Option<DisplayName>,
    /// Optional.
    pub last_name: Option<DisplayName>,
    /// Optional.
    pub avatar: Option<AvatarUrl>,
    /// Held to the policy.
    pub password: Password,
    /// Where registration takes one.
    pub invite_code: Option<RegistrationCode>,
}

impl RegisterBody {
    /// Every value, by the rules of the domain and this policy.
    pub fn parse(self, policy: PasswordPolicy) -> Result<Registration, InvalidBody> {
        check(&self, &policy)?;
        Ok(Registration {
            email: self.email.take("email")?,
            username: self.username.take(),
            name: self.name.take(),
            first_name: self.first_name.take(),
            last_name: self.last_name.take(),
            avatar: self.avatar.take(),
            password: new_password("password", self.password, policy)?,
            invite_code: self.invite_code.take(),
        })
    }
}

fn named<C>(username: &Optional<Username>) -> impl FnOnce(&Optional<DisplayName>, &C) -> garde::Result {
    let is_named = username.is_given();
    move |name, _| {
        if is_named || name.is_given() { Ok(()) } else { Err(garde::Error::new("or username is required")) }
    }
}

/// The `garde` rule of a new password.
pub(crate) fn acceptable(password: &Required<Secret>, policy: &PasswordPolicy) -> garde::Result {
    valid(password, policy)?;
    match password.value().map(|secret| Password::parse(secret.reveal(), *policy)) {
        Some(Err(fault)) => Err(garde::Error::new(fault)),
        _ => Ok(()),
    }
}

/// A new password, held to the policy.
pub(crate) fn new_password(
    field: &str,
    secret: Required<Secret>,
    policy: PasswordPolicy,
) -> Result<Password, InvalidBody> {
    Password::parse(secret.take(field)?.reveal(), policy).map_err(|fault| InvalidBody::of(field, fault))
}

/// A password that is compared: any policy may have been in force when it was chosen.
pub(crate) fn known_password(field: &str, secret: Required<Secret>) -> Result<Password, InvalidBody> {
    Password::attempt(secret.take(field)?.reveal()).map_err(|fault| InvalidBody::of(field, fault))
}

/// `POST /auth/login`: `{email, password}` or `{username, password}`.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct LoginBody {
    #[garde(custom(valid), custom(one_of(&self.username)))]
    #[serde(default)]
    email: Optional<ClaimedEmail>,
    #[garde(custom(valid))]
    #[serde(default)]
    username: Optional<Username>,
    #[garde(custom(valid))]
    password: Required<Secret>,
}

impl Body for LoginBody {}

fn one_of<C>(username: &Optional<Username>) -> impl FnOnce(&Optional<ClaimedEmail>, &C) -> garde::Result {
    let by_username = username.is_given();
    move |email, _| match (email.is_given(), by_username) {
        (false, false) => Err(garde::Error::new("or username is required")),
        (true, true) => Err(garde::Error::new("and username exclude each other")),
        _ => Ok(()),
    }
}

/// Who somebody claims to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// By email.
    Email(EmailAddress),
    /// By username.
    Username(Username),
}

impl LoginBody {
    /// Who, and the password to compare.
    pub fn parse(self) -> Result<(Identity, Password), InvalidBody> {
        check(&self, &())?;
        let identity = match (self.email.take(), self.username.take()) {
            (Some(ClaimedEmail(email)), _) => Identity::Email(email),
            (None, Some(username)) => Identity::Username(username),
            (None, None) => return Err(InvalidBody::of("email", "or username is required")),
        };
        Ok((identity, known_password("password", self.password)?))
    }
}

/// `POST /auth/refresh`: the refresh token. Empty if the token is sent as `Authorization: Bearer`.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct RefreshBody {
    #[garde(custom(valid))]
    #[serde(default)]
    refresh_token: Optional<Secret>,
}

impl Body for RefreshBody {}

impl RefreshBody {
    /// The token, as it came.
    pub fn parse(self) -> Result<Option<Secret>, InvalidBody> {
        check(&self, &())?;
        Ok(self.refresh_token.take())
    }
}
