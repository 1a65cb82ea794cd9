use crate::body::check;
use crate::values::ClaimedEmail;
use crate::{Body, InvalidBody, Optional, Required, Secret, valid};
use chat_domain::auth::{Password, PasswordPolicy, RegistrationCode};
use chat_domain::users::{AvatarUrl, DisplayName, EmailAddress, Username};
use garde::Validate;
use serde::Deserialize;

/// The body of `POST /auth/register`: with a name, a username or both. A missing username is derived from the email
/// address. A missing name is derived from first and last name, or else from the username.
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

/// A registration with valid values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The email address.
    pub email: EmailAddress,
    /// The username, if the user chose one.
    pub username: Option<Username>,
    /// The display name, if the user chose one.
    pub name: Option<DisplayName>,
    /// The first name, if given.
    pub first_name: Option<DisplayName>,
    /// The last name, if given.
    pub last_name: Option<DisplayName>,
    /// The avatar, if given.
    pub avatar: Option<AvatarUrl>,
    /// The password, which the policy accepts.
    pub password: Password,
    /// The registration code, if the server requires one.
    pub invite_code: Option<RegistrationCode>,
}

impl RegisterBody {
    /// Parses every value by the domain's rules and this policy.
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

/// Parses a new password, which the policy must accept.
pub(crate) fn new_password(
    field: &str,
    secret: Required<Secret>,
    policy: PasswordPolicy,
) -> Result<Password, InvalidBody> {
    Password::parse(secret.take(field)?.reveal(), policy).map_err(|fault| InvalidBody::of(field, fault))
}

/// Parses a password that is compared. It may have been chosen under any earlier policy.
pub(crate) fn known_password(field: &str, secret: Required<Secret>) -> Result<Password, InvalidBody> {
    Password::attempt(secret.take(field)?.reveal()).map_err(|fault| InvalidBody::of(field, fault))
}

/// The body of `POST /auth/login`: `{email, password}` or `{username, password}`.
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

/// The identity that a client wants to sign in as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// An email address.
    Email(EmailAddress),
    /// A username.
    Username(Username),
}

impl LoginBody {
    /// Returns the identity and the password to compare.
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

/// The body of `POST /auth/refresh`: the refresh token. Empty if the token is sent as `Authorization: Bearer`.
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
    /// Returns the token as it was sent.
    pub fn parse(self) -> Result<Option<Secret>, InvalidBody> {
        check(&self, &())?;
        Ok(self.refresh_token.take())
    }
}
