//! Health, readiness and metrics over HTTP.
//!
//! In: [`Status`], [`Metrics`]. Out: `/healthz` (the loop turns), `/readyz` (every kind was listed: it works, or would
//! as soon as it has the Lease), `/metrics`. Guarantees: answers without asking the loop, so that a busy one is not taken for a dead one.

use crate::metrics::Metrics;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;

/// What probes ask for.
#[derive(Debug, Default)]
pub(crate) struct Status {
    /// It works, or could at once.
    pub(crate) ready: AtomicBool,
}

/// Serves for ever.
pub(crate) async fn serve(listener: TcpListener, status: Arc<Status>, metrics: Arc<Metrics>) {
    loop {
        // A connection that cannot be accepted, as when there are too many files open, is no reason to stop.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (status, metrics) = (Arc::clone(&status), Arc::clone(&metrics));
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = answer(&request, &status, &metrics);
                async move { Ok::<_, Infallible>(answer) }
            });
            // A client that goes in the middle of a request is no fault of the server.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(request: &Request<Incoming>, status: &Status, metrics: &Metrics) -> Response<Full<Bytes>> {
    let (code, text) = match request.uri().path() {
        "/healthz" => (StatusCode::OK, "ok".to_owned()),
        "/readyz" if status.ready.load(Ordering::Relaxed) => (StatusCode::OK, "ok".to_owned()),
        "/readyz" => (StatusCode::SERVICE_UNAVAILABLE, "not every kind has been listed yet".to_owned()),
        "/metrics" => (StatusCode::OK, metrics.text()),
        _ => (StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics".to_owned()),
    };
    let content = match request.uri().path() {
        "/metrics" => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = code;
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static(content));
    response
}
