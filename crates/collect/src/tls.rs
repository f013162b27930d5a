// SPDX-License-Identifier: Apache-2.0
//! Certificates for IPFIX over TLS: ours, and the authorities whose clients are let in.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::settings::Tls;

/// The configuration of the server's side; the error names the setting and the file.
pub(crate) fn config(files: &Tls) -> Result<Arc<ServerConfig>, String> {
    let chain = certificates(&files.certificate, "collect.tls_certificate")?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| format!("collect.tls_key: {}: {error}", files.key.display()))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("collect.tls: {error}"))?;
    let builder = match &files.client_authority {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let wrong = |error: String| format!("collect.tls_client_authority: {}: {error}", path.display());
            let mut roots = RootCertStore::empty();
            for authority in certificates(path, "collect.tls_client_authority")? {
                roots.add(authority).map_err(|error| wrong(error.to_string()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
            builder.with_client_cert_verifier(verifier.build().map_err(|error| wrong(error.to_string()))?)
        }
    };
    let config = builder.with_single_cert(chain, key).map_err(|error| format!("collect.tls_certificate: {error}"))?;
    Ok(Arc::new(config))
}

fn certificates(path: &Path, setting: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error: String| format!("{setting}: {}: {error}", path.display());
    let read = CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
    let all: Result<Vec<_>, _> = read.collect();
    let all = all.map_err(|error| wrong(error.to_string()))?;
    if all.is_empty() { Err(wrong("no certificate in it".to_owned())) } else { Ok(all) }
}
