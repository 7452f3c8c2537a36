//! Connections of a proxy.
//!
//! In: accepted connections, the rules. Out: each request handed on, or harmed. Every exchange under way is in the list of
//! live ones from its first byte to the last of its answer, so that it can be cut.

use super::Shared;
use super::live::Ticket;
use super::request::Info;
use super::rule::Fault;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Answer = Response<Reply>;

/// How long hyper gets to write out what precedes a cut: it needs microseconds.
const FLUSH: Duration = Duration::from_millis(20);

/// Why a connection ends without an answer.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("cut by the test bed's proxy")]
struct Cut;

/// Takes connections until the task is aborted.
pub(super) async fn accept(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let mut closed = shared.live.closed();
            // Clients see every way that this can end; nobody else needs to hear of it.
            tokio::select! {
                _ = connection(stream, tls, shared) => {}
                _ = closed.changed() => {}
            }
        });
    }
}

async fn connection(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>) -> Result<(), BoxError> {
    stream.set_nodelay(true)?;
    let stream = TokioIo::new(tls.accept(stream).await?);
    let service = hyper::service::service_fn(move |request| exchange(request, Arc::clone(&shared)));
    Ok(hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await?)
}

/// One request. An error closes the connection.
async fn exchange(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Answer, BoxError> {
    let client = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let info = Arc::new(Info::new(request.method(), request.uri(), client));
    let mut ticket = shared.live.enter(&info);
    if request.headers().contains_key(header::UPGRADE) {
        return Ok(refusal(StatusCode::NOT_IMPLEMENTED, "the test bed's proxy does not upgrade connections"));
    }
    let fault = shared.rules.for_request(&info).map(|entry| (entry.fault, entry));
    let harm = async {
        match &fault {
            Some((Fault::Delay(time), _)) => tokio::time::sleep(*time).await,
            Some((Fault::Hold, entry)) => entry.lifted().await,
            Some((Fault::Refuse, _)) => return Err(Cut.into()),
            Some((Fault::Answer(code), _)) => {
                let code = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return Ok(Err(refusal(code, "an answer that the test asked for")));
            }
            _ => {}
        }
        shared.upstream.send(request).await.map(Ok)
    };
    let answer = tokio::select! {
        answer = harm => answer?,
        () = ticket.cut() => return Err(Cut.into()),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(refusal) => return Ok(refusal),
    };
    match fault {
        Some((Fault::DropReply, _)) => {
            // To its end: what the API server says last, it says after everything is done.
            tokio::select! { _ = answer.into_body().collect() => {}, () = ticket.cut() => {} }
            Err(Cut.into())
        }
        Some((Fault::CutReply { after }, _)) => Ok(relay(answer, info, shared, ticket, Some(after))),
        _ => Ok(relay(answer, info, shared, ticket, None)),
    }
}

/// Hands the answer on as it comes.
fn relay(
    answer: Response<Incoming>,
    info: Arc<Info>,
    shared: Arc<Shared>,
    ticket: Ticket,
    limit: Option<usize>,
) -> Answer {
    let (head, body) = answer.into_parts();
    let (send, receive) = mpsc::channel(1);
    tokio::spawn(pump(body, send, info, shared, ticket, limit));
    Response::from_parts(head, Reply(receive))
}

async fn pump(
    mut body: Incoming,
    send: mpsc::Sender<Result<Frame<Bytes>, BoxError>>,
    info: Arc<Info>,
    shared: Arc<Shared>,
    mut ticket: Ticket,
    mut limit: Option<usize>,
) {
    let next = async {
        while let Some(frame) = body.frame().await {
            let Ok(mut frame) = frame else { return Some(Cut) };
            while let Some(entry) = shared.rules.for_event(&info) {
                entry.lifted().await;
            }
            let mut cut = false;
            if let (Some(left), Some(data)) = (&mut limit, frame.data_mut()) {
                cut = data.len() > *left;
                data.truncate(*left);
                *left -= data.len();
            }
            if send.send(Ok(frame)).await.is_err() || cut {
                return cut.then_some(Cut);
            }
        }
        // An answer that is shorter than the limit is cut at its end.
        limit.map(|_| Cut)
    };
    let cut = tokio::select! {
        cut = next => cut,
        () = ticket.cut() => Some(Cut),
        () = send.closed() => None,
    };
    if let Some(cut) = cut {
        // hyper writes out what it was given when it waits for more, and throws it away when it is given an error first.
        tokio::time::sleep(FLUSH).await;
        let _ = send.send(Err(cut.into())).await;
    }
}

/// The body of an answer.
pub(super) struct Reply(mpsc::Receiver<Result<Frame<Bytes>, BoxError>>);

impl Body for Reply {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.poll_recv(context)
    }
}

/// An answer of the proxy itself, as a Kubernetes Status.
fn refusal(code: StatusCode, message: &str) -> Answer {
    let status = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code.as_u16(),
        "reason": code.canonical_reason().unwrap_or_default().replace(' ', ""),
    });
    let (send, receive) = mpsc::channel(1);
    let _ = send.try_send(Ok(Frame::data(Bytes::from(status.to_string()))));
    let mut answer = Response::new(Reply(receive));
    *answer.status_mut() = code;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    answer
}

/// The API server.
pub(super) struct Upstream {
    address: SocketAddr,
    name: ServerName<'static>,
    tls: tokio_rustls::TlsConnector,
}

impl Upstream {
    pub(super) fn new(server: &str, authority: &Path) -> Result<Self, BoxError> {
        let uri: Uri = server.parse()?;
        let address: SocketAddr = uri.authority().ok_or("the server's URL names no host")?.as_str().parse()?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority)?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        Ok(Self { address, name: address.ip().into(), tls: Arc::new(config).into() })
    }

    /// By a connection of its own: one that was kept open may be dead without anybody knowing yet.
    async fn send(&self, request: Request<Incoming>) -> Result<Response<Incoming>, BoxError> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let stream = self.tls.connect(self.name.clone(), stream).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender.send_request(request).await?)
    }
}
