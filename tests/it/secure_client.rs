//! What goes out by TLS: whom this machine trusts is trusted, and nobody else is told a token, an event or a trace.

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

use crate::support::process::{Process, command};
use crate::support::receiver::{Receiver, status};
use crate::support::{Client, Server, Team};

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
        Self::before(server.url(), name)
    }

    fn before(url: &str, name: &str) -> Self {
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
        let behind = url.trim_start_matches("http://").to_owned();
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

/// A server on a machine with these roots, which has something to tell by a webhook; with the webhook's name.
fn telling(front: &Front, roots: &PathBuf) -> (TempDir, Process, Team, String) {
    let (data, url) = (TempDir::new().expect("a folder"), format!("https://localhost:{}/", front.port));
    let mut line = command(["serve", "--port=0", "--webhook-allow-private"]);
    line.arg("--data").arg(data.path().join("data.redb")).env("SSL_CERT_FILE", roots);
    let process = Process::of(line);
    let team = Team::sign_in(&process.url);
    let body = json!({"url": url, "events": ["flag.created"], "environment_ids": [team.development]});
    let made = team.client.post(&format!("/api/v1/webhooks?project_id={}", team.project), &body).expect(201);
    team.create_flag("a", &json!({}));
    let id = made["data"]["id"].as_str().expect("an identifier").to_owned();
    (data, process, team, id)
}

#[test]
fn webhooks_are_told_to_whom_this_machine_trusts() {
    let receiver = Receiver::start(|_| status(204));
    let front = Front::before(&receiver.url, "localhost");
    let (_data, _process, ..) = telling(&front, &front.roots());
    assert_eq!(receiver.next().json()["flag_key"], "a");
}

#[test]
fn webhooks_are_told_to_nobody_else() {
    let receiver = Receiver::start(|_| status(204));
    let (front, other) =
        (Front::before(&receiver.url, "localhost"), Front::before(&receiver.url, "localhost"));
    let (_data, _process, team, webhook) = telling(&front, &other.roots());
    let tried = loop {
        let listed = team.client.get(&format!("/api/v1/webhooks/{webhook}/deliveries")).expect(200);
        if listed["data"][0]["attempts"] == 1 {
            break listed["data"][0].clone();
        }
    };
    let error = tried["error"].as_str().expect("a reason");
    assert!(error.starts_with("its certificate is not trusted by this machine"), "{tried}");
    assert!(receiver.arrived().is_none());
}

#[test]
fn traces_are_sent_to_whom_this_machine_trusts() {
    let (data, collector) = (TempDir::new().expect("a folder"), Receiver::start(|_| status(200)));
    let front = Front::before(&collector.url, "localhost");
    let endpoint = format!("--otlp-endpoint=https://localhost:{}", front.port);
    let mut line = command(["serve", "--port=0", &endpoint]);
    line.arg("--data").arg(data.path().join("data.redb")).env("SSL_CERT_FILE", front.roots());
    let process = Process::of(line);
    Client::new(&process.url).get("/ready").expect(200);
    assert_eq!(collector.next().line, "POST /v1/traces HTTP/1.1");
}
