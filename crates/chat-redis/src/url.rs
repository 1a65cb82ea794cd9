use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion};
use std::fmt;
use thiserror::Error;

/// The address of Redis: `redis://[user][:password@]host[:port][/database]`, or `rediss://` for TLS, verified with the
/// system's certificates (or those of `SSL_CERT_FILE`). Neither `Debug` nor `Display` shows the password.
#[derive(Clone)]
pub struct RedisUrl(ConnectionInfo);

/// Why a text is not a Redis address. The text is left out, since it may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidRedisUrl {
    /// Another scheme, or none.
    #[error("must begin with redis:// or rediss://")]
    Scheme,
    /// The host, port, database or a parameter is invalid.
    #[error("must have the form redis://[user][:password@]host[:port][/database]")]
    Form,
}

impl RedisUrl {
    /// Parses the address without connecting.
    pub fn parse(text: &str) -> Result<Self, InvalidRedisUrl> {
        let text = text.trim();
        if !text.starts_with("redis://") && !text.starts_with("rediss://") {
            return Err(InvalidRedisUrl::Scheme);
        }
        // `#insecure` would turn verification off in builds that support it; this one does not.
        if text.contains('#') {
            return Err(InvalidRedisUrl::Form);
        }
        let info = text.into_connection_info().map_err(|_| InvalidRedisUrl::Form)?;
        // With RESP3 the server reports the end of a subscription by itself.
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Ok(Self(info.set_redis_settings(settings)))
    }

    pub(crate) fn info(&self) -> ConnectionInfo {
        self.0.clone()
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self.0.addr(), redis::ConnectionAddr::TcpTls { .. })
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls() { "rediss" } else { "redis" };
        write!(formatter, "{scheme}://{}/{}", self.0.addr(), self.0.redis_settings().db())
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RedisUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_their_secrets() {
        for (text, shown) in [
            ("redis://localhost", "redis://localhost:6379/0"),
            ("redis://:hunter22@10.0.0.1:7000/3", "redis://10.0.0.1:7000/3"),
            ("rediss://ann:hunter22@cache.example.com", "rediss://cache.example.com:6379/0"),
        ] {
            let url = RedisUrl::parse(text).expect("an address");
            assert_eq!((url.to_string(), format!("{url:?}")), (shown.to_owned(), format!("RedisUrl({shown})")));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        assert_eq!(RedisUrl::parse("localhost:6379").map(drop), Err(InvalidRedisUrl::Scheme));
        assert_eq!(RedisUrl::parse("http://localhost").map(drop), Err(InvalidRedisUrl::Scheme));
        for text in ["redis://", "redis://:hunter22@host:port", "redis://host/db", "rediss://host/#insecure"] {
            let fault = RedisUrl::parse(text).expect_err(text);
            assert_eq!(fault, InvalidRedisUrl::Form);
            assert!(!fault.to_string().contains("hunter22"));
        }
    }
}
