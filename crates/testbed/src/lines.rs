//! The command lines of the control plane's programs.
//!
//! In: where the programs are, the run, its authority. Out: for each program a line that starts it in this run and no other:
//! its addresses, its files, no leader election, no second listener.

use crate::assets::Assets;
use crate::audit::POLICY;
use crate::error::{Error, Result};
use crate::pki::Authority;
use crate::process::Line;
use crate::run::{API_PORT, ETCD_PEER_PORT, ETCD_PORT, Run};
use crate::user::User;
use std::net::Ipv4Addr;
use std::path::Path;

/// The services' network. Nothing routes it here; the API server wants one.
const SERVICES: &str = "10.96.0.0/16";

/// etcd.
pub(crate) fn etcd(assets: &Assets, run: &Run) -> Result<Line> {
    let (client, peer) = (url(run.loopback(), ETCD_PORT), url(run.loopback(), ETCD_PEER_PORT));
    let line = Line::new(assets.program("etcd")?)
        .flag("name", "bed")
        .flag("data-dir", run.folder().join("etcd"))
        .flag("listen-client-urls", &client)
        .flag("advertise-client-urls", &client)
        .flag("listen-peer-urls", &peer)
        .flag("initial-advertise-peer-urls", &peer)
        .flag("initial-cluster", format!("bed={peer}"))
        .flag("log-level", "warn")
        // The data lives as long as a test. What was answered survives kill -9 all the same: it is in the page cache.
        .arg("--unsafe-no-fsync");
    Ok(line)
}

/// kube-apiserver. It writes the files that it names.
pub(crate) fn api_server(
    assets: &Assets,
    run: &Run,
    authority: &Authority,
    address: Ipv4Addr,
    controllers: bool,
) -> Result<Line> {
    let secrets = run.folder().join("secrets");
    let (tokens, policy) = (secrets.join("tokens.csv"), secrets.join("audit-policy.yaml"));
    std::fs::write(&tokens, User::token_file()).map_err(Error::file("write", &tokens))?;
    std::fs::write(&policy, POLICY).map_err(Error::file("write", &policy))?;
    let hosts = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "10.96.0.1"];
    let hosts: Vec<_> = hosts.map(str::to_owned).into_iter().chain([address.to_string()]).collect();
    let serving = authority.server("kube-apiserver", &hosts)?;
    let signing = authority.service_account_key()?;
    let line = Line::new(assets.program("kube-apiserver")?)
        .flag("etcd-servers", url(run.loopback(), ETCD_PORT))
        .flag("bind-address", address.to_string())
        .flag("advertise-address", address.to_string())
        .flag("secure-port", API_PORT.to_string())
        .flag("tls-cert-file", &serving.certificate)
        .flag("tls-private-key-file", &serving.key)
        .flag("cert-dir", secrets.join("generated"))
        .flag("token-auth-file", &tokens)
        .flag("service-account-issuer", "https://kubernetes.default.svc")
        .flag("service-account-key-file", &signing.certificate)
        .flag("service-account-signing-key-file", &signing.key)
        .flag("service-cluster-ip-range", SERVICES)
        .flag("authorization-mode", "Node,RBAC")
        .flag("enable-admission-plugins", "NodeRestriction")
        .flag("allow-privileged", "true")
        .flag("kubelet-preferred-address-types", "InternalIP")
        .flag("audit-policy-file", &policy)
        .flag("audit-log-path", run.folder().join("audit.log"))
        // Written before the next step of the request, so that a reader can tell that nothing is missing.
        .flag("audit-log-mode", "blocking")
        // One file for the whole run; in MB.
        .flag("audit-log-maxsize", "4096");
    // The service `kubernetes` cannot lead to a loopback address, and only pods would use it.
    let line = if address.is_loopback() { line.flag("endpoint-reconciler-type", "none") } else { line };
    // Pods of a namespace without the account `default` are refused, and only kube-controller-manager makes it.
    Ok(if controllers { line } else { line.flag("disable-admission-plugins", "ServiceAccount") })
}

/// kube-controller-manager, with all its controllers.
pub(crate) fn controller_manager(assets: &Assets, run: &Run, authority: &Authority, kubeconfig: &Path) -> Result<Line> {
    let line = Line::new(assets.program("kube-controller-manager")?)
        .flag("kubeconfig", kubeconfig)
        .flag("service-account-private-key-file", run.folder().join("secrets/service-accounts.key"))
        .flag("root-ca-file", authority.file())
        .flag("leader-elect", "false")
        .flag("secure-port", "0")
        // A node that is gone is noticed in seconds, not in the 40 that a large cluster wants.
        .flag("node-monitor-grace-period", "16s");
    Ok(line)
}

/// kube-scheduler.
pub(crate) fn scheduler(assets: &Assets, kubeconfig: &Path) -> Result<Line> {
    let line = Line::new(assets.program("kube-scheduler")?)
        .flag("kubeconfig", kubeconfig)
        .flag("leader-elect", "false")
        .flag("secure-port", "0");
    Ok(line)
}

fn url(address: Ipv4Addr, port: u16) -> String {
    format!("http://{address}:{port}")
}
