//! Which networks a pod or VM asks for (Network Plumbing Working Group's annotation, KubeVirt's spec).
//!
//! In: annotations of a pod or template, or a VM's networks. Out: [`Networks`]. Guarantees: both grammars of the
//! annotation, `[ns/]name[@interface]` lists and JSON, are read; what cannot be read is kept as a reason: also a name that Multus would
//! refuse, since nobody can tell which network was meant.

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

impl Selection {
    fn attachment(self, namespace: &str) -> Attachment<'_> {
        Attachment {
            namespace: self.namespace.filter(|ns| !ns.is_empty()).map_or(Cow::Borrowed(namespace), Cow::Owned),
            name: self.name.into(),
            interface: self.interface.unwrap_or_default().into(),
            ips: self.ips.unwrap_or_default(),
            mac: self.mac.unwrap_or_default().into(),
        }
    }
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
    let primary = !multus.clone().any(|multus| multus.default);
    let mut networks = Networks { primary, ..Networks::default() };
    multus.for_each(|multus| networks.take("spec", short_form(&multus.network_name, namespace)));
    networks
}

/// `[ns/]name[@interface]`.
fn short_form<'a>(text: &'a str, namespace: &'a str) -> Result<Attachment<'a>, String> {
    let (path, interface) = text.split_once('@').unwrap_or((text, ""));
    let (namespace, name) = path.split_once('/').unwrap_or((namespace, path));
    let (namespace, name, interface) = (namespace.trim(), name.trim(), interface.trim());
    if !is_name(namespace) || !is_name(name) || interface.contains(['@', '/']) {
        return Err(format!("`{text}` is no network: `[namespace/]name[@interface]`"));
    }
    Ok(Attachment {
        namespace: namespace.into(),
        name: name.into(),
        interface: interface.into(),
        ..Attachment::default()
    })
}

/// Whether an object can have this name (Kubernetes, DNS subdomain; Multus refuses others, too).
fn is_name(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    is_end(bytes.first()) && is_end(bytes.last()) && bytes.iter().all(|byte| is_end(Some(byte)) || b"-.".contains(byte))
}

impl<'a> Networks<'a> {
    fn read(&mut self, annotation: &'static str, text: &'a str, namespace: &'a str) {
        // Multus takes what has any of these for JSON, wherever it is.
        if !text.contains(['[', '{', '"']) {
            let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
            entries.for_each(|entry| self.take(annotation, short_form(entry, namespace)));
            return;
        }
        let list = if text.trim_start().starts_with('{') { format!("[{text}]") } else { text.to_owned() };
        match serde_json::from_str::<Vec<Selection>>(&list) {
            Ok(selections) => selections.into_iter().for_each(|selection| {
                let is_named = !selection.name.is_empty();
                let attachment = is_named.then(|| selection.attachment(namespace));
                self.take(annotation, attachment.ok_or_else(|| "a network has no name".to_owned()));
            }),
            Err(error) => self.malformed.push((annotation, error.to_string())),
        }
    }

    fn take(&mut self, place: &'static str, attachment: Result<Attachment<'a>, String>) {
        match attachment {
            Ok(attachment) => self.attachments.push(attachment),
            Err(reason) => self.malformed.push((place, reason)),
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
        for text in [
            "[{\"name\":3}]",
            "[{\"name\":\"\"}]",
            "\"lab\"",
            "lab;other",
            "Lab",
            "default/",
            "a/b/c",
            "lab@a@b",
            "-lab",
        ] {
            let networks = meta(text);
            let networks = networks_of_meta(&networks, "default");
            assert_eq!((networks.malformed.len(), networks.attachments.len()), (1, 0), "{text}");
        }
        let some = meta("lab,lab;other");
        assert_eq!(networks_of_meta(&some, "default").attachments.len(), 1);
        assert_eq!(networks_of_meta(&meta("lab,,kube-system/ext.v2,"), "default").malformed, []);
    }
}
