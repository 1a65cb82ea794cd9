use crate::TrustedProxies;
use crate::request_id::RequestId;
use actix_http::StatusCode;
use actix_http::header::{HeaderMap, USER_AGENT};
use chat_domain::ErrorCode;
use chat_domain::auth::ClientInfo;
use std::net::SocketAddr;
use std::time::Duration;

/// The client's address and user agent, for the list of devices and the log.
pub fn client_info(proxies: &TrustedProxies, headers: &HeaderMap, peer: Option<SocketAddr>) -> ClientInfo {
    let user_agent = headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    ClientInfo::new(user_agent.as_deref(), proxies.client_address(headers, peer).map(|address| address.to_string()))
}

/// A request and its result. It never contains bodies, tokens or query strings.
#[derive(Debug)]
pub struct RequestLine<'a> {
    /// The request id, which the answer contains too.
    pub request_id: &'a RequestId,
    /// The method of the request.
    pub method: &'a str,
    /// The pattern that matched, such as `/api/v1/users/{id}`; never the path itself.
    pub route: Option<&'a str>,
    /// The status of the answer.
    pub status: StatusCode,
    /// The client.
    pub client: &'a ClientInfo,
    /// Whether the request had a valid access token. Requests without one are logged up to a budget.
    pub is_signed_in: bool,
    /// The time from the request's head to the answer's head.
    pub duration: Duration,
    /// The error code, for failures.
    pub code: Option<ErrorCode>,
    /// The causes, for faults of the server.
    pub cause: Option<&'a str>,
}

impl RequestLine<'_> {
    /// Logs the request: at error level for 5xx, at warn for 4xx and `UPGRADE_PENDING`, else at info; successful
    /// health checks at debug.
    pub fn log(&self) {
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "chat_http::request",
                    request_id = self.request_id.as_str(),
                    method = self.method,
                    route = self.route.unwrap_or("-"),
                    status = u64::from(self.status.as_u16()),
                    signed_in = self.is_signed_in,
                    address = self.client.ip.as_deref(),
                    user_agent = self.client.user_agent.as_deref(),
                    duration_ms = self.duration.as_secs_f64() * 1_000.0,
                    code = self.code.map(ErrorCode::as_str),
                    cause = self.cause,
                    "request"
                )
            };
        }
        match self.status.as_u16() {
            _ if self.code == Some(ErrorCode::UpgradePending) => line!(warn),
            500.. => line!(error),
            400..=499 => line!(warn),
            _ if self.route.is_some_and(|route| route.starts_with("/health/")) => line!(debug),
            _ => line!(info),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_known_by_their_plain_address() {
        let peer = "[::ffff:192.0.2.7]:4000".parse().ok();
        let proxies = TrustedProxies::default();
        assert_eq!(client_info(&proxies, &HeaderMap::new(), peer).ip.as_deref(), Some("192.0.2.7"));
        assert_eq!(client_info(&proxies, &HeaderMap::new(), None), ClientInfo::default());
    }
}
