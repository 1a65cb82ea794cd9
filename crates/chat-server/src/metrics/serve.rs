use super::Metrics;
use super::classic::classic;
use actix_web::dev::Server;
use actix_web::http::header::{ALLOW, Accept, Header as _, Quality, VARY};
use actix_web::mime::{self, Mime};
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Resource};
use anyhow::Context as _;
use std::cmp::Reverse;
use std::net::TcpListener;

/// The media type of `OpenMetrics`, as its specification names it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const OPEN_METRICS_NAME: &str = "application/openmetrics-text";

/// The media type of Prometheus' older text format.
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";
const CLASSIC_NAME: &str = "text/plain";

/// Serves `/metrics` and nothing else on this listener, until the handle stops it.
pub(crate) fn serve(metrics: Metrics, listener: TcpListener) -> anyhow::Result<Server> {
    let metrics = Data::new(metrics);
    let server = HttpServer::new(move || App::new().app_data(metrics.clone()).service(page()))
        .workers(1)
        .disable_signals()
        .listen(listener)
        .context("cannot serve metrics")?;
    Ok(server.run())
}

fn page() -> Resource {
    web::resource("/metrics").route(web::get().to(answer)).route(web::head().to(answer)).default_service(web::to(
        async || HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, HEAD")).finish(),
    ))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    OpenMetrics,
    Classic,
}

/// How much a client prefers a format: the weight, then how specific the matching range is, then its position.
type Wish = (Quality, u8, Reverse<usize>);

/// The preference for a media type, from the most specific range that matches it (RFC 9110 §12.5.1).
fn wish(accept: &Accept, kind: mime::Name<'_>, name: &str) -> Option<Wish> {
    let exactness = |range: &Mime| match (range.type_(), range.subtype()) {
        _ if range.essence_str() == name => Some(2),
        (of, mime::STAR) if of == kind => Some(1),
        (mime::STAR, mime::STAR) => Some(0),
        _ => None,
    };
    let wishes = accept
        .iter()
        .enumerate()
        .filter_map(|(place, range)| Some((range.quality, exactness(&range.item)?, Reverse(place))));
    wishes.max_by_key(|(quality, exactness, place)| (*exactness, *quality, *place))
}

/// The format that a client prefers; `OpenMetrics` if it has no preference. A format that the client does not name is
/// better than one that it excludes. `None` if it excludes both.
fn format(accept: &Accept) -> Option<Format> {
    let excludes = |wish: &Option<Wish>| wish.is_some_and(|(quality, ..)| quality == Quality::ZERO);
    let open = wish(accept, mime::APPLICATION, OPEN_METRICS_NAME);
    let classic = wish(accept, mime::TEXT, CLASSIC_NAME);
    match (excludes(&open), excludes(&classic)) {
        (true, true) => None,
        (true, false) => Some(Format::Classic),
        (false, true) => Some(Format::OpenMetrics),
        (false, false) => Some(if classic > open { Format::Classic } else { Format::OpenMetrics }),
    }
}

async fn answer(request: HttpRequest, metrics: Data<Metrics>) -> HttpResponse {
    let accepted = Accept::parse(&request).unwrap_or_else(|_| Accept(Vec::new()));
    let Some(format) = format(&accepted) else { return HttpResponse::NotAcceptable().finish() };
    match metrics.render().await {
        Ok(page) => {
            let (name, page) = match format {
                Format::OpenMetrics => (OPEN_METRICS, page),
                Format::Classic => (CLASSIC, classic(&page)),
            };
            HttpResponse::Ok().content_type(name).insert_header((VARY, "accept")).body(page)
        }
        Err(error) => {
            tracing::error!(%error, "cannot write the metrics");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_format_is_the_one_that_the_client_prefers() {
        let chosen = |accept: &'static str| {
            let request = TestRequest::default().insert_header(("accept", accept)).to_http_request();
            format(&Accept::parse(&request).expect("a header"))
        };
        for classic in [
            "text/plain",
            "TEXT/Plain; charset=utf-8",
            "text/*",
            "text/*;q=0.1",
            "text/*, */*;q=0.1",
            "text/plain, application/openmetrics-text",
            "text/*;q=0.9, application/*;q=0.8",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=0, */*",
            "application/*;q=0, */*;q=0.5",
            "text/plain;q=0.3, text/*;q=0, application/openmetrics-text;q=0.2",
        ] {
            assert_eq!(chosen(classic), Some(Format::Classic), "{classic}");
        }
        for open in [
            "",
            "*/*",
            "application/json",
            "application/*",
            "application/openmetrics-text, text/plain",
            "text/plain;q=0.5, application/openmetrics-text;q=0.6",
            "text/plain;q=0",
            "text/plain;q=0, */*",
            "text/plain;q=0, text/*",
            "text/*;q=0, */*;q=0.1",
        ] {
            assert_eq!(chosen(open), Some(Format::OpenMetrics), "{open}");
        }
        for none in ["*/*;q=0", "text/plain;q=0, application/openmetrics-text;q=0", "text/*;q=0,application/*;q=0"] {
            assert_eq!(chosen(none), None, "{none}");
        }
    }
}
