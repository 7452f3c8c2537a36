//! Claims about reading a live cluster: `cluster` against a real API server.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use api::slim::{Kind, Time};
use cluster::{ConnectOptions, Listed, Why};
use futures::future::join_all;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::Path;
use std::sync::OnceLock;
use testbed::{Call, ControlPlane, Proxy, User, need};

/// More than two pages of 500.
const OBJECTS: usize = 1_200;

/// One control plane with Kube-OVN's and IPLedger's kinds, and enough IP objects for several pages.
fn bed() -> &'static ControlPlane {
    static BED: OnceLock<ControlPlane> = OnceLock::new();
    BED.get_or_init(|| {
        let bed = ControlPlane::start().unwrap();
        bed.kubectl(&["create", "-f", file("deploy/crds").as_str()]).unwrap();
        bed.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).unwrap();
        create_ips(&bed, OBJECTS);
        bed
    })
}

fn file(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).to_str().unwrap().to_owned()
}

/// Makes IP objects, many at a time.
fn create_ips(bed: &ControlPlane, number: usize) {
    let client = bed.client(&User::admin(), "maker").unwrap();
    let create = |number: usize| {
        let address = format!("10.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255);
        let ip = json!({
            "apiVersion": "kubeovn.io/v1", "kind": "IP", "metadata": {"name": format!("pod-{number}.default")},
            "spec": {"subnet": "s", "podName": format!("pod-{number}"), "namespace": "default", "v4IpAddress": address},
        });
        let request = http::Request::post("/apis/kubeovn.io/v1/ips").header("content-type", "application/json");
        client.request::<Value>(request.body(ip.to_string().into_bytes()).unwrap())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for batch in (0..number).collect::<Vec<_>>().chunks(50) {
                runtime.block_on(join_all(batch.iter().map(|number| create(*number)))).into_iter().for_each(|made| {
                    made.unwrap();
                });
            }
        });
    });
}

/// A user with the rules that docs/audit-rbac.yaml gives, and a client as `ipledger` makes it.
async fn auditor(name: &str, change: impl Fn(&mut Vec<Value>)) -> (User, cluster::Client) {
    let bed = bed();
    let role = bed.kubectl(&["create", "--dry-run=client", "-o", "json", "-f", &file("docs/audit-rbac.yaml")]).unwrap();
    let mut role: Value = serde_json::from_str(&role).unwrap();
    change(role["rules"].as_array_mut().unwrap());
    let user = bed.user_with_rights(name, &role["rules"]).unwrap();
    let kubeconfig = bed.kubeconfig(&user).unwrap();
    (user, connect(&kubeconfig).await)
}

async fn connect(kubeconfig: &Path) -> cluster::Client {
    let options = ConnectOptions { kubeconfig: Some(kubeconfig.to_owned()), ..ConnectOptions::default() };
    cluster::connect(&options).await.unwrap()
}

fn calls_of(user: &User, since: testbed::Mark) -> Vec<Call> {
    let calls = bed().audit().calls(since, "").unwrap();
    calls.into_iter().filter(|call| call.user == user.name).collect()
}

#[tokio::test]
async fn the_documented_rights_are_enough_to_read_everything_and_nothing_is_written() {
    need!(ControlPlane);
    let (user, client) = auditor("documented", |_| ()).await;
    let mark = bed().audit().mark().unwrap();
    let live = cluster::read(&client, &mut |_| (), || Time(0)).await;
    for (kind, listed) in &live.lists {
        let installed =
            !matches!(kind, Kind::VirtualMachine | Kind::VirtualMachineInstance | Kind::NetworkAttachmentDefinition);
        let complete = matches!(listed, Listed::Complete { restarted: false, .. });
        assert!(if installed { complete } else { *listed == Listed::Absent }, "{kind:?}: {listed:?}");
    }
    assert_eq!(live.lists[&Kind::Ip], Listed::Complete { objects: OBJECTS, restarted: false });
    let calls = calls_of(&user, mark);
    assert!(calls.iter().all(|call| call.verb == "list"), "{calls:?}");
    assert_eq!(calls.iter().filter(|call| call.resource == "ips.kubeovn.io").count(), OBJECTS.div_ceil(500));
}

