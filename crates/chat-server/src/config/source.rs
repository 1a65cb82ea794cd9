//! The one place that reads the environment.

use super::InvalidConfig;
use std::collections::HashMap;
use std::path::Path;

/// Values by name, from the process's environment and a `.env` file. The environment wins; an empty value counts as not set.
#[derive(Default)]
pub(crate) struct Source(HashMap<String, String>);

impl Source {
    /// Reads the environment, and `.env` at this path where there is one.
    pub(crate) fn read(dotenv: &Path) -> Result<Self, InvalidConfig> {
        let mut values = HashMap::new();
        if dotenv.exists() {
            let unreadable = |error: dotenvy::Error| {
                InvalidConfig::one(
                    ".env",
                    format!("cannot be read ({})", without_values(&error)),
                    "write one NAME=value a line, quoting values that contain spaces or #",
                )
            };
            for line in dotenvy::from_path_iter(dotenv).map_err(unreadable)? {
                let (name, value) = line.map_err(unreadable)?;
                values.insert(name, value);
            }
        }
        for (name, value) in std::env::vars_os() {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string())
                && (!value.trim().is_empty() || !values.contains_key(&name))
            {
                values.insert(name, value);
            }
        }
        Ok(Self(values))
    }

    /// Whether it is there, and empty: for the settings that can be turned off so.
    pub(crate) fn is_blank(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value.trim().is_empty())
    }

    /// The trimmed value; `None` where it is not set or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

/// A faulty line may be the one with the secret: only its place is told.
fn without_values(error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::LineParse(_, position) => format!("a line does not parse at character {position}"),
        dotenvy::Error::Io(error) => error.to_string(),
        _ => "it does not parse".to_owned(),
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Source {
    fn from(values: [(&str, &str); N]) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_over_the_file_and_empty_values_do_not_count() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        std::fs::write(&path, "PATH=from-the-file\nCHAT_TEST_ONLY_IN_FILE='a b'\nCHAT_TEST_EMPTY=\n").expect("written");
        let source = Source::read(&path).expect("a source");
        assert_eq!(
            source.get("PATH").map(str::to_owned),
            std::env::var("PATH").ok().map(|path| path.trim().to_owned())
        );
        assert_eq!(source.get("CHAT_TEST_ONLY_IN_FILE"), Some("a b"));
        assert_eq!(source.get("CHAT_TEST_EMPTY"), None);
        assert!(
            source.is_blank("CHAT_TEST_EMPTY") && !source.is_blank("PATH") && !source.is_blank("CHAT_TEST_NOWHERE")
        );
    }

    #[test]
    fn a_file_that_does_not_parse_is_named_without_its_contents() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".env");
        std::fs::write(&path, "JWT_SECRET='hush hush\n").expect("written");
        let fault = Source::read(&path).err().expect("a fault").to_string();
        assert!(fault.contains(".env") && !fault.contains("hush"), "{fault}");
    }
}
