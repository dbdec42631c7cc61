//! Certificates, and clients who trust one of them and nothing else.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ureq::tls::{RootCerts, TlsConfig};

/// A certificate for this machine, signed by itself, with its key in two files.
pub struct Certificate {
    der: CertificateDer<'static>,
    /// The file of the certificate.
    pub chain: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

impl Certificate {
    /// A new one, in place of the one that the files have, if any.
    pub fn write(directory: &Path) -> Self {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let (chain, key) = (directory.join("chain.pem"), directory.join("key.pem"));
        fs::write(&chain, made.cert.pem()).expect("a file");
        fs::write(&key, made.signing_key.serialize_pem()).expect("a file");
        Self { der: made.cert.der().clone(), chain, key }
    }

    /// The arguments that have a server use it.
    pub fn arguments(&self) -> [String; 2] {
        [format!("--tls-cert={}", self.chain.display()), format!("--tls-key={}", self.key.display())]
    }

    /// What an HTTP client needs to trust it.
    pub fn trusted(&self) -> TlsConfig {
        let root = ureq::tls::Certificate::from_der(&self.der).to_owned();
        TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&[root]))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build()
    }

    /// Connects to `https://address:port`, offering these versions of HTTP. Fails if the server presents another one.
    pub fn connect(
        &self,
        url: &str,
        protocols: &[&str],
    ) -> std::io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").expect("a name");
        let mut connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
        let mut stream = TcpStream::connect(url.strip_prefix("https://").expect("an address"))?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream)?;
        }
        Ok(StreamOwned::new(connection, stream))
    }
}
