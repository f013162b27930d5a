// SPDX-License-Identifier: Apache-2.0
//! The client's side of IPFIX over TLS (RFC 5655 §11): whom the probe trusts, and as whom it shows itself.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// Where Debian, and most others by a link, keep the authorities that the system trusts.
const SYSTEM: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Files for connections by TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificates of the authorities that the collector's certificate may be of; those of the system without.
    pub authority: Option<PathBuf>,
    /// Our certificate and its key, where the collector wants one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl TlsFiles {
    /// An error, which names the file, where one of them cannot be used.
    pub fn check(&self) -> io::Result<()> {
        self.config().map(drop)
    }

    /// The configuration; the error names the file.
    pub(crate) fn config(&self) -> io::Result<Arc<ClientConfig>> {
        let authority = self.authority.as_deref().unwrap_or(Path::new(SYSTEM));
        let mut roots = RootCertStore::empty();
        for certificate in certificates(authority)? {
            // A system's list may have certificates of forms that are not supported: the others are enough.
            if let Err(error) = roots.add(certificate)
                && self.authority.is_some()
            {
                return Err(wrong(authority, &error.to_string()));
            }
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots);
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate)?;
                let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, &error.to_string()))?;
                let made = builder.with_client_auth_cert(chain, private);
                made.map_err(|error| wrong(certificate, &error.to_string()))?
            }
        };
        Ok(Arc::new(config))
    }
}

fn wrong(path: &Path, error: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{}: {error}", path.display()))
}

fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| wrong(path, &error.to_string()))?;
    let all: Result<Vec<_>, _> = read.collect();
    let all = all.map_err(|error| wrong(path, &error.to_string()))?;
    if all.is_empty() { Err(wrong(path, "no certificate in it")) } else { Ok(all) }
}
