//! Commands that ask a server by TLS: whom this machine trusts is trusted, and nobody else is told the token.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::support::process::command;
use crate::support::{Server, Team};

/// What speaks TLS before a server that does not.
struct Front {
    _runtime: Runtime,
    folder: TempDir,
    port: u16,
    /// How many clients went on after they had seen the certificate.
    trusted: Arc<AtomicUsize>,
}

impl Front {
    /// A front with a certificate for `name`, which nobody has signed.
    fn of(server: &Server, name: &str) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("roots.pem"), cert.pem()).expect("a file");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a certificate with its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let behind = server.url().trim_start_matches("http://").to_owned();
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let trusted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&trusted);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, behind, count) = (acceptor.clone(), behind.clone(), Arc::clone(&count));
                tokio::spawn(async move {
                    let Ok(mut secure) = acceptor.accept(stream).await else { return };
                    count.fetch_add(1, Ordering::SeqCst);
                    let mut plain = TcpStream::connect(behind).await.expect("the server listens");
                    // Either end may go first.
                    let _ended = tokio::io::copy_bidirectional(&mut secure, &mut plain).await;
                });
            }
        });
        Self { _runtime: runtime, folder, port, trusted }
    }

    fn roots(&self) -> PathBuf {
        self.folder.path().join("roots.pem")
    }

    /// Lists accounts, on a machine with these roots.
    fn asked(&self, team: &Team, roots: &PathBuf) -> Output {
        let made =
            team.client.post("/api/v1/auth/tokens", &json!({"name": "t", "role": "admin"})).expect(201);
        let token = made["data"]["token"].as_str().expect("a token");
        let url = format!("https://localhost:{}", self.port);
        let mut line = command(["user", "list", "--server", &url]);
        line.env("PHASEFLAG_TOKEN", token).env("SSL_CERT_FILE", roots);
        line.output().expect("the program runs")
    }
}

#[track_caller]
fn refused(front: &Front, output: &Output, why: &str) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
    assert!(text.contains(&format!("https://localhost:{}", front.port)) && text.contains(why), "{text}");
    assert_eq!(front.trusted.load(Ordering::SeqCst), 0);
}

#[test]
fn whom_this_machine_trusts_is_asked() {
    let server = Server::start();
    let team = server.admin();
    let front = Front::of(&server, "localhost");
    let output = front.asked(&team, &front.roots());
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("admin@example.com"), "{output:?}");
    assert!(front.trusted.load(Ordering::SeqCst) > 0);
}

#[test]
fn nobody_else_is() {
    let server = Server::start();
    let team = server.admin();
    let (front, other) = (Front::of(&server, "localhost"), Front::of(&server, "localhost"));
    refused(&front, &front.asked(&team, &other.roots()), "its certificate is not trusted by this machine");
    let elsewhere = Front::of(&server, "flags.example.com");
    refused(&elsewhere, &elsewhere.asked(&team, &elsewhere.roots()), "its certificate is for another name");
}
