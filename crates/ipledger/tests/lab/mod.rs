//! A modelled API server on a loopback port, with the kinds of the project, one Subnet, and a pod that wants an address of it.

use model::{Body, Options, Request, Server};
use model_http::{Model, serve, system_time};
use serde_json::{Value, json};
use std::path::PathBuf;

/// See the module.
pub struct Lab {
    pub model: Model,
    folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Lab {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let server = listener.local_addr().unwrap();
        let model = Model::new(Server::new(1, Options { start: system_time(), ..Options::default() }), system_time);
        runtime.spawn(serve(model.clone(), listener));
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster: {{server: 'http://{server}'}}\n\
             users:\n- name: u\n  user: {{}}\ncontexts:\n- name: c\n  context: {{cluster: c, user: u}}\n"
        );
        std::fs::write(folder.path().join("kubeconfig"), config).unwrap();
        let lab = Self { model, folder, _runtime: runtime };
        lab.fill();
        lab
    }

    fn fill(&self) {
        for definition in api::crds::all() {
            self.create(&model::definitions_path(), serde_json::to_value(&definition).unwrap());
        }
        let (group, plural) = ("k8s.cni.cncf.io", "network-attachment-definitions");
        let names = json!({"plural": plural, "singular": "network-attachment-definition",
            "kind": "NetworkAttachmentDefinition", "listKind": "NetworkAttachmentDefinitionList"});
        let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        self.create(
            &model::definitions_path(),
            json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": format!("{plural}.{group}")},
                "spec": {"group": group, "scope": "Namespaced", "names": names,
                    "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}]}}),
        );
        self.create(
            &format!("/apis/{group}/v1/namespaces/default/{plural}"),
            json!({"apiVersion": format!("{group}/v1"), "kind": "NetworkAttachmentDefinition", "metadata": {"name": "lab"},
                "spec": {"config": "{\"type\":\"macvlan\",\"master\":\"eth1\",\"ipam\":{\"type\":\"ipledger\",\"provider\":\"lab.default\"}}"}}),
        );
        self.create(
            "/apis/kubeovn.io/v1/subnets",
            json!({"apiVersion": "kubeovn.io/v1", "kind": "Subnet", "metadata": {"name": "lab"},
                "spec": {"provider": "lab.default", "cidrBlock": "10.7.0.8/29", "gateway": "10.7.0.9"}}),
        );
        self.create(
            "/api/v1/namespaces/default/pods",
            json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "p1", "annotations": {"k8s.v1.cni.cncf.io/networks": "default/lab"}},
                "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "c"}]}}),
        );
    }

    /// Makes an object.
    pub fn create(&self, path: &str, body: Value) {
        let answer = self.model.handle(Request::post(path.to_owned(), body));
        assert!(answer.code < 300, "{path}: {answer:?}");
    }

    /// The revision of the last write.
    pub fn revision(&self) -> u64 {
        self.model.with(|server| server.revision())
    }

    /// A file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An object, or null.
    pub fn get(&self, path: &str) -> Value {
        let answer = self.model.handle(Request::get(path.to_owned()));
        match answer.body {
            Body::Object(object) if answer.code == 200 => (*object).clone(),
            _ => Value::Null,
        }
    }
}
