//! Requests per second in process, one core. `cargo bench -p model`. The aim: 100,000 per second of each kind.

use divan::Bencher;
use divan::counter::ItemsCount;
use model::{Options, Request, Server, Timestamp};
use serde_json::{Value, json};

/// That of the binary, in which the model is: half of what a write takes is the allocator's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";
const PODS: &str = "/api/v1/namespaces/default/pods";
/// The revision of the first claim: after four namespaces, a service and three writes of the definition.
const FIRST: u64 = 109;
/// Few enough that a sample fits a time slice of a busy machine.
const N: usize = 100;

fn main() {
    divan::main();
}

/// The definition that clusters get.
fn definition() -> Value {
    serde_saphyr::from_str(include_str!("../../../config/crds/ipledger.dev_addressclaims.yaml"))
        .expect("the definition is checked by the tests of `api`")
}

fn claim(i: usize) -> Value {
    let address = format!("10.0.{}.{}", i / 256, i % 256);
    json!({"apiVersion": "ipledger.dev/v1alpha1", "kind": "AddressClaim",
        "metadata": {"name": format!("w.{address}"), "labels": {"ipledger.dev/node": format!("n{}", i % 10)}},
        "spec": {"wire": "w", "address": address, "subnet": "ext", "mac": "00:00:00:aa:bb:cc",
            "holder": {"kind": "Pod", "namespace": "default", "name": "p", "uid": "6f0c", "nic": "net1"}}})
}

fn server(claims: usize) -> Server {
    let mut server = Server::new(1, Options::default());
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    assert_eq!(server.handle(Request::post(path, definition()), NOW).code, 201);
    for i in 0..claims {
        assert_eq!(server.handle(Request::post(CLAIMS, claim(i)), NOW).code, 201);
    }
    server
}

fn run(bencher: Bencher<'_, '_>, claims: usize, request: impl Fn(usize) -> Request) {
    on(bencher, || server(claims), request);
}

fn on(bencher: Bencher<'_, '_>, server: impl Fn() -> Server, request: impl Fn(usize) -> Request) {
    bencher
        .counter(ItemsCount::new(N))
        .with_inputs(|| (server(), (0..N).map(&request).collect::<Vec<_>>()))
        .bench_local_values(|(mut server, requests)| {
            for request in requests {
                let response = server.handle(request, NOW);
                assert!(response.code < 300, "{}", response.message());
            }
            server
        });
}

#[divan::bench]
fn create_claim_with_rules(bencher: Bencher<'_, '_>) {
    run(bencher, 0, |i| Request::post(CLAIMS, claim(i)));
}

#[divan::bench]
fn get_claim(bencher: Bencher<'_, '_>) {
    run(bencher, N, |i| Request::get(format!("{CLAIMS}/w.10.0.{}.{}", i / 256, i % 256)));
}

#[divan::bench]
fn merge_patch_claim_with_rules(bencher: Bencher<'_, '_>) {
    run(bencher, N, |i| {
        let patch = json!({"status": {"occupant": {"podUID": "u"}}});
        Request::merge_patch(format!("{CLAIMS}/w.10.0.{}.{}", i / 256, i % 256), patch)
    });
}

#[divan::bench]
fn update_claim_with_rules(bencher: Bencher<'_, '_>) {
    run(bencher, N, |i| {
        let mut body = claim(i);
        body["metadata"]["resourceVersion"] = json!((FIRST + i as u64).to_string());
        body["status"] = json!({"occupant": {"podUID": "u", "node": "n1"}});
        Request::put(format!("{CLAIMS}/w.10.0.{}.{}", i / 256, i % 256), body)
    });
}

#[divan::bench]
fn json_patch_claim_with_rules(bencher: Bencher<'_, '_>) {
    run(bencher, N, |i| {
        let patch = json!([
            {"op": "test", "path": "/metadata/resourceVersion", "value": (FIRST + i as u64).to_string()},
            {"op": "add", "path": "/status", "value": {"occupant": {"podUID": "u"}}}]);
        Request::json_patch(format!("{CLAIMS}/w.10.0.{}.{}", i / 256, i % 256), patch)
    });
}

#[divan::bench]
fn delete_claim(bencher: Bencher<'_, '_>) {
    run(bencher, N, |i| Request::delete(format!("{CLAIMS}/w.10.0.{}.{}", i / 256, i % 256)));
}

