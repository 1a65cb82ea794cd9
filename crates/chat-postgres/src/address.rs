use crate::OpenError;
use std::path::PathBuf;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};

/// How the connection to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// In plain text.
    None,
    /// Encrypted if the server supports it; its certificate is not checked.
    Opportunistic,
    /// Encrypted; a trusted authority must have signed the certificate.
    Authority,
    /// Encrypted; a trusted authority must have signed the certificate, for the requested host.
    Full,
}

/// The source of trusted certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    /// The machine's certificate store.
    System,
    /// A file of PEM certificates, which alone are trusted.
    File(PathBuf),
}

/// The parts of a database address.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) config: tokio_postgres::Config,
    pub(crate) protection: Protection,
    pub(crate) roots: Roots,
}

impl Address {
    /// Parses a `postgres://` address. No error contains the password.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let fault = |what: &str| OpenError::Address(what.to_owned());
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(fault("it must begin with postgres://"));
        }
        let (mut protection, mut roots, mut rest) = (Protection::Opportunistic, Roots::System, Vec::new());
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => protection = Protection::parse(mode)?,
                Some(("sslrootcert", "system")) => roots = Roots::System,
                Some(("sslrootcert", path)) => roots = Roots::File(unescaped(path).into()),
                _ => rest.push(pair),
            }
        }
        let plain = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        // The parser's error names the invalid option, never a value.
        let mut config: tokio_postgres::Config = plain.parse().map_err(|error: tokio_postgres::Error| {
            let source = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            OpenError::Address(source)
        })?;
        config.ssl_mode(protection.ssl_mode());
        // After a failover the first host that answers may be the standby.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_application_name().is_none() {
            config.application_name("chat");
        }
        Ok(Self { config, protection, roots })
    }
}

impl Protection {
    fn parse(mode: &str) -> Result<Self, OpenError> {
        match mode {
            "disable" => Ok(Self::None),
            "prefer" => Ok(Self::Opportunistic),
            "verify-ca" => Ok(Self::Authority),
            "require" | "verify-full" => Ok(Self::Full),
            other => Err(OpenError::Address(format!(
                "sslmode must be disable, prefer, require, verify-ca or verify-full, not {other:?}"
            ))),
        }
    }

    const fn ssl_mode(self) -> SslMode {
        match self {
            Self::None => SslMode::Disable,
            Self::Opportunistic => SslMode::Prefer,
            Self::Authority | Self::Full => SslMode::Require,
        }
    }
}

/// Decodes `%2F` and other percent escapes.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escaped = (first == b'%').then(|| text_of(after.get(..2)?)).flatten();
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text_of(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Address {
        Address::parse(&format!("postgres://chat:secret@db.example/chat{query}")).expect("an address")
    }

    #[test]
    fn the_mode_says_how_the_way_is_protected() {
        for (query, protection) in [
            ("", Protection::Opportunistic),
            ("?sslmode=disable", Protection::None),
            ("?sslmode=prefer", Protection::Opportunistic),
            ("?sslmode=require", Protection::Full),
            ("?sslmode=verify-ca", Protection::Authority),
            ("?connect_timeout=3&sslmode=verify-full", Protection::Full),
        ] {
            let address = parse(query);
            assert_eq!(address.protection, protection, "{query}");
            assert_eq!(address.config.get_dbname(), Some("chat"));
        }
    }

    #[test]
    fn the_authorities_may_be_a_file() {
        assert_eq!(parse("").roots, Roots::System);
        assert_eq!(parse("?sslrootcert=system").roots, Roots::System);
        assert_eq!(parse("?sslrootcert=%2Fetc%2Fmy%20ca.pem").roots, Roots::File("/etc/my ca.pem".into()));
    }

    #[test]
    fn a_faulty_address_is_named_without_its_password() {
        for url in [
            "mysql://chat:secret@db/chat",
            "postgres://chat:secret@db/chat?sslmode=allow",
            "postgres://chat:secret@db/chat?nonsense=1",
            "postgres://chat:secret@db:port/chat",
        ] {
            let error = Address::parse(url).expect_err(url);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
