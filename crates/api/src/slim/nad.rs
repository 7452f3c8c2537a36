//! A NetworkAttachmentDefinition's CNI configuration: which networks are whose, and on which interface.
//!
//! In: the JSON text of `spec.config`, one plugin or a list. Out: [`NadConfig`]. Guarantees: bounded depth; text that is
//! no JSON object is an error with its position, never an empty configuration.

use super::field::{Str, nil};
use serde::Deserialize;
use std::str::FromStr;

/// What is known of a CNI configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NadConfig {
    /// The plugins: one, or those of the list.
    pub plugins: Box<[NadPlugin]>,
}

/// One plugin of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct NadPlugin {
    /// CNI plugin, e.g. `macvlan`.
    #[serde(rename = "type", deserialize_with = "nil")]
    pub type_: Str,
    /// Parent interface (macvlan, ipvlan, vlan).
    #[serde(deserialize_with = "nil")]
    pub master: Str,
    /// Bridge (bridge, ovs).
    #[serde(deserialize_with = "nil")]
    pub bridge: Str,
    /// VLAN id on that interface or bridge (bridge, SR-IOV, ovs).
    #[serde(deserialize_with = "vlan")]
    pub vlan: Option<i64>,
    /// What the plugin `vlan` calls it.
    #[serde(rename = "vlanId", deserialize_with = "vlan")]
    pub vlan_id: Option<i64>,
    /// Address manager.
    #[serde(deserialize_with = "nil")]
    pub ipam: NadIpam,
    /// Provider, where the plugin itself is Kube-OVN's.
    #[serde(deserialize_with = "nil")]
    pub provider: Str,
}

/// `ipam` of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct NadIpam {
    /// Address manager, e.g. `kube-ovn`.
    #[serde(rename = "type", deserialize_with = "nil")]
    pub type_: Str,
    /// Provider that the CNI plugin asks for; must agree with the NAD's own name.
    #[serde(deserialize_with = "nil")]
    pub provider: Str,
}

/// Whose addresses a NAD hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NadManager {
    /// Kube-OVN is the CNI itself: provider `<nad>.<namespace>.ovn`.
    Ovn,
    /// Kube-OVN only manages addresses: provider `<nad>.<namespace>`.
    IpamOnly,
    /// Somebody else.
    Other,
}

impl NadConfig {
    /// Whose addresses it hands out.
    #[must_use]
    pub fn manager(&self) -> NadManager {
        if self.plugins.iter().any(|plugin| plugin.type_ == "kube-ovn") {
            NadManager::Ovn
        } else if self.plugins.iter().any(|plugin| plugin.ipam.type_ == "kube-ovn") {
            NadManager::IpamOnly
        } else {
            NadManager::Other
        }
    }

    /// The interface or bridge on the node that its links are on, with the VLAN: two NADs that name the same one are
    /// probably on one layer-2 network. The interface is empty where only a VLAN is named, as SR-IOV does.
    #[must_use]
    pub fn attaches_to(&self) -> Option<(&str, i64)> {
        self.plugins.iter().find_map(|plugin| {
            let parent = if plugin.master.is_empty() { &plugin.bridge } else { &plugin.master };
            let vlan = plugin.vlan.or(plugin.vlan_id).unwrap_or(0);
            (!parent.is_empty() || vlan != 0).then_some((parent.as_str(), vlan))
        })
    }
}

/// VLAN ids stand there as numbers or, by mistake, as text.
fn vlan<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let field: super::Field<i64> = nil(deserializer)?;
    Ok(field.get().copied())
}

/// The configuration is not a JSON object.
#[derive(Debug, thiserror::Error)]
#[error("not a CNI configuration in JSON")]
pub struct NotCni(#[from] serde_json::Error);

impl FromStr for NadConfig {
    type Err = NotCni;

    fn from_str(text: &str) -> Result<Self, NotCni> {
        #[derive(Deserialize)]
        struct Plugins {
            #[serde(default, deserialize_with = "nil")]
            plugins: Box<[NadPlugin]>,
        }
        let single: NadPlugin = serde_json::from_str(text)?;
        if !single.type_.is_empty() {
            return Ok(Self { plugins: Box::new([single]) });
        }
        Ok(Self { plugins: serde_json::from_str::<Plugins>(text)?.plugins })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_and_a_list_of_plugins_are_read_alike() {
        let single: NadConfig =
            r#"{"type":"macvlan","master":"eth1","ipam":{"type":"kube-ovn","provider":"mv.default"}}"#.parse().unwrap();
        let list: NadConfig =
            r#"{"plugins":[{"type":"macvlan","master":"eth1","ipam":{"type":"kube-ovn"}},{"type":"tuning"}]}"#.parse().unwrap();
        for config in [&single, &list] {
            assert_eq!(config.manager(), NadManager::IpamOnly);
            assert_eq!(config.attaches_to(), Some(("eth1", 0)));
        }
        let vlan: NadConfig = r#"{"type":"vlan","master":"eth1","vlanId":100}"#.parse().unwrap();
        assert_eq!(vlan.attaches_to(), Some(("eth1", 100)));
        let sriov: NadConfig = r#"{"type":"sriov","vlan":200}"#.parse().unwrap();
        assert_eq!(sriov.attaches_to(), Some(("", 200)));
        assert_eq!(r#"{"type":"kube-ovn"}"#.parse::<NadConfig>().unwrap().manager(), NadManager::Ovn);
        assert!("macvlan".parse::<NadConfig>().is_err());
    }
}
