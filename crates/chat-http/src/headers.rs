use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The content security policy of answers that are data, not pages: browsers must neither run nor frame them.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// One year, in seconds.
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// Adds the security headers to an answer. A header that the handler has set (a page with its own policy) stays.
pub(crate) fn secure(headers: &mut HeaderMap, is_production: bool) {
    let mut unless_set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_set(header::X_FRAME_OPTIONS, "DENY");
    unless_set(header::REFERRER_POLICY, "no-referrer");
    unless_set(header::CONTENT_SECURITY_POLICY, DATA_POLICY);
    unless_set(header::CACHE_CONTROL, "no-store");
    if is_production {
        unless_set(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
}
