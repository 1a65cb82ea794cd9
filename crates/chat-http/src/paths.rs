//! Paths that both wings use.

/// The path prefix of version 1 of the API.
pub const API_PREFIX: &str = "/api/v1";

/// The path of the plain WebSocket below [`API_PREFIX`].
pub(crate) const SOCKET_PATH: &str = "/ws";

/// Whether the plain WebSocket is served at this path.
pub(crate) fn is_socket_path(path: &str) -> bool {
    path.strip_prefix(API_PREFIX) == Some(SOCKET_PATH)
}
