//! The agent's socket.
//!
//! In: HTTP on a socket that only root may open. Out: `/api/v1/add`, `/api/v1/del`. Guarantees: a body is read up to a limit;
//! DEL never fails and releases nothing: what lets an address go is the end of its network namespace.

use crate::agent::Agent;
use crate::protocol::{Ask, Reply};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::UnixListener;

/// A CNI configuration with its arguments is a few KB.
const MOST: usize = 1 << 20;

/// Serves for ever.
pub(crate) async fn serve(listener: UnixListener, agent: Arc<Agent>) {
    loop {
        // A connection that cannot be accepted, as when there are too many files open, is no reason to stop.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let agent = Arc::clone(&agent);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let agent = Arc::clone(&agent);
                async move { Ok::<_, Infallible>(answer(&agent, request).await) }
            });
            // A plugin that was killed in the middle is no fault of the agent.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(agent: &Agent, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let body = match Limited::new(request.into_body(), MOST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return reply(StatusCode::BAD_REQUEST, &failed("the request is too long or broke off")),
    };
    let ask: Ask = match serde_json::from_slice(&body) {
        Ok(ask) => ask,
        Err(error) => return reply(StatusCode::BAD_REQUEST, &failed(&format!("the request is no JSON: {error}"))),
    };
    match path.as_str() {
        "/api/v1/add" => match agent.add(&ask).await {
            Ok(answer) => reply(StatusCode::OK, &answer),
            Err(refused) => {
                tracing::warn!(pod = ask.pod_name, nic = ask.if_name, why = %refused, "refused");
                reply(StatusCode::INTERNAL_SERVER_ERROR, &failed(&refused.to_string()))
            }
        },
        "/api/v1/del" => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        _ => reply(StatusCode::NOT_FOUND, &failed("there are /api/v1/add and /api/v1/del")),
    }
}

fn failed(error: &str) -> Reply {
    Reply { error: error.to_owned(), ..Reply::default() }
}

fn reply(code: StatusCode, reply: &Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(serde_json::to_vec(reply).unwrap_or_default()));
    *response.status_mut() = code;
    response
}
