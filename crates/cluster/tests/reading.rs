//! Listing and looking again, against a server that behaves and misbehaves.

#![allow(clippy::unwrap_used)] // A test program: its helpers may fail as its tests may.

mod support;

use api::slim::Kind;
use cluster::{Cause, Cluster, ConnectOptions, First, Listing, ObjectName, Patience, Reread, connect};
use serde_json::json;
use std::error::Error as _;
use std::time::Duration;
use support::{Kept, Reply, Request, Server, kubeconfig, no_pauses, no_such_resource, page, status};

fn complete(objects: u64, restarted: bool) -> Listing {
    Listing::Complete { objects, resource_version: "77".into(), restarted }
}

#[tokio::test]
async fn all_pages_are_read_and_progress_is_told() {
    let server = Server::start(|request| match request.query.as_str() {
        "limit=500" => page(&["a", "b"], "to/ken=", Some(1)),
        "limit=500&continue=to%2Fken%3D" => page(&["c"], "", None),
        other => panic!("unexpected {other}"),
    })
    .await;
    let mut kept = Kept::default();
    let listing = server.connect().await.list(Kind::Ip, &mut kept).await;
    assert_eq!(listing, complete(3, false));
    assert_eq!(kept.objects, ["IP a", "IP b", "IP c"]);
    assert_eq!(kept.events, ["IP: 2, Some(1) to come", "IP: 3, None to come"]);
    assert!(server.requests().iter().all(|request| request.path == "/apis/kubeovn.io/v1/ips"));
}

