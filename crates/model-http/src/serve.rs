//! Connections, with and without TLS.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, WARNING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use model::{Body, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::body::Answer;
use crate::{Model, parse, partial, watch};

/// Serves plain HTTP until the listener fails.
///
/// # Errors
/// When a connection cannot be accepted.
pub async fn serve(model: Model, listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(connection(model.clone(), stream));
    }
}

/// Serves HTTPS until the listener fails; a client whose handshake fails is dropped.
///
/// # Errors
/// When a connection cannot be accepted.
pub async fn serve_tls(model: Model, listener: TcpListener, config: Arc<ServerConfig>) -> io::Result<()> {
    let acceptor = TlsAcceptor::from(config);
    loop {
        let (stream, _) = listener.accept().await?;
        let (model, acceptor) = (model.clone(), acceptor.clone());
        tokio::spawn(async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                connection(model, stream).await;
            }
        });
    }
}

async fn connection<S>(model: Model, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(model.clone(), request));
    // A client that goes in the middle of a request is no fault of the server.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(model: Model, request: hyper::Request<Incoming>) -> Result<hyper::Response<Answer>, Infallible> {
    let (parts, body) = request.into_parts();
    let response = match Limited::new(body, parse::MAX_BODY).collect().await {
        Ok(body) => match parse::request(&parts, &body.to_bytes()) {
            Ok(request) => {
                let timeout = timeout(&request);
                let metadata_only = partial::wanted(&request.accept);
                let response = model.handle(request);
                return Ok(print(&model, response, timeout, metadata_only));
            }
            Err(refusal) => *refusal,
        },
        Err(_) => Response::too_large(&format!("limit is {}", parse::MAX_BODY)),
    };
    Ok(print(&model, response, None, false))
}

/// How long a watch lasts; none: as long as is usual, and so it is for 0 seconds (`ListResource` in
/// `apiserver/pkg/endpoints/handlers/get.go`). What is no number, the model refuses.
fn timeout(request: &Request) -> Option<Duration> {
    let seconds: i64 = request.param("timeoutSeconds")?.parse().ok()?;
    // A century is as good as for ever, and no clock runs over.
    let bounded = u32::try_from(seconds.max(0)).unwrap_or(u32::MAX);
    (seconds != 0).then(|| Duration::from_secs(bounded.into()))
}

fn print(model: &Model, response: Response, timeout: Option<Duration>, metadata_only: bool) -> hyper::Response<Answer> {
    let mut builder = hyper::Response::builder().status(response.code);
    for text in &response.warnings {
        // RFC 7234 warning 299: the text is quoted, and a header holds no control characters.
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            builder = builder.header(WARNING, value);
        }
    }
    let content_type = match &response.body {
        Body::Text(_) => "text/plain; charset=utf-8",
        _ => response.content_type.unwrap_or("application/json"),
    };
    let body = match response.body {
        Body::Text(text) => Answer::whole(text),
        Body::Watch(id) => Answer::Stream(watch::stream(model.clone(), id, timeout, metadata_only)),
        ref body if metadata_only => {
            let value = serde_json::to_value(body).unwrap_or_default();
            Answer::whole(partial::strip(value).to_string())
        }
        ref body => Answer::whole(serde_json::to_vec(body).unwrap_or_default()),
    };
    builder.header(CONTENT_TYPE, content_type).body(body).unwrap_or_else(|_| {
        let mut response = hyper::Response::new(Answer::whole("invalid answer"));
        *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_lasts_as_long_as_it_says_and_no_seconds_say_nothing() {
        let seconds = |text: &str| timeout(&Request::get("/").with("timeoutSeconds", text)).map(|d| d.as_secs());
        assert_eq!(timeout(&Request::get("/")), None);
        assert_eq!([seconds("0"), seconds(""), seconds("5")], [None, None, Some(5)]);
        assert_eq!([seconds("-1"), seconds("9223372036854775807")], [Some(0), Some(u64::from(u32::MAX))]);
    }
}