#[tokio::test]
async fn a_forbidden_kind_is_told_with_the_missing_rule_and_the_rest_is_read() {
    need!(ControlPlane);
    let (_, client) = auditor("restricted", |rules| {
        rules.retain(|rule| rule["apiGroups"][0] != "apps");
    })
    .await;
    let live = cluster::read(&client, &mut |_| (), || Time(0)).await;
    let stopped: Vec<_> = live.stopped().map(|(kind, why)| (kind, why.to_string())).collect();
    let kinds: Vec<_> = stopped.iter().map(|(kind, _)| kind.plural()).collect();
    assert_eq!(stopped.len(), 4, "{stopped:?}");
    assert!(["statefulsets", "deployments", "replicasets", "daemonsets"].iter().all(|kind| kinds.contains(kind)));
    assert!(stopped.iter().all(|(kind, why)| why.contains(&format!("on {} in apiGroup \"apps\"", kind.plural()))));
    assert_eq!(live.lists[&Kind::Ip], Listed::Complete { objects: OBJECTS, restarted: false });
}

#[tokio::test]
async fn a_server_that_goes_away_between_two_pages_stops_one_list_and_what_was_read_is_kept() {
    need!(ControlPlane);
    let mut proxy = bed().proxy().unwrap();
    let kubeconfig = bed().kubeconfig_at(&User::admin(), &proxy.server()).unwrap();
    let client = connect(&kubeconfig).await;
    let (listed, objects) = list_ips(&client, |proxy| proxy.go_down(), &mut proxy).await;
    assert!(matches!(&listed, Listed::Stopped(Why::Failed { objects: 500, .. })), "{listed:?}");
    assert_eq!(objects, 500);
    proxy.come_up().unwrap();
    let (listed, objects) = list_ips(&client, |_| (), &mut proxy).await;
    assert_eq!(listed, Listed::Complete { objects: OBJECTS, restarted: false });
    assert_eq!(objects, OBJECTS);
}

#[tokio::test]
#[ignore = "slow: makes 20,000 objects first"]
async fn twenty_thousand_objects_come_in_forty_pages() {
    need!(ControlPlane);
    let bed = ControlPlane::start().unwrap();
    bed.kubectl(&["create", "-f", file("deploy/crds").as_str()]).unwrap();
    bed.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]).unwrap();
    create_ips(&bed, 20_000);
    let client = connect(&bed.kubeconfig(&User::nobody()).unwrap()).await;
    let refused = cluster::list(&client, Kind::Ip, &mut |_| (), &mut || ()).await;
    assert!(matches!(refused, Listed::Stopped(Why::Forbidden { .. })), "{refused:?}");
    let mark = bed.audit().mark().unwrap();
    let client = connect(&bed.kubeconfig(&User::admin()).unwrap()).await;
    let mut objects = 0;
    let start = std::time::Instant::now();
    let listed = cluster::list(&client, Kind::Ip, &mut |_| objects += 1, &mut || ()).await;
    eprintln!("20,000 objects listed in {:.1?}", start.elapsed());
    assert_eq!(listed, Listed::Complete { objects: 20_000, restarted: false });
    assert_eq!(objects, 20_000);
    let calls = bed.audit().calls(mark, "").unwrap();
    assert_eq!(calls.iter().filter(|call| call.resource == "ips.kubeovn.io").count(), 40);
}

/// Lists IP objects, and does something when the first has come. Returns how many came.
async fn list_ips(client: &cluster::Client, at_first: impl Fn(&mut Proxy), proxy: &mut Proxy) -> (Listed, usize) {
    let objects = RefCell::new(0);
    let mut sink = |_| {
        if *objects.borrow() == 0 {
            at_first(proxy);
        }
        *objects.borrow_mut() += 1;
    };
    let listed = cluster::list(client, Kind::Ip, &mut sink, &mut || *objects.borrow_mut() = 0).await;
    (listed, objects.into_inner())
}
