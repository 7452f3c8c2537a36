//! The front behind TLS: clients that trust its certificate are served, others are not, and both leave it serving.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ListParams, PostParams};
use kube::{Api, Client, Config};
use model::{Options, Server};
use model_http::{Model, serve_tls, system_time};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Long enough for a busy machine; a test that waits for it has failed.
const DEADLINE: Duration = Duration::from_secs(20);

/// A served model: its address, and its certificate.
async fn bed() -> Result<(std::net::SocketAddr, Vec<u8>)> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let model = Model::new(Server::new(1, Options { start: system_time(), ..Options::default() }), system_time);
    tokio::spawn(serve_tls(model, listener, Arc::new(config)));
    Ok((address, cert.der().to_vec()))
}

fn maps(address: std::net::SocketAddr, roots: Vec<Vec<u8>>) -> Result<Api<ConfigMap>> {
    let mut config = Config::new(format!("https://{address}").parse()?);
    config.root_cert = Some(roots);
    Ok(Api::namespaced(Client::try_from(config)?, "default"))
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_served() -> Result<()> {
    let (address, certificate) = bed().await?;
    let maps = maps(address, vec![certificate])?;
    let mut map = ConfigMap::default();
    map.metadata.name = Some("a".into());
    tokio::time::timeout(DEADLINE, maps.create(&PostParams::default(), &map)).await??;
    assert_eq!(tokio::time::timeout(DEADLINE, maps.list(&ListParams::default())).await??.items.len(), 1);
    Ok(())
}

#[tokio::test]
async fn clients_that_do_not_trust_it_or_speak_no_tls_are_dropped_and_the_others_go_on() -> Result<()> {
    let (address, certificate) = bed().await?;
    let (_, other) = bed().await?;
    let refused = tokio::time::timeout(DEADLINE, maps(address, vec![other])?.list(&ListParams::default())).await?;
    let why = format!("{:?}", refused.unwrap_err());
    assert!(why.contains("Certificate"), "{why}");

    let mut plain = TcpStream::connect(address).await?;
    plain.write_all(b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n").await?;
    let mut answer = Vec::new();
    // An alert or a reset: in any case the connection ends and no API answers.
    let _ = tokio::time::timeout(DEADLINE, plain.read_to_end(&mut answer)).await?;
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");

    tokio::time::timeout(DEADLINE, maps(address, vec![certificate])?.list(&ListParams::default())).await??;
    Ok(())
}
