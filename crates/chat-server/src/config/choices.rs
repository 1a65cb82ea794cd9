//! Settings whose values are names.

use chat_domain::auth::RegistrationMode;
use chat_domain::messages::EditHistory;
use chat_domain::presence::PresenceAudience;

pub(super) const ENVIRONMENTS: &[(&str, Environment)] =
    &[("development", Environment::Development), ("test", Environment::Test), ("production", Environment::Production)];
pub(super) const SWITCH: &[(&str, bool)] = &[("on", true), ("off", false)];
pub(super) const REGISTRATIONS: &[(&str, RegistrationMode)] =
    &[("open", RegistrationMode::Open), ("invite", RegistrationMode::Invite), ("closed", RegistrationMode::Closed)];
pub(super) const AUDIENCES: &[(&str, PresenceAudience)] =
    &[("contacts", PresenceAudience::Contacts), ("everyone", PresenceAudience::Everyone)];
pub(super) const EDIT_HISTORIES: &[(&str, EditHistory)] =
    &[("participants", EditHistory::Participants), ("admins", EditHistory::Admins), ("off", EditHistory::Off)];
pub(super) const LOG_FORMATS: &[(&str, LogFormat)] = &[("pretty", LogFormat::Pretty), ("json", LogFormat::Json)];

/// The environment that the server runs in: how strictly it checks its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    /// Starts without any setting.
    Development,
    /// Like development; `GET /` shows the other name.
    Test,
    /// Rejects weak settings.
    Production,
}

impl Environment {
    /// The name in the setting and in the response of `GET /`.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Production => "production",
        }
    }
}

/// The format of log records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Text for people.
    Pretty,
    /// One JSON object per line.
    Json,
}
