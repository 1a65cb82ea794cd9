//! The only place that reads the environment.

use super::InvalidConfig;
use super::faults::Fault;
use super::settings::SETTINGS;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

/// Read if `APP_ENV` is not set.
pub(super) const NODE_ENV: &str = "NODE_ENV";

/// Values by name, from the process's environment and a `.env` file. The environment wins. An empty value counts as not
/// set.
#[derive(Default)]
pub(crate) struct Source(HashMap<String, String>);

impl Source {
    /// Reads the environment, and the `.env` file at this path if it exists.
    ///
    /// A setting whose value is not UTF-8 is a fault: ignoring it could start a server that is more open than intended.
    pub(crate) fn read(dotenv: &Path) -> Result<Self, InvalidConfig> {
        Self::of(dotenv, std::env::vars_os())
    }

    fn of(dotenv: &Path, environment: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, InvalidConfig> {
        let mut values = HashMap::new();
        if dotenv.exists() {
            let unreadable = |error: dotenvy::Error| {
                InvalidConfig::one(
                    ".env",
                    format!("cannot be read ({})", without_values(&error)),
                    "write one NAME=value per line, and quote values that contain spaces or #",
                )
            };
            for line in dotenvy::from_path_iter(dotenv).map_err(unreadable)? {
                let (name, value) = line.map_err(unreadable)?;
                values.insert(name, value);
            }
        }
        let mut faults = Vec::new();
        for (name, value) in environment {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) if value.trim().is_empty() && values.contains_key(&name) => {}
                Ok(value) => {
                    values.insert(name, value);
                }
                // Variables of other programs are ignored.
                Err(_) if !is_setting(&name) => {}
                Err(_) => faults.push(Fault {
                    setting: name,
                    problem: "is not UTF-8 text".to_owned(),
                    remedy: "set it to text in UTF-8, or unset it".to_owned(),
                }),
            }
        }
        if faults.is_empty() { Ok(Self(values)) } else { Err(InvalidConfig(faults)) }
    }

    /// Whether the setting is present but empty, for the settings that an empty value turns off.
    pub(crate) fn is_blank(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value.trim().is_empty())
    }

    /// The trimmed value; `None` if it is not set or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

fn is_setting(name: &str) -> bool {
    name == NODE_ENV || SETTINGS.iter().any(|setting| setting.name == name)
}

/// Describes the error by its position alone: the faulty line may contain a secret.
fn without_values(error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::LineParse(_, position) => format!("syntax error at character {position} of a line"),
        dotenvy::Error::Io(error) => error.to_string(),
        _ => "syntax error".to_owned(),
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
    fn a_setting_that_is_not_text_is_a_fault_and_another_variable_is_not() {
        use std::os::unix::ffi::OsStringExt as _;

        let nowhere = Path::new("/nonexistent/.env");
        let read = |names: &[&str]| {
            let odd = names.iter().map(|name| (OsString::from(name), OsString::from_vec(b"closed\xff".to_vec())));
            Source::of(nowhere, odd).map(|_| ())
        };
        for name in ["REGISTRATION", "JWT_SECRET", "NODE_ENV", "RUST_LOG"] {
            let said = read(&[name]).expect_err("a fault").to_string();
            assert!(said.contains(&format!("{name} is not UTF-8 text")) && !said.contains("closed"), "{said}");
        }
        assert_eq!(read(&["HOST", "PORT"]).expect_err("faults").0.len(), 2, "all of them are named");
        assert_eq!(read(&["LS_COLORS", "registration"]), Ok(()));
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
