//! The IPAM plugin: what a main plugin such as macvlan calls.
//!
//! In: the CNI environment, a network configuration on standard input. Out: a CNI result or error on standard output, and
//! whether it went well. Guarantees: decides nothing: it asks the agent; a runtime that speaks any version of CNI from
//! 0.3.0 on is answered in its own.

use crate::protocol::{Ask, Reply, SOCKET};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::UnixStream;

/// Versions of CNI whose IPAM results it can print.
const VERSIONS: [&str; 5] = ["0.3.1", "0.4.0", "1.0.0", "1.1.0", "0.3.0"];

/// CNI's code for "try again later".
const LATER: u32 = 11;
/// CNI's code for a configuration that cannot be read.
const DECODING: u32 = 6;
/// CNI's code for environment variables that are missing or wrong.
const ENVIRONMENT: u32 = 4;

/// Why a call fails, as CNI says it.
struct Failure {
    code: u32,
    message: String,
}

/// Runs the plugin: what to print, and whether it went well.
pub async fn plugin(variable: impl Fn(&str) -> Option<String>, input: &[u8]) -> (String, bool) {
    let version = serde_json::from_slice::<Value>(input).ok();
    let version = version.and_then(|config| config["cniVersion"].as_str().map(str::to_owned));
    let version = version.unwrap_or_else(|| "0.3.1".to_owned());
    match run(variable, input, &version).await {
        Ok(Value::Null) => (String::new(), true),
        Ok(result) => (result.to_string(), true),
        Err(Failure { code, message }) => {
            let error =
                json!({"cniVersion": version, "code": code, "msg": "IPLedger gives no address", "details": message});
            (error.to_string(), false)
        }
    }
}

async fn run(variable: impl Fn(&str) -> Option<String>, input: &[u8], version: &str) -> Result<Value, Failure> {
    let command = variable("CNI_COMMAND").unwrap_or_default();
    if command == "VERSION" {
        return Ok(json!({"cniVersion": "1.1.0", "supportedVersions": VERSIONS}));
    }
    let config: Value = serde_json::from_slice(input).map_err(|error| Failure {
        code: DECODING,
        message: format!("the network configuration is no JSON: {error}"),
    })?;
    let ipam = &config["ipam"];
    let socket = ipam["server_socket"].as_str().unwrap_or(SOCKET).to_owned();
    let ask = ask(&variable, &config)?;
    match command.as_str() {
        "ADD" => result(&call(&socket, "/api/v1/add", &ask).await?, version),
        "DEL" => {
            // A node whose agent is gone must still be able to end its sandboxes.
            let _ = call(&socket, "/api/v1/del", &ask).await;
            Ok(Value::Null)
        }
        "CHECK" | "GC" | "STATUS" => Ok(Value::Null),
        other => Err(Failure { code: ENVIRONMENT, message: format!("CNI_COMMAND {other:?} is not known") }),
    }
}

fn ask(variable: &impl Fn(&str) -> Option<String>, config: &Value) -> Result<Ask, Failure> {
    let arguments = variable("CNI_ARGS").unwrap_or_default();
    let argument = |name: &str| {
        let mut pairs = arguments.split(';').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ask = Ask {
        cni_type: text(&config["type"]),
        pod_name: argument("K8S_POD_NAME"),
        pod_namespace: argument("K8S_POD_NAMESPACE"),
        pod_uid: argument("K8S_POD_UID"),
        container_id: variable("CNI_CONTAINERID").unwrap_or_default(),
        net_ns: variable("CNI_NETNS").unwrap_or_default(),
        if_name: variable("CNI_IFNAME").unwrap_or_default(),
        provider: text(&config["ipam"]["provider"]),
    };
    if ask.provider.is_empty() {
        let message =
            "the configuration has no ipam.provider: it is `<name>.<namespace>` of the NetworkAttachmentDefinition";
        return Err(Failure { code: DECODING, message: message.to_owned() });
    }
    Ok(ask)
}

async fn call(socket: &str, path: &str, ask: &Ask) -> Result<Reply, Failure> {
    let failure = |what: &str, error: String| Failure { code: LATER, message: format!("{what} {socket}: {error}") };
    let stream = UnixStream::connect(socket).await;
    let stream = stream.map_err(|error| failure("cannot reach this node's agent at", error.to_string()))?;
    let broke = |error: hyper::Error| failure("the agent broke off at", error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broke)?;
    tokio::spawn(connection);
    let body = Full::<Bytes>::from(serde_json::to_vec(ask).unwrap_or_default());
    let request = Request::post(path).header("host", "agent").body(body);
    let request = request.map_err(|error| failure("cannot ask", error.to_string()))?;
    let response = sender.send_request(request).await.map_err(broke)?;
    let code = response.status();
    let body = response.into_body().collect().await.map_err(broke)?.to_bytes();
    let reply: Reply = serde_json::from_slice(&body).unwrap_or_default();
    match code {
        StatusCode::OK | StatusCode::NO_CONTENT => Ok(reply),
        _ => Err(Failure { code: LATER, message: reply.error }),
    }
}

/// The result of ADD, in the runtime's version of CNI.
fn result(reply: &Reply, version: &str) -> Result<Value, Failure> {
    let old = version.starts_with("0.");
    let mut ips = Vec::new();
    for ip in &reply.ips {
        let Some((_, prefix)) = ip.cidr.split_once('/') else {
            let message = format!("the agent says no prefix length of {}", ip.ip);
            return Err(Failure { code: LATER, message });
        };
        let mut entry = json!({"address": format!("{}/{prefix}", ip.ip)});
        if old {
            entry["version"] = json!(if ip.protocol == "IPv6" { "6" } else { "4" });
        }
        if !ip.gateway.is_empty() {
            entry["gateway"] = json!(ip.gateway);
        }
        ips.push(entry);
    }
    Ok(json!({"cniVersion": version, "ips": ips, "dns": {}}))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn without_an_agent_the_error_says_what_could_not_be_reached_and_deletion_goes_on() {
        let config =
            br#"{"cniVersion":"1.1.0","type":"macvlan","ipam":{"provider":"mv.net","server_socket":"/nonexistent"}}"#;
        let variable = |command: &'static str| move |name: &str| (name == "CNI_COMMAND").then(|| command.to_owned());
        let (said, well) = plugin(variable("ADD"), config).await;
        assert!(!well && said.contains("cannot reach this node's agent at /nonexistent"), "{said}");
        assert_eq!(plugin(variable("DEL"), config).await, (String::new(), true));
        let (said, well) = plugin(variable("VERSION"), b"").await;
        assert!(well && said.contains("1.1.0"), "{said}");
    }

    #[test]
    fn older_runtimes_are_told_the_family() {
        let ip = crate::protocol::ReplyIp {
            protocol: "IPv6".to_owned(),
            ip: "fd00::5".to_owned(),
            cidr: "fd00::/64".to_owned(),
            gateway: String::new(),
        };
        let reply = Reply { ips: vec![ip], ..Reply::default() };
        let Ok(old) = result(&reply, "0.4.0") else { panic!("an old result") };
        assert_eq!(old["ips"][0], json!({"address": "fd00::5/64", "version": "6"}));
        let Ok(new) = result(&reply, "1.0.0") else { panic!("a new result") };
        assert_eq!(new["ips"][0], json!({"address": "fd00::5/64"}));
    }
}
