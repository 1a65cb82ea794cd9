use super::Metrics;
use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::Context as _;
use std::net::TcpListener;

/// `OpenMetrics`, as its specification names it.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

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

async fn answer(metrics: Data<Metrics>) -> HttpResponse {
    match metrics.render().await {
        Ok(text) => HttpResponse::Ok().content_type(CONTENT_TYPE).body(text),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
