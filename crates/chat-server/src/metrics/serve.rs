use super::Metrics;
use super::classic::classic;
use actix_web::dev::Server;
use actix_web::http::header::{Accept, Header as _};
use actix_web::mime::Mime;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use anyhow::Context as _;
use std::net::TcpListener;

/// `OpenMetrics`, as its specification names it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const OPEN_METRICS_NAME: &str = "application/openmetrics-text";

/// Prometheus' older text format.
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";
const CLASSIC_NAME: &str = "text/plain";

/// Serves `/metrics` on this listener and nothing else, until the handle says to stop.
pub(crate) fn serve(metrics: Metrics, listener: TcpListener) -> anyhow::Result<Server> {
    let metrics = Data::new(metrics);
    let server = HttpServer::new(move || App::new().app_data(metrics.clone()).route("/metrics", web::get().to(answer)))
        .workers(1)
        .disable_signals()
        .listen(listener)
        .context("cannot serve metrics")?;
    Ok(server.run())
}

/// Where a client names both formats, it gets the one that it names first or gives more weight; where neither, `OpenMetrics`.
fn wants_classic(request: &HttpRequest) -> bool {
    let Ok(accept) = Accept::parse(request) else { return false };
    let accepted = accept.ranked();
    let named = accepted.iter().map(Mime::essence_str).find(|name| [OPEN_METRICS_NAME, CLASSIC_NAME].contains(name));
    named == Some(CLASSIC_NAME)
}

async fn answer(request: HttpRequest, metrics: Data<Metrics>) -> HttpResponse {
    match metrics.render().await {
        Ok(page) if wants_classic(&request) => HttpResponse::Ok().content_type(CLASSIC).body(classic(&page)),
        Ok(page) => HttpResponse::Ok().content_type(OPEN_METRICS).body(page),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
