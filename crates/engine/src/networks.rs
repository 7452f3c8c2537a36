//! Which networks a pod or VM asks for (Network Plumbing Working Group's annotation, KubeVirt's spec).
//!
//! In: annotations of a pod or template, or a VM's networks. Out: [`Networks`]. Guarantees: both grammars of the
//! annotation, `[ns/]name[@interface]` lists and JSON, are read; what cannot be read is kept as a reason.

use api::names::annotations;
use api::slim::{Malformed, Meta, VirtualMachineNetworks};
use serde::Deserialize;
use std::borrow::Cow;

/// The networks of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Networks<'a> {
    /// Whether it has the primary network: not where Multus is told to replace it.
    pub primary: bool,
    /// Attachments, the replacement of the primary network first.
    pub attachments: Vec<Attachment<'a>>,
    /// Why an annotation, or the spec of a VM, could not be read: its name and the reason.
    pub malformed: Vec<(&'static str, String)>,
}

/// One attachment; its names are those of the text where the text has them as such.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachment<'a> {
    /// Namespace of the NetworkAttachmentDefinition.
    pub namespace: Cow<'a, str>,
    /// Its name.
    pub name: Cow<'a, str>,
    /// Interface asked for; empty where none is.
    pub interface: Cow<'a, str>,
    /// Addresses asked for, with or without prefix length.
    pub ips: Vec<String>,
    /// MAC asked for.
    pub mac: Cow<'a, str>,
}

/// An element of the JSON form.
#[derive(Deserialize)]
struct Selection {
    name: String,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    interface: Option<String>,
    #[serde(default)]
    ips: Option<Vec<String>>,
    #[serde(default)]
    mac: Option<String>,
}

/// The networks that annotations ask for; names without a namespace are in `namespace`.
#[must_use]
pub fn networks_of_meta<'a>(meta: &'a Meta, namespace: &'a str) -> Networks<'a> {
    let mut networks = Networks { primary: true, ..Networks::default() };
    if let Some(text) = meta.annotation(annotations::DEFAULT_NETWORK).filter(|text| !text.trim().is_empty()) {
        networks.primary = false;
        networks.read(annotations::DEFAULT_NETWORK, text, namespace);
    }
    if let Some(text) = meta.annotation(annotations::NETWORKS).filter(|text| !text.trim().is_empty()) {
        networks.read(annotations::NETWORKS, text, namespace);
    }
    networks
}

/// The networks of a VM, where they can be read: its launcher pod has the primary network unless a Multus network replaces it.
#[must_use]
pub fn networks_of_vm<'a>(spec: Result<&'a VirtualMachineNetworks, &Malformed>, namespace: &'a str) -> Networks<'a> {
    let spec = match spec {
        Ok(spec) => spec,
        Err(bad) => return Networks { malformed: vec![("spec", bad.reason.clone())], ..Networks::default() },
    };
    let multus = spec.networks.iter().filter_map(|network| network.multus.as_ref());
    let attachments = multus.clone().map(|multus| short_form(&multus.network_name, namespace)).collect();
    Networks { primary: !multus.clone().any(|multus| multus.default), attachments, malformed: Vec::new() }
}

/// `[ns/]name[@interface]`.
fn short_form<'a>(text: &'a str, namespace: &'a str) -> Attachment<'a> {
    let (path, interface) = text.split_once('@').unwrap_or((text, ""));
    let (namespace, name) = path.split_once('/').unwrap_or((namespace, path));
    Attachment {
        namespace: namespace.trim().into(),
        name: name.trim().into(),
        interface: interface.trim().into(),
        ..Attachment::default()
    }
}

impl<'a> Networks<'a> {
    fn read(&mut self, annotation: &'static str, text: &'a str, namespace: &'a str) {
        if !text.trim_start().starts_with(['[', '{']) {
            let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
            self.attachments.extend(entries.map(|entry| short_form(entry, namespace)));
            return;
        }
        let list = if text.trim_start().starts_with('{') { format!("[{text}]") } else { text.to_owned() };
        match serde_json::from_str::<Vec<Selection>>(&list) {
            Ok(selections) => self.attachments.extend(selections.into_iter().map(|selection| Attachment {
                namespace: selection.namespace.filter(|ns| !ns.is_empty()).map_or(Cow::Borrowed(namespace), Cow::Owned),
                name: selection.name.into(),
                interface: selection.interface.unwrap_or_default().into(),
                ips: selection.ips.unwrap_or_default(),
                mac: selection.mac.unwrap_or_default().into(),
            })),
            Err(error) => self.malformed.push((annotation, error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(text: &str) -> Meta {
        serde_json::from_value(serde_json::json!({"name": "p", "annotations": {annotations::NETWORKS: text}})).unwrap()
    }

    #[test]
    fn both_grammars_are_read() {
        let short = meta("macvlan@net1, kube-system/ext");
        let short = networks_of_meta(&short, "default");
        assert_eq!(short.attachments.len(), 2);
        assert_eq!(
            (short.attachments[0].namespace.as_ref(), short.attachments[0].interface.as_ref()),
            ("default", "net1")
        );
        assert_eq!(
            (short.attachments[1].namespace.as_ref(), short.attachments[1].name.as_ref()),
            ("kube-system", "ext")
        );
        let json = meta(r#"[{"name":"macvlan","interface":"net1","ips":["10.0.0.2/24"],"mac":"02:00:00:00:00:01"}]"#);
        let json = networks_of_meta(&json, "default");
        assert_eq!(json.attachments[0].ips, ["10.0.0.2/24"]);
        assert!(json.primary && json.malformed.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        assert_eq!(networks_of_meta(&meta("[{\"name\":3}]"), "default").malformed.len(), 1);
    }
}
