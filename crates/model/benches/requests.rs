//! Requests per second in process, one core. `cargo bench -p model`. The aim: 100,000 per second of each kind.

use divan::Bencher;
use divan::counter::ItemsCount;
use model::{Options, Request, Server, Timestamp};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const CLAIMS: &str = "/apis/ipledger.dev/v1alpha1/addressclaims";
/// Few enough that a sample fits a time slice of a busy machine.
const N: usize = 100;

fn main() {
    divan::main();
}

/// The definition that clusters get.
fn definition() -> Value {
    serde_saphyr::from_str(include_str!("../../../deploy/crds/ipledger.dev_addressclaims.yaml"))
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
    bencher
        .counter(ItemsCount::new(N))
        .with_inputs(|| (server(claims), (0..N).map(&request).collect::<Vec<_>>()))
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
fn delete_claim(bencher: Bencher<'_, '_>) {
    run(bencher, N, |i| Request::delete(format!("{CLAIMS}/w.10.0.{}.{}", i / 256, i % 256)));
}

#[divan::bench]
fn create_pod(bencher: Bencher<'_, '_>) {
    run(bencher, 0, |i| {
        let body = json!({"metadata": {"name": format!("p{i}"), "labels": {"app": "x"}},
            "spec": {"containers": [{"name": "c", "image": "busybox:1"}]}});
        Request::post("/api/v1/namespaces/default/pods", body)
    });
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

#[divan::bench]
fn list_100_claims(bencher: Bencher<'_, '_>) {
    let mut server = server(N);
    bencher.bench_local(|| server.handle(Request::get(CLAIMS), NOW));
}
