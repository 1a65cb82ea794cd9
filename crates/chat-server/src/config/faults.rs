use std::fmt;

/// One fault in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The setting's name.
    pub(crate) setting: String,
    /// The problem, read after the setting's name. Never contains a secret.
    pub(crate) problem: String,
    /// How to fix it, in the imperative.
    pub(crate) remedy: String,
}

/// All faults in the configuration, each with its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidConfig(pub(crate) Vec<Fault>);

impl InvalidConfig {
    /// A single fault.
    pub(crate) fn one(setting: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self(vec![Fault { setting: setting.to_owned(), problem: problem.into(), remedy: remedy.into() }])
    }
}

impl fmt::Display for InvalidConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(formatter, "the configuration has 1 fault:")?,
            count => write!(formatter, "the configuration has {count} faults:")?,
        }
        for Fault { setting, problem, remedy } in &self.0 {
            write!(formatter, "\n  {setting} {problem}: {remedy}")?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidConfig {}
