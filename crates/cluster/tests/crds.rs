//! Installing and removing definitions, against a server that keeps them.

#![allow(clippy::unwrap_used)] // A test program: its helpers may fail as its tests may.

mod support;

use cluster::crds::{CrdError, Installed, Removed, UninstallOptions};
use cluster::{Cluster, DryRun};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use support::{Reply, Request, Server, page, status};

const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CLAIM: &str = "addressclaims.ipledger.dev";

/// The definitions of a cluster.
#[derive(Clone)]
struct World {
    minor: &'static str,
    crds: Arc<Mutex<BTreeMap<String, Value>>>,
    claims: &'static [&'static str],
}

impl World {
    fn empty() -> Self {
        Self { minor: "25", crds: Arc::default(), claims: &[] }
    }

    /// A cluster that has a definition already.
    fn with(self, mut crd: Value) -> Self {
        let name = crd["metadata"]["name"].as_str().unwrap().to_owned();
        crd["metadata"]["uid"] = json!(format!("uid-of-{name}"));
        crd["metadata"]["resourceVersion"] = json!("5");
        // What the server adds of itself.
        crd["spec"]["conversion"] = json!({"strategy": "None"});
        crd["status"] = json!({"conditions": [{"type": "Established", "status": "True"}]});
        self.crds.lock().unwrap().insert(name, crd);
        self
    }

    fn names(&self) -> Vec<String> {
        self.crds.lock().unwrap().keys().cloned().collect()
    }

    fn crd(&self, name: &str) -> Value {
        self.crds.lock().unwrap()[name].clone()
    }

    async fn start(&self) -> (Server, Cluster) {
        let world = self.clone();
        let server = Server::start(move |request| world.answer(request)).await;
        let cluster = server.connect().await;
        (server, cluster)
    }

    fn answer(&self, request: &Request) -> Reply {
        let name = request.path.strip_prefix(PATH).and_then(|rest| rest.strip_prefix('/'));
        let kept = !request.query.contains("dryRun=All");
        let mut crds = self.crds.lock().unwrap();
        match (request.method.as_str(), request.path.as_str(), name) {
            ("GET", "/version", _) => Reply::Json(200, json!({"major": "1", "minor": self.minor})),
            ("GET", "/apis/ipledger.dev/v1alpha1/addressclaims", _) => page(self.claims, "", None),
            ("GET", _, Some(name)) => match crds.get(name) {
                Some(crd) => Reply::Json(200, crd.clone()),
                None => status(404, "NotFound", "", name),
            },
            ("POST", PATH, _) => {
                let mut crd = request.json();
                let name = crd["metadata"]["name"].as_str().unwrap().to_owned();
                if crds.contains_key(&name) {
                    return status(409, "AlreadyExists", "already exists", &name);
                }
                crd["status"] = json!({"conditions": [{"type": "Established", "status": "True"}]});
                if kept {
                    crds.insert(name, crd.clone());
                }
                Reply::Json(201, crd)
            }
            ("PUT", _, Some(name)) => {
                let crd = request.json();
                if crd["metadata"]["resourceVersion"] != crds[name]["metadata"]["resourceVersion"] {
                    return status(409, "Conflict", "the object has been modified", name);
                }
                if kept {
                    crds.insert(name.to_owned(), crd.clone());
                }
                Reply::Json(200, crd)
            }
            ("DELETE", _, Some(name)) => {
                // As the API server: it does not look at the query of a delete that has a body.
                if request.json()["dryRun"].is_null() {
                    crds.remove(name);
                }
                Reply::Json(200, json!({"kind": "Status", "status": "Success"}))
            }
            _ => panic!("unexpected {}", request.line()),
        }
    }
}

static OURS: LazyLock<Vec<CustomResourceDefinition>> = LazyLock::new(api::crds::all);

fn ours(kind: &str) -> Value {
    serde_json::to_value(OURS.iter().find(|crd| crd.spec.names.kind == kind).unwrap()).unwrap()
}

async fn install(cluster: &Cluster, dry_run: DryRun) -> BTreeMap<String, Installed> {
    cluster.install_crds(dry_run, |_| {}, |_, _| {}).await.unwrap().into_iter().collect()
}

