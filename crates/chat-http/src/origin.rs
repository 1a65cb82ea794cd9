use actix_http::header::{HeaderMap, ORIGIN};

/// The origins whose pages may call this server, from `ALLOWED_ORIGINS`, for CORS and for WebSocket upgrades.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Any page served from this machine: `http` or `https`, `localhost`, `127.0.0.1` or `[::1]`, any port. For
    /// development.
    AnyLocalhost,
    /// Exactly these, such as `https://chat.example.com`; none if the list is empty.
    List(Vec<String>),
}

impl AllowedOrigins {
    /// Whether pages of this origin may call the server. Scheme and host are compared case-insensitively (RFC 6454 §4).
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::AnyLocalhost => is_localhost(origin),
            Self::List(origins) => {
                origins.iter().any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin))
            }
        }
    }

    /// Whether a request with these headers is allowed. A request without `Origin` does not come from a page.
    pub fn allows_request(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN);
        match (origins.next(), origins.next()) {
            (None, _) => true,
            (Some(origin), None) => origin.to_str().is_ok_and(|origin| self.allows(origin)),
            _ => false,
        }
    }
}

fn is_localhost(origin: &str) -> bool {
    let origin = origin.to_ascii_lowercase();
    let Some(authority) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
        return false;
    };
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| match authority.strip_prefix(host) {
        Some("") => true,
        Some(rest) => rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::HeaderValue;

    #[test]
    fn any_page_of_this_machine_is_local_and_no_other() {
        let local = AllowedOrigins::AnyLocalhost;
        for origin in ["http://localhost", "https://LOCALHOST:5173", "http://127.0.0.1:3000", "http://[::1]:80"] {
            assert!(local.allows(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "file://localhost",
            "http://localhost.evil.example",
            "http://localhost:port",
            "http://localhost:99999",
            "http://localhost:80/path",
            "http://127.0.0.1.evil.example",
            "https://evil.example",
        ] {
            assert!(!local.allows(origin), "{origin}");
        }
    }

    #[test]
    fn a_list_is_exact() {
        let list = AllowedOrigins::List(vec!["https://chat.example.com".into(), "http://other.example:8080/".into()]);
        assert!(list.allows("https://Chat.Example.com"));
        assert!(list.allows("http://other.example:8080"));
        assert!(!list.allows("http://chat.example.com"));
        assert!(!list.allows("https://chat.example.com:444"));
        assert!(!AllowedOrigins::List(vec![]).allows("http://localhost"));
    }

    #[test]
    fn only_pages_have_an_origin_to_check() {
        let list = AllowedOrigins::List(vec![]);
        let mut headers = HeaderMap::new();
        assert!(list.allows_request(&headers));
        headers.insert(ORIGIN, HeaderValue::from_static("http://localhost"));
        assert!(!list.allows_request(&headers));
        assert!(AllowedOrigins::AnyLocalhost.allows_request(&headers));
        headers.append(ORIGIN, HeaderValue::from_static("http://localhost"));
        assert!(!AllowedOrigins::AnyLocalhost.allows_request(&headers), "one request, one origin");
    }
}
