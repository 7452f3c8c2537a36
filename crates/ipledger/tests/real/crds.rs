//! Claims about `ipledger crds` on a live cluster.

use crate::stage::{SOON, Said, file, ipledger};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use testbed::{ControlPlane, Look, User, need, wait};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const CLAIMS: &str = "addressclaims.ipledger.dev";
const SUBNETS: &str = "subnets.kubeovn.io";

/// A cluster without definitions, as this test's own.
struct Bare {
    bed: &'static ControlPlane,
    _alone: MutexGuard<'static, ()>,
}

impl Bare {
    fn set() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        static BED: OnceLock<ControlPlane> = OnceLock::new();
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let bare = Self { bed: BED.get_or_init(|| ControlPlane::start().unwrap()), _alone: alone };
        bare.bed.kubectl(&["delete", "crd", "--all", "--wait=false"]).unwrap();
        let api = bare.bed.requests(&User::admin()).unwrap();
        let mut looks = 0;
        wait("no definition to be left", SOON, || {
            let left = bare.versions();
            // kube-apiserver 1.34 puts off for minutes what is deleted while its storage still starts ("could not list
            // instances: storage is (re)initializing"). A change of the definition makes it look again.
            looks += 1;
            for name in left.keys() {
                let touch = json!({"metadata": {"annotations": {"look": looks.to_string()}}});
                let _gone_by_now = api.patch(&format!("{DEFINITIONS}/{name}"), &touch);
            }
            Ok(if left.is_empty() { Look::Done(()) } else { Look::NotYet(format!("{left:?}")) })
        })
        .unwrap();
        bare
    }

    /// Names and resourceVersions of all definitions.
    fn versions(&self) -> BTreeMap<String, String> {
        let list = self.bed.get(DEFINITIONS).unwrap();
        let text = |item: &Value, key: &str| item["metadata"][key].as_str().unwrap().to_owned();
        list["items"].as_array().unwrap().iter().map(|it| (text(it, "name"), text(it, "resourceVersion"))).collect()
    }

    fn admin(&self, arguments: &[&str]) -> Said {
        ipledger(self.bed, &User::admin(), arguments)
    }

    fn make_claim(&self) {
        let claim = "apiVersion: ipledger.dev/v1alpha1\nkind: AddressClaim\nmetadata: {name: wire.default.172.17.0.11}\n\
            spec:\n  wire: wire.default\n  address: 172.17.0.11\n  subnet: ext\n  \
            holder: {kind: Pod, namespace: default, name: p1, uid: '6f0c', nic: net1}\n";
        self.bed.apply(claim).unwrap();
    }
}

/// What was said of each definition.
fn lines(said: &Said) -> BTreeMap<&str, &str> {
    said.out.lines().map(|line| line.split_once(": ").unwrap()).collect()
}

#[test]
fn install_makes_what_is_missing_serves_it_at_once_and_writes_nothing_the_second_time() {
    need!(ControlPlane);
    let bare = Bare::set();
    let dry = bare.admin(&["crds", "install", "--dry-run"]);
    assert_eq!(dry.code, 0, "{dry:?}");
    assert_eq!(bare.versions(), BTreeMap::new());
    let first = bare.admin(&["crds", "install"]);
    assert_eq!(first.code, 0, "{first:?}");
    // One file per definition, and which of them `kubectl apply -k` takes.
    let files = std::fs::read_dir(file("config/crds")).unwrap().count() - 1;
    assert_eq!(lines(&first).len(), files);
    assert!(lines(&first).values().all(|line| *line == "created"), "{first:?}");
    // Without a wait in between: what is said to be there is served.
    bare.make_claim();
    let before = bare.versions();
    let mark = bare.bed.audit().mark().unwrap();
    let second = bare.admin(&["crds", "install"]);
    assert_eq!(second.code, 0, "{second:?}");
    assert_eq!(lines(&second)[CLAIMS], "up to date");
    assert_eq!(lines(&second)[SUBNETS], "exists, left as it is");
    assert_eq!(bare.bed.audit().writes(mark, "ipledger/").unwrap(), BTreeMap::new());
    assert_eq!(bare.versions(), before);
    // The server's own defaults are no difference either: kubectl's copy of the files is what install wants.
    let deploy = file("config/crds");
    bare.bed.kubectl(&["apply", "--server-side", "--force-conflicts", "-k", deploy.to_str().unwrap()]).unwrap();
    let third = bare.admin(&["crds", "install"]);
    assert_eq!(lines(&third)[CLAIMS], "up to date", "{third:?}");
}

