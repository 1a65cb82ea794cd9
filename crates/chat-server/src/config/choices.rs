//! The settings whose values have names.

use chat_domain::auth::RegistrationMode;
use chat_domain::presence::PresenceAudience;

pub(super) const ENVIRONMENTS: &[(&str, Environment)] =
    &[("development", Environment::Development), ("test", Environment::Test), ("production", Environment::Production)];
pub(super) const SWITCH: &[(&str, bool)] = &[("on", true), ("off", false)];
pub(super) const REGISTRATIONS: &[(&str, RegistrationMode)] =
    &[("open", RegistrationMode::Open), ("invite", RegistrationMode::Invite), ("closed", RegistrationMode::Closed)];
pub(super) const AUDIENCES: &[(&str, PresenceAudience)] =
    &[("contacts", PresenceAudience::Contacts), ("everyone", PresenceAudience::Everyone)];
pub(super) const LOG_FORMATS: &[(&str, LogFormat)] = &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)];

/// How strict the server is about what would be careless in the open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    /// Works without any setting.
    Development,
    /// Development, by another name in what `GET /` says.
    Test,
    /// Refuses weak settings.
    Production,
}

impl Environment {
    /// Its name in the setting and in `GET /`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Production => "production",
        }
    }
}

/// How log records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}