/// A pod as a workload's controller makes it: about 2 kB.
fn pod(i: usize) -> Value {
    let container = |name: &str| {
        json!({"name": name, "image": "registry.example/app:1.2.3", "imagePullPolicy": "IfNotPresent",
            "command": ["/app", "--serve"], "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
            "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
            "volumeMounts": [{"name": "config", "mountPath": "/etc/app", "readOnly": true}],
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"})
    };
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("web-{i}"),
            "labels": {"app": "web", "controller-revision-hash": "web-5f8d", "statefulset.kubernetes.io/pod-name": format!("web-{i}")},
            "annotations": {"k8s.v1.cni.cncf.io/networks": "default/macvlan"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "5b1f",
                "controller": true, "blockOwnerDeletion": true}]},
        "spec": {"containers": [container("app"), container("sidecar")],
            "volumes": [{"name": "config", "configMap": {"name": "web", "defaultMode": 420}}],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst"}})
}

fn pods(count: usize) -> Server {
    let mut server = Server::new(1, Options::default());
    for i in 0..count {
        assert_eq!(server.handle(Request::post(PODS, pod(i)), NOW).code, 201);
    }
    server
}

#[divan::bench]
fn create_pod(bencher: Bencher<'_, '_>) {
    on(bencher, || pods(0), |i| Request::post(PODS, pod(i)));
}

#[divan::bench]
fn merge_patch_annotations_of_pod(bencher: Bencher<'_, '_>) {
    let request = |i| {
        let annotations = json!({"ipledger.dev/ip": "10.0.0.1", "ipledger.dev/allocated": "true"});
        Request::merge_patch(format!("{PODS}/web-{i}"), json!({"metadata": {"annotations": annotations}}))
    };
    on(bencher, || pods(N), request);
}

#[divan::bench]
fn merge_patch_status_of_pod(bencher: Bencher<'_, '_>) {
    let request = |i| {
        let status = json!({"phase": "Running", "podIP": "10.244.0.7", "conditions": [
            {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]});
        Request::merge_patch(format!("{PODS}/web-{i}/status"), json!({"status": status}))
    };
    on(bencher, || pods(N), request);
}

#[divan::bench]
fn update_pod(bencher: Bencher<'_, '_>) {
    // A client sends back what it read, with a label more.
    let mut filled = pods(N);
    let request = |i| {
        let mut body = filled.handle(Request::get(format!("{PODS}/web-{i}")), NOW).value();
        body["metadata"]["labels"]["seen"] = json!("yes");
        Request::put(format!("{PODS}/web-{i}"), body)
    };
    let requests: Vec<_> = (0..N).map(request).collect();
    on(bencher, || pods(N), |i| requests[i].clone());
}

#[divan::bench]
fn create_config_map(bencher: Bencher<'_, '_>) {
    run(bencher, 0, |i| {
        let body = json!({"metadata": {"name": format!("c{i}")}, "data": {"a": "b"}});
        Request::post("/api/v1/namespaces/default/configmaps", body)
    });
}

/// 100 writes with 100 open watches that select one node each; every watch is polled once at the end.
#[divan::bench]
fn create_claim_with_100_watches(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(N))
        .with_inputs(|| {
            let mut server = server(0);
            let watches: Vec<_> = (0..100)
                .map(|i| {
                    let request = Request::get(CLAIMS)
                        .with("watch", "true")
                        .with("labelSelector", format!("ipledger.dev/node=n{i}"));
                    match server.handle(request, NOW).body {
                        model::Body::Watch(id) => id,
                        other => panic!("no watch: {other:?}"),
                    }
                })
                .collect();
            for id in &watches {
                server.poll(*id);
            }
            (server, watches, (0..N).map(|i| Request::post(CLAIMS, claim(i))).collect::<Vec<_>>())
        })
        .bench_local_values(|(mut server, watches, requests)| {
            for request in requests {
                server.handle(request, NOW);
            }
            watches.into_iter().map(|id| server.poll(id).len()).sum::<usize>()
        });
}

/// Pages of 100 among 10,000, the second one at a revision that is not the present any more.
#[divan::bench(args = ["first", "next"])]
fn list_page_of_100_claims(bencher: Bencher<'_, '_>, page: &str) {
    let mut server = server(10_000);
    let first = || Request::get(CLAIMS).with("limit", "100");
    let token = server.handle(first(), NOW).value()["metadata"]["continue"].as_str().map(str::to_owned);
    let token = token.expect("there are more than 100");
    server.handle(Request::delete(format!("{CLAIMS}/w.10.0.39.0")), NOW);
    let request = if page == "first" { first() } else { first().with("continue", token) };
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        let response = server.handle(request.clone(), NOW);
        assert!(response.code < 300, "{}", response.message());
        response
    });
}