#[tokio::test]
async fn an_object_is_given_as_the_bytes_that_the_server_sent() {
    struct Raw(Vec<u8>);
    impl cluster::Intake for Raw {
        fn object(&mut self, _: Kind, json: &[u8]) {
            self.0.extend_from_slice(json);
        }
        fn restart(&mut self, _: Kind) {}
        fn event(&mut self, _: cluster::Event<'_>) {}
    }
    let subnet = r#"{"metadata":{"name":"ext"},"status":{"v6availableIPs":340282366920938463463374607431768211454}}"#;
    let list = format!(r#"{{"kind":"SubnetList","metadata":{{"resourceVersion":"77"}},"items":[{subnet}]}}"#);
    let server = Server::start(move |_| Reply::Text(200, list.clone())).await;
    let mut raw = Raw(Vec::new());
    server.connect().await.list(Kind::Subnet, &mut raw).await;
    assert_eq!(String::from_utf8(raw.0.clone()).unwrap(), subnet, "the count keeps all its digits");
    assert!(api::slim::read(Kind::Subnet, &raw.0).is_ok());
}

#[tokio::test]
async fn an_empty_list_is_complete_even_where_go_writes_null() {
    let server =
        Server::start(|_| Reply::Json(200, json!({"metadata": {"resourceVersion": "77"}, "items": null}))).await;
    assert_eq!(server.connect().await.list(Kind::Vip, &mut Kept::default()).await, complete(0, false));
}

/// Pages whose token expires after the first, `times` times.
fn expiring(mut times: u32) -> impl FnMut(&Request) -> Reply {
    move |request| match request.query.as_str() {
        "limit=500" => page(&["a"], "t", None),
        _ if times > 0 => {
            times -= 1;
            status(410, "Expired", "The provided continue parameter is too old", "")
        }
        _ => page(&["b"], "", None),
    }
}

#[tokio::test]
async fn a_list_that_expired_in_the_middle_begins_again_once() {
    let server = Server::start(expiring(1)).await;
    let mut kept = Kept::default();
    let listing = server.connect().await.list(Kind::Pod, &mut kept).await;
    assert_eq!(listing, complete(2, true));
    assert_eq!(kept.objects, ["Pod a", "Pod b"], "what was given before is void and given once");
    assert!(kept.events.contains(&"Pod: 1 void".to_owned()));
}

#[tokio::test]
async fn a_list_that_expires_every_time_is_given_up() {
    let server = Server::start(expiring(9)).await;
    let listing = server.connect().await.list(Kind::Pod, &mut Kept::default()).await;
    let Listing::Failed { objects: 1, error } = listing else { panic!("{listing:?}") };
    assert_eq!(error.cause.code(), Some(410));
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_missing_crd_is_a_kind_without_objects() {
    let server = Server::start(|_| no_such_resource()).await;
    let mut kept = Kept::default();
    assert_eq!(server.connect().await.list(Kind::VirtualMachine, &mut kept).await, Listing::Absent);
    assert_eq!(server.lines(), ["GET /apis/kubevirt.io/v1/virtualmachines?limit=500", "GET /apis/kubevirt.io"]);
}

#[tokio::test]
async fn a_crd_that_is_missing_from_a_group_that_exists_is_absent_too() {
    let server = Server::start(|request| match request.path.as_str() {
        "/apis/kubeovn.io" => Reply::Json(200, json!({"kind": "APIGroup", "versions": [{"version": "v1"}]})),
        "/apis/kubeovn.io/v1" => {
            Reply::Json(200, json!({"resources": [{"name": "subnets"}, {"name": "subnets/status"}]}))
        }
        _ => no_such_resource(),
    })
    .await;
    assert_eq!(server.connect().await.list(Kind::QosPolicy, &mut Kept::default()).await, Listing::Absent);
}

#[tokio::test]
async fn a_crd_that_serves_only_an_older_version_is_not_absent() {
    let server = Server::start(|request| match request.path.as_str() {
        "/apis/kubevirt.io" => Reply::Json(200, json!({"versions": [{"version": "v1alpha3"}]})),
        "/apis/kubevirt.io/v1alpha3" => Reply::Json(200, json!({"resources": [{"name": "virtualmachines"}]})),
        "/apis/kubevirt.io/v1alpha3/virtualmachines" => page(&["vm"], "", None),
        _ => no_such_resource(),
    })
    .await;
    let mut kept = Kept::default();
    assert_eq!(server.connect().await.list(Kind::VirtualMachine, &mut kept).await, complete(1, false));
    assert_eq!(kept.objects, ["VirtualMachine vm"]);
}

#[tokio::test]
async fn whether_a_crd_is_missing_is_not_known_where_discovery_fails() {
    let server = Server::start(|request| match request.path.as_str() {
        "/apis/kubevirt.io" => status(403, "Forbidden", "no discovery for you", ""),
        _ => no_such_resource(),
    })
    .await;
    let listing = server.connect().await.list(Kind::VirtualMachine, &mut Kept::default()).await;
    let Listing::Failed { error, .. } = listing else { panic!("{listing:?}") };
    assert_eq!(error.to_string(), "cannot find out whether virtualmachines.kubevirt.io exists");
}

#[tokio::test]
async fn pods_that_do_not_exist_are_no_missing_crd() {
    let server = Server::start(|_| no_such_resource()).await;
    let listing = server.connect().await.list(Kind::Pod, &mut Kept::default()).await;
    let Listing::Failed { error, .. } = listing else { panic!("{listing:?}") };
    assert_eq!(error.to_string(), "cannot list pods");
    assert_eq!(error.source().unwrap().to_string(), "the server answered 404: 404 page not found");
}

#[tokio::test]
async fn a_forbidden_kind_names_the_rule_that_would_allow_it_and_stops_no_other() {
    let server = Server::start(|request| match request.path.as_str() {
        "/apis/kubeovn.io/v1/ips" => {
            status(403, "Forbidden", "ips.kubeovn.io is forbidden: User \"auditor\" cannot list resource", "")
        }
        "/apis/kubeovn.io" => Reply::Json(200, json!({"versions": [{"version": "v1"}]})),
        "/apis/kubeovn.io/v1" => Reply::Json(200, json!({"resources": [{"name": "ips"}]})),
        _ => page(&["x"], "", None),
    })
    .await;
    let mut kept = Kept::default();
    let listings = server.connect().await.list_all(&[Kind::Pod, Kind::Ip], &mut kept).await;
    let [(Kind::Ip, Listing::Forbidden(forbidden)), (Kind::Pod, pods)] = listings.as_slice() else {
        panic!("{listings:?}")
    };
    assert_eq!(
        forbidden.rule.to_string(),
        r#"- {apiGroups: ["kubeovn.io"], resources: ["ips"], verbs: ["get", "list"]}"#
    );
    assert!(forbidden.message.contains("auditor"));
    assert_eq!(*pods, complete(1, false));
    assert_eq!(kept.objects, ["Pod x"]);
}

#[tokio::test]
async fn a_kind_that_is_forbidden_and_does_not_exist_is_absent() {
    let server = Server::start(|request| match request.path.as_str() {
        "/apis/kubevirt.io/v1/virtualmachines" => status(403, "Forbidden", "cannot list", ""),
        _ => no_such_resource(),
    })
    .await;
    assert_eq!(server.connect().await.list(Kind::VirtualMachine, &mut Kept::default()).await, Listing::Absent);
}

#[tokio::test]
async fn records_are_listed_before_their_holders() {
    let server = Server::start(|_| page(&[], "", None)).await;
    server.connect().await.list_all(&Kind::ALL, &mut Kept::default()).await;
    let lines = server.lines();
    assert_eq!(lines.len(), 30);
    assert_eq!(lines.first().unwrap(), "GET /apis/ipledger.dev/v1alpha1/addressclaims?limit=500");
    let at = |path: &str| lines.iter().position(|line| line.contains(path)).unwrap();
    assert!(at("/ips?") < at("/pods?") && at("/iptables-eips?") < at("/vpc-nat-gateways?"));
    assert_eq!(lines.last().unwrap(), "GET /api/v1/nodes?limit=500");
}

#[tokio::test]
async fn a_read_is_tried_again_where_that_can_help_and_people_are_told() {
    let mut calls = 0;
    let server = Server::start(move |_| {
        calls += 1;
        match calls {
            1 => Reply::Header(429, "retry-after", "3600"),
            2 => status(500, "InternalError", "etcdserver: leader changed", ""),
            _ => page(&["a"], "", None),
        }
    })
    .await;
    let mut kept = Kept::default();
    let listing = server.connect().await.list(Kind::Ip, &mut kept).await;
    assert_eq!(listing, complete(1, false), "an hour that the server asks for is cut to the longest pause");
    assert_eq!(
        kept.events[..2],
        [
            "cannot list ips.kubeovn.io yet: the server answered 429: Too Many Requests; again in 0ns",
            "cannot list ips.kubeovn.io yet: the server answered 500 InternalError: etcdserver: leader changed; again in 0ns",
        ]
    );
}

#[tokio::test]
async fn a_read_that_fails_every_time_is_given_up_and_what_was_read_stays() {
    let server = Server::start(|request| match request.query.as_str() {
        "limit=500" => page(&["a"], "t", None),
        _ => status(503, "ServiceUnavailable", "apiserver is shutting down", ""),
    })
    .await;
    let mut kept = Kept::default();
    let listing = server.connect().await.list(Kind::Ip, &mut kept).await;
    let Listing::Failed { objects: 1, error } = listing else { panic!("{listing:?}") };
    assert_eq!(error.to_string(), "cannot list ips.kubeovn.io (tried 3 times)");
    assert_eq!(kept.objects, ["IP a"]);
    assert_eq!(server.requests().len(), 4, "kube's own retry is off");
}

#[tokio::test]
async fn a_refusal_is_not_tried_again() {
    let server = Server::start(|_| status(400, "BadRequest", "continue key is not valid", "")).await;
    let listing = server.connect().await.list(Kind::Ip, &mut Kept::default()).await;
    assert!(matches!(listing, Listing::Failed { .. }));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_server_that_goes_away_in_the_middle_fails_one_kind_and_skips_the_rest() {
    let server = Server::start(|request| match (request.path.as_str(), request.query.as_str()) {
        ("/apis/kubeovn.io/v1/subnets", "limit=500") => page(&["a"], "t", None),
        ("/apis/kubeovn.io/v1/subnets", _) => Reply::Vanish,
        _ => page(&["x"], "", None),
    })
    .await;
    let mut kept = Kept::default();
    let listings = server.connect().await.list_all(&[Kind::Ip, Kind::Subnet, Kind::Vpc, Kind::Pod], &mut kept).await;
    let kinds: Vec<Kind> = listings.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [Kind::Ip, Kind::Subnet, Kind::Vpc, Kind::Pod]);
    assert_eq!(listings[0].1, complete(1, false));
    let Listing::Failed { objects: 1, error } = &listings[1].1 else { panic!("{listings:?}") };
    assert!(matches!(error.cause, Cause::Unreachable(_)), "{error:?}");
    for (_, listing) in &listings[2..] {
        assert_eq!(*listing, Listing::Skipped { after: Kind::Subnet });
    }
    assert_eq!(kept.objects, ["IP x", "Subnet a"], "what was read stays");
    assert!(listings[1..].iter().all(|(_, listing)| !listing.is_complete()));
}

/// A connection that waits as little as a test can afford: an answer of the test's server takes well under this.
async fn impatient(server: &Server) -> Cluster {
    let file = kubeconfig(server.url());
    let patience = Patience { deadline: Duration::from_millis(500), attempts: 2, ..no_pauses() };
    let options = ConnectOptions { kubeconfig: Some(file.path().to_owned()), patience, ..Default::default() };
    connect(&options).await.unwrap()
}

#[tokio::test]
async fn a_kind_that_is_never_answered_does_not_stop_the_others() {
    let server = Server::start(|request| match request.path.as_str() {
        "/apis/kubeovn.io/v1/ips" => Reply::Silence,
        "/version" => Reply::Json(200, json!({})),
        _ => page(&["x"], "", None),
    })
    .await;
    let cluster = impatient(&server).await;
    let listings = cluster.list_all(&[Kind::Ip, Kind::Pod], &mut Kept::default()).await;
    assert!(matches!(listings[0].1, Listing::Failed { .. }), "{listings:?}");
    assert_eq!(listings[1].1, complete(1, false));
}

#[tokio::test]
async fn credentials_that_are_refused_are_not_tried_for_every_kind() {
    let server = Server::start(|_| status(401, "Unauthorized", "Unauthorized", "")).await;
    let listings = server.connect().await.list_all(&Kind::ALL, &mut Kept::default()).await;
    assert_eq!(listings.iter().filter(|(_, listing)| matches!(listing, Listing::Skipped { .. })).count(), 29);
    assert_eq!(server.lines(), ["GET /apis/ipledger.dev/v1alpha1/addressclaims?limit=500", "GET /version"]);
}

#[tokio::test]
async fn half_an_answer_is_no_answer() {
    let mut calls = 0;
    let server = Server::start(move |_| {
        calls += 1;
        let list = json!({"metadata": {"resourceVersion": "77"}, "items": [{"metadata": {"name": "a"}}]});
        if calls == 1 { Reply::Half(list) } else { Reply::Json(200, list) }
    })
    .await;
    let mut kept = Kept::default();
    assert_eq!(server.connect().await.list(Kind::Ip, &mut kept).await, complete(1, false));
    assert_eq!(kept.objects, ["IP a"]);
    assert!(kept.events[0].contains("the answer broke off"), "{:?}", kept.events);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_after_the_deadline() {
    let server = Server::start(|_| Reply::Silence).await;
    let listing = impatient(&server).await.list(Kind::Ip, &mut Kept::default()).await;
    let Listing::Failed { error, .. } = listing else { panic!("{listing:?}") };
    assert_eq!(error.to_string(), "cannot list ips.kubeovn.io (tried 2 times)");
    assert_eq!(error.cause, Cause::Deadline(Duration::from_millis(500)));
}

#[tokio::test]
async fn what_is_no_list_is_said_to_be_none() {
    for body in ["<html>Welcome to nginx</html>", "{}", "[]", "{\"metadata\":{},\"items\":[1"] {
        let server = Server::start(move |_| Reply::Text(200, body.to_owned())).await;
        let listing = server.connect().await.list(Kind::Ip, &mut Kept::default()).await;
        let Listing::Failed { error, .. } = listing else { panic!("{listing:?}") };
        assert!(matches!(error.cause, Cause::Nonsense(_)), "{body}: {error:?}");
    }
}

fn pod(name: &str) -> ObjectName {
    ObjectName { kind: Kind::Pod, namespace: "default".into(), name: name.into() }
}

#[tokio::test]
async fn a_second_look_finds_the_object_or_knows_that_it_is_gone() {
    let server = Server::start(|request| match request.path.as_str() {
        "/api/v1/namespaces/default/pods/here" => Reply::Text(200, "{\"metadata\":{\"uid\":\"1\"}}".into()),
        "/api/v1/namespaces/default/pods/gone" => status(404, "NotFound", "pods \"gone\" not found", "gone"),
        other => panic!("unexpected {other}"),
    })
    .await;
    let cluster = server.connect().await;
    let found = cluster.reread(&pod("here"), |_| {}).await;
    assert_eq!(found, Reread::Found(b"{\"metadata\":{\"uid\":\"1\"}}".to_vec()));
    assert_eq!(cluster.reread(&pod("gone"), |_| {}).await, Reread::Gone);
}

/// What a second look at a VM shows where its own resource answers "404 page not found".
async fn second_look_at_a_vm(mut discovery: impl FnMut(&str) -> Reply + Send + 'static) -> Reread {
    let server = Server::start(move |request| discovery(&request.path)).await;
    let vm = ObjectName { kind: Kind::VirtualMachine, namespace: "default".into(), name: "vm".into() };
    server.connect().await.reread(&vm, |_| {}).await
}

#[tokio::test]
async fn an_object_of_a_kind_that_the_server_does_not_have_is_gone() {
    assert_eq!(second_look_at_a_vm(|_| no_such_resource()).await, Reread::Gone);
}

#[tokio::test]
async fn an_object_of_a_kind_that_is_served_in_another_version_is_read_in_that() {
    let found = second_look_at_a_vm(|path| match path {
        "/apis/kubevirt.io" => Reply::Json(200, json!({"versions": [{"version": "v1alpha3"}]})),
        "/apis/kubevirt.io/v1alpha3" => Reply::Json(200, json!({"resources": [{"name": "virtualmachines"}]})),
        "/apis/kubevirt.io/v1alpha3/namespaces/default/virtualmachines/vm" => Reply::Text(200, "{}".into()),
        _ => no_such_resource(),
    })
    .await;
    assert_eq!(found, Reread::Found(b"{}".to_vec()));
}

#[tokio::test]
async fn a_404_that_discovery_contradicts_proves_nothing() {
    let served = |path: &str| match path {
        "/apis/kubevirt.io" => Reply::Json(200, json!({"versions": [{"version": "v1"}]})),
        "/apis/kubevirt.io/v1" => Reply::Json(200, json!({"resources": [{"name": "virtualmachines"}]})),
        _ => no_such_resource(),
    };
    let Reread::Failed(error) = second_look_at_a_vm(served).await else { panic!("the kind is served") };
    assert_eq!(error.to_string(), "cannot read virtualmachines.kubevirt.io default/vm");
    let server = Server::start(move |request| served(&request.path)).await;
    let listing = server.connect().await.list(Kind::VirtualMachine, &mut Kept::default()).await;
    assert!(matches!(listing, Listing::Failed { .. }), "nor does it empty a list: {listing:?}");
}

#[tokio::test]
async fn whether_any_object_exists_is_seen_without_reading_them_all() {
    let server = Server::start(|request| match request.path.as_str() {
        "/api/v1/pods" => page(&["a"], "t", Some(999)),
        "/api/v1/nodes" => page(&[], "", None),
        _ => no_such_resource(),
    })
    .await;
    let cluster = server.connect().await;
    let pods = cluster.first(Kind::Pod, |_| {}).await.unwrap();
    assert_eq!((pods.object, pods.count), (Some(br#"{"metadata":{"name":"a"}}"#.to_vec()), Some(1000)));
    for kind in [Kind::Node, Kind::VirtualMachine] {
        assert_eq!(cluster.first(kind, |_| {}).await.unwrap(), First { object: None, count: Some(0) });
    }
    assert_eq!(server.lines()[0], "GET /api/v1/pods?limit=1");
}

#[tokio::test]
async fn a_404_about_another_object_proves_nothing() {
    let server = Server::start(|_| status(404, "NotFound", "namespaces \"default\" not found", "default")).await;
    assert!(matches!(server.connect().await.reread(&pod("p"), |_| {}).await, Reread::Failed(_)));
}

#[tokio::test]
async fn a_read_that_fails_means_nobody_knows() {
    for reply in [status(403, "Forbidden", "no", "p"), status(500, "InternalError", "no", "p"), Reply::Vanish] {
        let server = Server::start(move |_| reply.clone()).await;
        assert!(matches!(server.connect().await.reread(&pod("p"), |_| {}).await, Reread::Failed(_)));
    }
}

#[tokio::test]
async fn many_second_looks_are_answered_in_the_order_of_the_questions() {
    let server = Server::start(|request| {
        let name = request.path.rsplit('/').next().unwrap().to_owned();
        if name.ends_with('7') { status(404, "NotFound", "", &name) } else { Reply::Text(200, name) }
    })
    .await;
    let names: Vec<String> = (0..100).map(|n| format!("p{n}")).collect();
    let mut told = Vec::new();
    let objects = names.iter().map(|name| pod(name)).collect();
    let answers = server.connect().await.reread_all(objects, |done| told.push(done)).await;
    for (name, answer) in names.iter().zip(&answers) {
        let expected = if name.ends_with('7') { Reread::Gone } else { Reread::Found(name.clone().into_bytes()) };
        assert_eq!(*answer, expected, "{name}");
    }
    assert_eq!(told, (1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_server_that_goes_away_is_not_waited_for_a_thousand_times() {
    let mut reads = 0;
    let server = Server::start(move |_| {
        reads += 1;
        if reads > 20 { Reply::Vanish } else { Reply::Text(200, "{}".into()) }
    })
    .await;
    let objects = (0..1000).map(|n| pod(&format!("p{n}"))).collect();
    let answers = server.connect().await.reread_all(objects, |_| {}).await;
    let tried = answers.iter().filter(|answer| matches!(answer, Reread::Failed(error) if error.attempts > 0)).count();
    assert!((1..=16).contains(&tried), "only those that were under way: {tried}");
    let last = answers.last().unwrap();
    let Reread::Failed(error) = last else { panic!("{last:?}") };
    assert_eq!(error.to_string(), "cannot read pods default/p999");
    assert!(matches!(error.cause, Cause::Unreachable(_)));
}