#[test]
fn a_cluster_that_lacks_kinds_is_judged_by_those_that_it_has() {
    need!(ControlPlane);
    let bare = Bare::set();
    for kind in ["subnets", "ips"] {
        let path = file(&format!("config/crds/kubeovn.io_{kind}.yaml"));
        bare.bed.kubectl(&["apply", "-f", path.to_str().unwrap()]).unwrap();
        let name = format!("{kind}.kubeovn.io");
        bare.bed.kubectl(&["wait", "--for=condition=Established", "crd", &name, "--timeout=60s"]).unwrap();
    }
    let leak = "apiVersion: kubeovn.io/v1\nkind: Subnet\nmetadata: {name: ext}\n\
        spec: {protocol: IPv4, cidrBlock: 10.9.0.0/29, gateway: 10.9.0.1, excludeIps: [10.9.0.1], provider: mv.net}\n---\n\
        apiVersion: kubeovn.io/v1\nkind: IP\nmetadata: {name: p1.net.mv.net}\n\
        spec: {podName: p1, namespace: net, subnet: ext, v4IpAddress: 10.9.0.2, ipAddress: 10.9.0.2}\n";
    bare.bed.apply(leak).unwrap();
    let said = bare.admin(&["audit", "-o", "json", "--grace", "0"]);
    assert_eq!(said.code, 1, "{said:?}");
    let leaked = ("leaked-ip:ips/p1.net.mv.net".to_owned(), "proven".to_owned());
    assert!(said.findings().contains(&leaked), "{said:?}");
    // Of a kind that the server does not know there is no object: that hides nothing.
    let report = said.json();
    assert_eq!((&report["notJudged"], &report["coverage"]["unreadable"]), (&json!([]), &json!([])), "{report}");
    assert_eq!(report["coverage"]["kinds"]["Subnet"], 1, "{report}");
}

#[test]
fn a_definition_of_kube_ovn_that_exists_stays_as_it_is_and_what_it_lacks_is_told() {
    need!(ControlPlane);
    let bare = Bare::set();
    let theirs = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: subnets.kubeovn.io}\n\
        spec:\n  group: kubeovn.io\n  scope: Cluster\n  \
        names: {kind: Subnet, plural: subnets, singular: subnet, listKind: SubnetList, shortNames: [subnet]}\n  \
        versions:\n  - name: v1\n    served: true\n    storage: true\n    subresources: {status: {}}\n    \
        schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          spec:\n            \
        type: object\n            properties: {cidrBlock: {type: string}, gateway: {type: string}}\n";
    bare.bed.apply(theirs).unwrap();
    bare.bed.kubectl(&["wait", "--for=condition=Established", "crd", SUBNETS, "--timeout=60s"]).unwrap();
    let before = bare.versions()[SUBNETS].clone();
    let said = bare.admin(&["crds", "install"]);
    assert_eq!(said.code, 0, "{said:?}");
    let line = lines(&said)[SUBNETS];
    assert!(line.starts_with("exists, left as it is; it lacks ") && line.contains("spec.provider"), "{line}");
    assert_eq!(bare.versions()[SUBNETS], before);
}

#[test]
fn uninstall_takes_no_claim_along_unless_told_and_never_a_kind_of_kube_ovn() {
    need!(ControlPlane);
    let bare = Bare::set();
    assert_eq!(bare.admin(&["crds", "install"]).code, 0);
    bare.make_claim();
    let before = bare.versions();
    let refused = bare.admin(&["crds", "uninstall"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("there are 1 AddressClaims"), "{refused:?}");
    let dry = bare.admin(&["crds", "uninstall", "--with-claims", "--dry-run"]);
    assert_eq!((dry.code, lines(&dry)[CLAIMS]), (0, "deleted"), "{dry:?}");
    assert_eq!(bare.versions(), before);
    let said = bare.admin(&["crds", "uninstall", "--with-claims"]);
    assert_eq!((said.code, lines(&said)[CLAIMS]), (0, "deleted"), "{said:?}");
    assert_eq!(lines(&said)[SUBNETS], "of kubeovn.io, stays");
    let mut kept = before;
    kept.remove(CLAIMS);
    let path = format!("{DEFINITIONS}/{CLAIMS}");
    bare.bed.wait_gone(&path, SOON).unwrap();
    assert_eq!(bare.versions(), kept);
    let again = bare.admin(&["crds", "uninstall"]);
    assert_eq!((again.code, lines(&again)[CLAIMS]), (0, "was not there"), "{again:?}");
}

#[test]
fn the_documented_rights_are_enough_and_without_them_each_definition_is_told() {
    need!(ControlPlane);
    let bare = Bare::set();
    let crds = json!({"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"],
        "verbs": ["get", "create", "update", "delete"]});
    let claims = json!({"apiGroups": ["ipledger.dev"], "resources": ["addressclaims"], "verbs": ["list"]});
    let installer = bare.bed.user_with_rights("installer", &json!([crds, claims])).unwrap();
    let refused = ipledger(bare.bed, &User::nobody(), &["crds", "install"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(lines(&refused).values().all(|line| line.starts_with("failed: ")), "{refused:?}");
    let said = ipledger(bare.bed, &installer, &["crds", "install"]);
    assert_eq!(said.code, 0, "{said:?}");
    let said = ipledger(bare.bed, &installer, &["crds", "uninstall"]);
    assert_eq!((said.code, lines(&said)[CLAIMS]), (0, "deleted"), "{said:?}");
}
