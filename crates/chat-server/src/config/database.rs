use std::path::{Path, PathBuf};

/// Where the embedded database lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatabaseFile(PathBuf);

impl DatabaseFile {
    /// Reads `sqlite://relative/path` or `sqlite:///absolute/path`; else says what is wrong and what to do.
    pub(crate) fn parse(url: &str) -> Result<Self, (&'static str, &'static str)> {
        const REMEDY: &str =
            "set it to sqlite:// and a path, such as sqlite://data/chat.db or sqlite:///var/lib/chat/chat.db";
        let Some((scheme, path)) = url.split_once("://") else {
            return Err(("is not a database URL", REMEDY));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => {}
            "postgres" | "postgresql" => return Err(("asks for PostgreSQL, which this build does not have", REMEDY)),
            _ => return Err(("asks for a database that this build does not have", REMEDY)),
        }
        if path.contains(['?', '#']) {
            return Err(("has options behind the path, and none are known", REMEDY));
        }
        let file = Path::new(path);
        if file.file_name().is_none() || path.ends_with('/') || path == ":memory:" {
            return Err(("names no file", REMEDY));
        }
        Ok(Self(file.to_owned()))
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The folder that holds it, and what else the server keeps.
    pub(crate) fn folder(&self) -> &Path {
        match self.0.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_relative_or_absolute() {
        let relative = DatabaseFile::parse("sqlite://data/chat.db").expect("a file");
        assert_eq!((relative.path(), relative.folder()), (Path::new("data/chat.db"), Path::new("data")));
        let absolute = DatabaseFile::parse("sqlite:///var/lib/chat.db").expect("a file");
        assert_eq!((absolute.path(), absolute.folder()), (Path::new("/var/lib/chat.db"), Path::new("/var/lib")));
        assert_eq!(DatabaseFile::parse("sqlite://chat.db").expect("a file").folder(), Path::new("."));
    }

    #[test]
    fn what_this_build_does_not_have_is_refused_by_name() {
        assert!(DatabaseFile::parse("postgres://u:p@h/db").is_err_and(|(problem, _)| problem.contains("PostgreSQL")));
        for wrong in [
            "",
            "data/chat.db",
            "mysql://x",
            "sqlite://",
            "sqlite:///",
            "sqlite://data/",
            "sqlite://:memory:",
            "sqlite://a?mode=rwc",
        ] {
            assert!(DatabaseFile::parse(wrong).is_err(), "{wrong}");
        }
    }
}