fn writes(server: &Server) -> Vec<String> {
    server.lines().into_iter().filter(|line| !line.starts_with("GET")).collect()
}

#[tokio::test]
async fn an_empty_cluster_gets_all_definitions_and_a_second_run_writes_nothing() {
    let world = World::empty();
    let (server, cluster) = world.start().await;
    let mut told = Vec::new();
    let outcomes = cluster.install_crds(DryRun::Off, |_| {}, |name, _| told.push(name.to_owned())).await.unwrap();
    assert!(outcomes.iter().all(|(_, outcome)| *outcome == Installed::Created), "{outcomes:?}");
    assert_eq!(world.names().len(), 19);
    assert_eq!(told.len(), 19);
    assert_eq!(world.crd("subnets.kubeovn.io")["spec"], ours("Subnet")["spec"]);

    let before = writes(&server).len();
    let again = install(&cluster, DryRun::Off).await;
    assert_eq!(writes(&server).len(), before);
    assert_eq!(again[CLAIM], Installed::Unchanged);
    assert_eq!(again["subnets.kubeovn.io"], Installed::Kept { lacks: vec![] });
}

#[tokio::test]
async fn a_definition_of_kube_ovn_is_kept_as_it_is_and_told_what_it_lacks() {
    let mut old = ours("Subnet");
    let properties = &mut old["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    let spec = properties["spec"].as_object_mut().unwrap();
    spec.remove("x-kubernetes-preserve-unknown-fields");
    spec["properties"].as_object_mut().unwrap().remove("enableMulticastSnoop");
    let world = World::empty().with(old);
    let before = world.crd("subnets.kubeovn.io");
    let (server, cluster) = world.start().await;
    let outcomes = install(&cluster, DryRun::Off).await;
    let Installed::Kept { lacks } = &outcomes["subnets.kubeovn.io"] else { panic!("{outcomes:?}") };
    let lacks: Vec<String> = lacks.iter().map(ToString::to_string).collect();
    assert_eq!(lacks, ["it has no field spec.enableMulticastSnoop"]);
    assert_eq!(world.crd("subnets.kubeovn.io"), before);
    assert!(!writes(&server).iter().any(|line| line.contains("subnets.kubeovn.io")));
    assert_eq!(outcomes["ips.kubeovn.io"], Installed::Created, "the others are installed all the same");
}

#[tokio::test]
async fn an_older_definition_of_address_claim_is_brought_up_to_date() {
    let mut old = ours("AddressClaim");
    old["metadata"]["labels"] = json!({"kept": "yes"});
    old["spec"]["versions"][0]["schema"]["openAPIV3Schema"].as_object_mut().unwrap().remove("x-kubernetes-validations");
    let world = World::empty().with(old);
    let (_server, cluster) = world.start().await;
    assert_eq!(install(&cluster, DryRun::Off).await[CLAIM], Installed::Updated);
    let now = world.crd(CLAIM);
    assert_eq!(now["spec"]["versions"], ours("AddressClaim")["spec"]["versions"]);
    assert_eq!(now["metadata"]["labels"]["kept"], "yes");
}

#[tokio::test]
async fn a_newer_definition_of_address_claim_is_not_taken_back() {
    let mut newer = ours("AddressClaim");
    newer["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["lease"] =
        json!({"type": "string"});
    let world = World::empty().with(newer);
    let (server, cluster) = world.start().await;
    let outcomes = install(&cluster, DryRun::Off).await;
    let Installed::Newer { lacks } = &outcomes[CLAIM] else { panic!("{:?}", outcomes[CLAIM]) };
    assert_eq!(lacks[0].to_string(), "it has no field spec.lease");
    assert!(!writes(&server).iter().any(|line| line.starts_with("PUT")));
}

#[tokio::test]
async fn a_server_before_1_25_gets_nothing_and_is_told_why() {
    let world = World { minor: "24+", ..World::empty() };
    let (server, cluster) = world.start().await;
    let error = cluster.install_crds(DryRun::Off, |_| {}, |_, _| {}).await.unwrap_err();
    insta::assert_snapshot!(error, @"the server is Kubernetes 1.24: AddressClaim needs 1.25 or later, where the API server runs the rules that make a claim unique. Nothing was installed; audit, explain, who, show and repair work on this server");
    assert_eq!(server.lines(), ["GET /version"]);
}

#[tokio::test]
async fn a_dry_run_asks_the_server_to_check_and_keeps_nothing() {
    let world = World::empty();
    let (server, cluster) = world.start().await;
    let outcomes = install(&cluster, DryRun::Server).await;
    assert!(outcomes.values().all(|outcome| *outcome == Installed::Created));
    assert!(writes(&server).iter().all(|line| line.ends_with("?fieldManager=ipledger&dryRun=All")));
    assert!(world.names().is_empty());
}

#[tokio::test]
async fn a_definition_that_is_being_deleted_is_told_and_left() {
    let mut going = ours("Vip");
    going["metadata"]["deletionTimestamp"] = json!("2026-11-23T22:50:24Z");
    let world = World::empty().with(going);
    let (_server, cluster) = world.start().await;
    let outcomes = install(&cluster, DryRun::Off).await;
    assert_eq!(outcomes["vips.kubeovn.io"], Installed::Terminating);
    assert!(!outcomes["vips.kubeovn.io"].is_there());
}

/// An answer that a test puts in place of the world's, once.
fn instead(world: &World, line: &'static str, mut reply: Option<Reply>) -> impl FnMut(&Request) -> Reply + use<> {
    let world = world.clone();
    move |request| match reply.take_if(|_| request.line().starts_with(line)) {
        Some(reply) => reply,
        None => world.answer(request),
    }
}

#[tokio::test]
async fn a_definition_that_somebody_else_makes_meanwhile_is_kept() {
    let world = World::empty().with(ours("Subnet"));
    let server = Server::start(instead(
        &world,
        "GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/subnets",
        Some(status(404, "NotFound", "", "subnets.kubeovn.io")),
    ))
    .await;
    let outcomes = install(&server.connect().await, DryRun::Off).await;
    assert_eq!(outcomes["subnets.kubeovn.io"], Installed::Kept { lacks: vec![] });
}

#[tokio::test]
async fn what_fails_for_one_definition_does_not_stop_the_others() {
    let world = World::empty();
    let forbidden = status(403, "Forbidden", "cannot create", "");
    let server = Server::start(instead(&world, "POST", Some(forbidden))).await;
    let outcomes = install(&server.connect().await, DryRun::Off).await;
    let failed: Vec<&String> =
        outcomes.iter().filter(|(_, outcome)| !outcome.is_there()).map(|(name, _)| name).collect();
    assert_eq!(failed, ["subnets.kubeovn.io"], "the first one");
    let Installed::Failed(error) = &outcomes["subnets.kubeovn.io"] else { panic!("{outcomes:?}") };
    assert_eq!(error.to_string(), "cannot create the CRD subnets.kubeovn.io");
    assert_eq!(server.lines().iter().filter(|line| line.starts_with("POST")).count(), 19, "a write is tried once");
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_in_the_words_of_the_server() {
    let world = World::empty();
    let server = Server::start({
        let world = world.clone();
        move |request: &Request| {
            let reply = world.answer(request);
            match reply {
                Reply::Json(200, mut crd) if request.path.ends_with("/vpcs.kubeovn.io") => {
                    crd["status"]["conditions"] = json!([
                        {"type": "NamesAccepted", "status": "False", "message": "\"vpc\" is already in use"},
                        {"type": "Established", "status": "False", "message": "not all names are accepted"},
                    ]);
                    Reply::Json(200, crd)
                }
                reply => reply,
            }
        }
    })
    .await;
    let outcomes = install(&server.connect().await, DryRun::Off).await;
    assert_eq!(outcomes["vpcs.kubeovn.io"], Installed::NotServed { why: "\"vpc\" is already in use".into() });
}

#[tokio::test]
async fn a_definition_counts_as_made_only_once_it_is_served() {
    let world = World::empty();
    let mut looks = 0;
    let server = Server::start({
        let world = world.clone();
        move |request: &Request| {
            let reply = world.answer(request);
            match reply {
                Reply::Json(200, mut crd) if request.path.ends_with("/ips.kubeovn.io") && looks < 2 => {
                    looks += 1;
                    crd["status"] = json!({});
                    Reply::Json(200, crd)
                }
                reply => reply,
            }
        }
    })
    .await;
    let outcomes = install(&server.connect().await, DryRun::Off).await;
    assert_eq!(outcomes["ips.kubeovn.io"], Installed::Created);
    let looks = server.lines().iter().filter(|line| line.ends_with("/ips.kubeovn.io")).count();
    assert_eq!(looks, 4, "one before, two in vain, one that sees it");
}

fn uninstall(dry_run: DryRun, with_claims: bool) -> UninstallOptions {
    UninstallOptions { dry_run, with_claims }
}

#[tokio::test]
async fn uninstalling_deletes_address_claim_and_never_a_definition_of_kube_ovn() {
    let world = World::empty().with(ours("AddressClaim")).with(ours("Subnet"));
    let (server, cluster) = world.start().await;
    let outcomes = cluster.uninstall_crds(uninstall(DryRun::Off, false), |_| {}).await.unwrap();
    let deleted: Vec<&str> =
        outcomes.iter().filter(|(_, outcome)| *outcome == Removed::Deleted).map(|(name, _)| name.as_str()).collect();
    assert_eq!(deleted, [CLAIM]);
    assert_eq!(outcomes.iter().filter(|(_, outcome)| *outcome == Removed::Kept).count(), 18);
    assert_eq!(world.names(), ["subnets.kubeovn.io"]);
    let delete = server.requests().pop().unwrap();
    assert_eq!(delete.line(), format!("DELETE {PATH}/{CLAIM}"));
    let preconditions = json!({"uid": format!("uid-of-{CLAIM}"), "resourceVersion": "5"});
    assert_eq!(delete.json()["preconditions"], preconditions);
}

#[tokio::test]
async fn claims_that_are_left_keep_their_definition_unless_they_may_go() {
    let world = World { claims: &["a", "b"], ..World::empty().with(ours("AddressClaim")) };
    let (server, cluster) = world.start().await;
    let error = cluster.uninstall_crds(uninstall(DryRun::Off, false), |_| {}).await.unwrap_err();
    assert_eq!(error, CrdError::ClaimsExist { count: Some(2) });
    assert!(writes(&server).is_empty());

    cluster.uninstall_crds(uninstall(DryRun::Off, true), |_| {}).await.unwrap();
    assert!(world.names().is_empty());
}

#[tokio::test]
async fn claims_that_cannot_be_read_may_be_there() {
    let world = World::empty().with(ours("AddressClaim"));
    let forbidden = status(403, "Forbidden", "cannot list", "");
    let server = Server::start(instead(&world, "GET /apis/ipledger.dev", Some(forbidden))).await;
    let error = server.connect().await.uninstall_crds(uninstall(DryRun::Off, false), |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot look for addressclaims.ipledger.dev");
    assert!(writes(&server).is_empty());
}

#[tokio::test]
async fn claims_of_a_version_that_is_not_served_may_be_there() {
    let world = World::empty().with(ours("AddressClaim"));
    let server = Server::start(instead(&world, "GET /apis/ipledger.dev", Some(support::no_such_resource()))).await;
    let error = server.connect().await.uninstall_crds(uninstall(DryRun::Off, false), |_| {}).await.unwrap_err();
    assert!(matches!(error, CrdError::Call(_)), "{error:?}");
    assert!(writes(&server).is_empty());
}

#[tokio::test]
async fn a_dry_run_deletes_nothing() {
    let world = World::empty().with(ours("AddressClaim"));
    let (server, cluster) = world.start().await;
    cluster.uninstall_crds(uninstall(DryRun::Server, false), |_| {}).await.unwrap();
    assert_eq!(writes(&server), [format!("DELETE {PATH}/{CLAIM}")]);
    assert_eq!(world.names(), [CLAIM]);
}

#[tokio::test]
async fn a_definition_that_is_not_there_needs_no_deleting() {
    let (server, cluster) = World::empty().start().await;
    let outcomes = cluster.uninstall_crds(uninstall(DryRun::Off, false), |_| {}).await.unwrap();
    assert_eq!(outcomes.last().unwrap(), &(CLAIM.to_owned(), Removed::Absent));
    assert!(writes(&server).is_empty());
}
