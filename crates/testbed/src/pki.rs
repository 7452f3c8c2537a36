//! The run's certificate authority.
//!
//! In: names and addresses. Out: `ca.crt` and pairs of certificate and key in the run's `secrets` folder, and the key that
//! signs service account tokens. All are made anew for each run, in milliseconds (ECDSA P-256).

use crate::error::{Error, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use std::path::{Path, PathBuf};

/// A certificate authority and the folder where it puts what it signs.
#[derive(Debug)]
pub(crate) struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// Where a certificate and its key are.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    /// Makes an authority and writes `ca.crt`.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let failed = |error: rcgen::Error| refuse("the bed's certificate authority", error);
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "ipledger test bed");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(failed)?;
        write(&folder.join("ca.crt"), &certificate.pem())?;
        Ok(Self { folder: folder.to_owned(), issuer: Issuer::new(params, key), certificate })
    }

    /// The authority's own certificate, for clients.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// The same as PEM text.
    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// The same as DER.
    pub(crate) fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    /// Signs a server certificate for host names and addresses: `<name>.crt` and `<name>.key`.
    pub(crate) fn server(&self, name: &str, hosts: &[String]) -> Result<Pair> {
        let failed = |error: rcgen::Error| refuse(&format!("the server certificate `{name}`"), error);
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::new(hosts).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let signed = params.signed_by(&key, &self.issuer).map_err(failed)?;
        let pair =
            Pair { certificate: self.folder.join(format!("{name}.crt")), key: self.folder.join(format!("{name}.key")) };
        write(&pair.certificate, &signed.pem())?;
        write(&pair.key, &key.serialize_pem())?;
        Ok(pair)
    }

    /// The key of service account tokens: `service-accounts.key` and its public half `service-accounts.pub`.
    pub(crate) fn service_account_key(&self) -> Result<Pair> {
        let key = KeyPair::generate().map_err(|error| refuse("the key of service account tokens", error))?;
        let pair = Pair {
            certificate: self.folder.join("service-accounts.pub"),
            key: self.folder.join("service-accounts.key"),
        };
        write(&pair.certificate, &key.public_key_pem())?;
        write(&pair.key, &key.serialize_pem())?;
        Ok(pair)
    }
}

fn refuse(what: &str, error: rcgen::Error) -> Error {
    Error::Certificate { what: what.to_owned(), source: Box::new(error) }
}

fn write(path: &Path, content: &str) -> Result<()> {
    std::fs::write(path, content).map_err(Error::file("write", path))
}
