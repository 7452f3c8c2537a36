//! String formats that the schema validator checks.
//!
//! Source: `kube-openapi/pkg/validation/strfmt/default.go`; formats that are not listed there are ignored, here and there.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::time::Timestamp;

/// Whether `text` is of `format`; unknown formats take everything.
pub(super) fn is_valid(format: &str, text: &str) -> bool {
    match format.replace('-', "").as_str() {
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(text),
        "mac" => is_mac(text),
        "uuid" => is_uuid(text),
        "datetime" => Timestamp::parse(text).is_some(),
        "date" => text.len() == 10 && Timestamp::parse(&format!("{text}T00:00:00Z")).is_some(),
        "byte" => {
            text.len().is_multiple_of(4) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
        }
        "hostname" => !text.is_empty() && text.len() <= 255 && text.split('.').all(is_host_label),
        _ => true,
    }
}

fn is_cidr(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, len)| {
        let len: Option<u8> = len.parse().ok();
        let bits = if address.parse::<Ipv4Addr>().is_ok() {
            32
        } else if address.parse::<Ipv6Addr>().is_ok() {
            128
        } else {
            return false;
        };
        len.is_some_and(|l| l <= bits)
    })
}

fn is_mac(text: &str) -> bool {
    ["-", ":"].iter().any(|separator| {
        let parts: Vec<&str> = text.split(separator).collect();
        matches!(parts.len(), 6 | 8 | 20)
            && parts.iter().all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()))
    })
}

fn is_uuid(text: &str) -> bool {
    let plain = text.replace('-', "");
    plain.len() == 32 && plain.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_host_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    !label.is_empty()
        && label.len() <= 63
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
}
