//! Whom this machine trusts: the roots that its owner installed, read once, when something is to be sent by TLS for the
//! first time. So a company's own authority counts, and `SSL_CERT_FILE` is heard.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::failure::Failure;

/// TLS that trusts whom this machine trusts.
static CONNECTOR: OnceCell<TlsConnector> = OnceCell::const_new();

/// TLS that trusts whom this machine trusts.
pub(super) async fn connector() -> Result<TlsConnector, Failure> {
    let unsent = |why: &str| Failure::Unsent(format!("TLS cannot be spoken: {why}"));
    let read = || async {
        // They are files.
        let read = tokio::task::spawn_blocking(read).await;
        read.map_err(|_| unsent("the roots cannot be read"))?.map_err(|error| unsent(&error.to_string()))
    };
    CONNECTOR.get_or_try_init(read).await.cloned()
}

fn read() -> Result<TlsConnector, rustls::Error> {
    let mut roots = RootCertStore::empty();
    // One root that cannot be read does not make the others worth less.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The name that a certificate has to have.
pub(super) fn name(host: &str) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(host.to_owned()).map_err(|_| Failure::Untrusted("its host can have no certificate"))
}
