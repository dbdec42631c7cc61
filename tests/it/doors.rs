//! Other ways in than a plain port: TLS, with certificates that are replaced, and a socket in the file system.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};

use serde_json::json;
use tempfile::TempDir;

use crate::support::process::{Process, command, run};
use crate::support::raw::Connection;
use crate::support::tls::Certificate;
use crate::support::{Client, PASSWORD, Team};

fn admin(anonymous: &Client) -> Team {
    let body = json!({"email": "admin@example.com", "password": PASSWORD});
    anonymous.post("/api/v1/auth/register", &body);
    let tokens = anonymous.post("/api/v1/auth/login", &body).expect(200);
    Team::of(anonymous.bearer(tokens["data"]["access_token"].as_str().expect("a token")))
}

/// Opens the stream of an SDK on a connection, and returns once its head has arrived.
fn stream(connection: &mut Connection, sdk: &Client) {
    let key = sdk.sends("X-API-Key").expect("a key");
    connection.send(format!("GET /api/v1/sdk/stream HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\r\n"));
    let answer = connection.receive("GET");
    assert!(answer.status == 200 && answer.head.contains("text/event-stream"), "{answer:?}");
}

#[test]
fn everything_is_served_over_tls_and_nothing_beside_it() {
    let directory = TempDir::new().unwrap();
    let certificate = Certificate::write(directory.path());
    let mut server = Process::serve(&directory.path().join("data.redb"), certificate.arguments());
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    let team = admin(&Client::trusting(&server.url, &certificate));
    let flag = team.create_flag("a", &json!({"enabled": true}));
    let sdk = team.sdk(&team.development, "server");
    sdk.post("/api/v1/evaluate", &json!({"flags": ["*"], "context": {"user_key": "u"}})).expect(200);

    let mut follower = Connection::over(certificate.connect(&server.url, &["http/1.1"]).unwrap());
    stream(&mut follower, &sdk);
    follower.skip_to("data:");
    let id = flag["id"].as_str().unwrap();
    team.client.post(&team.flags(&format!("/{id}/toggle")), &json!({"enabled": false})).expect(200);
    follower.skip_to("data:");

    let mut plain = Connection::open(&server.url.replace("https", "http"));
    plain.send("GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
    assert!(!plain.rest_or_reset().starts_with(b"HTTP"), "TLS was not spoken");

    let port = format!("--port={}", server.url.rsplit(':').next().unwrap());
    let chain = certificate.arguments()[0].clone();
    assert!(run(["healthcheck", &port, &chain]).status.success());
    assert!(!run(["healthcheck", &port]).status.success());
    server.terminate();
    assert!(follower.rest().ends_with("\r\n0\r\n\r\n"), "the stream was cut");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn the_version_of_http_is_agreed_on_with_tls() {
    let directory = TempDir::new().unwrap();
    let certificate = Certificate::write(directory.path());
    let server = Process::serve(&directory.path().join("data.redb"), certificate.arguments());
    for (offered, chosen) in
        [(&["h2", "http/1.1"][..], Some("h2")), (&["http/1.1"], Some("http/1.1")), (&[], None)]
    {
        let stream = certificate.connect(&server.url, offered).unwrap();
        assert_eq!(stream.conn.alpn_protocol(), chosen.map(str::as_bytes));
    }
    let mut stream = certificate.connect(&server.url, &["h2"]).unwrap();
    // The preface and an empty SETTINGS frame; the answer begins with the server's SETTINGS (type 4).
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[3], 4);
}

#[test]
fn a_certificate_is_replaced_while_connections_go_on() {
    let directory = TempDir::new().unwrap();
    let manager = UnixDatagram::bind(directory.path().join("notify")).unwrap();
    let told = |what: &str| {
        let mut message = [0; 512];
        loop {
            let length = manager.recv(&mut message).unwrap();
            let message = String::from_utf8_lossy(&message[..length]).into_owned();
            if message.lines().any(|line| line == what) {
                return message;
            }
        }
    };
    let first = Certificate::write(directory.path());
    let mut command = command(["serve", "--port=0", "--data"]);
    command.arg(directory.path().join("data.redb")).args(first.arguments());
    let server = Process::of({
        command.env("NOTIFY_SOCKET", directory.path().join("notify"));
        command
    });
    assert!(told("READY=1").contains(&format!("STATUS=serving at {}", server.url)));
    let request = "GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut old = Connection::over(first.connect(&server.url, &[]).unwrap());
    old.send(request);
    assert_eq!(old.receive("GET").status, 200);

    let second = Certificate::write(directory.path());
    server.signal("-HUP");
    assert!(told("RELOADING=1").contains("MONOTONIC_USEC="));
    told("READY=1");
    second.connect(&server.url, &[]).unwrap();
    assert!(first.connect(&server.url, &[]).is_err());
    old.send(request);
    assert_eq!(old.receive("GET").status, 200);

    fs::write(&second.chain, "no certificate").unwrap();
    server.signal("-HUP");
    told("RELOADING=1");
    told("READY=1");
    second.connect(&server.url, &[]).unwrap();
    server.terminate();
    told("STOPPING=1");
    let log = server.log();
    let kept = log.iter().find(|line| line["message"] == "the certificate in use is kept").unwrap();
    assert!(kept["why"].as_str().unwrap().contains("chain.pem"), "{kept}");
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start() {
    let directory = TempDir::new().unwrap();
    let certificate = Certificate::write(directory.path());
    let other = TempDir::new().unwrap();
    let [chain, key] = certificate.arguments();
    let [_, another_key] = Certificate::write(other.path()).arguments();
    let missing = format!("--tls-cert={}", directory.path().join("missing.pem").display());
    let swapped = format!("--tls-cert={}", certificate.key.display());
    for (arguments, said) in [
        (vec![&chain], "--tls-cert needs --tls-key"),
        (vec![&key], "--tls-key needs --tls-cert"),
        (vec![&missing, &key], "missing.pem cannot be read"),
        (vec![&swapped, &key], "there is no certificate"),
        (vec![&chain, &another_key], "certificate and key cannot be used"),
    ] {
        let mut command = command(["serve", "--port=0", "--data"]);
        let output = command.arg(directory.path().join("data.redb")).args(&arguments).output().unwrap();
        let sentence = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{sentence}");
        assert!(sentence.starts_with("phaseflag: ") && sentence.contains(said), "{arguments:?}: {sentence}");
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
    }
}

#[test]
fn a_socket_in_the_file_system_serves_everything() {
    let directory = TempDir::new().unwrap();
    let (data, path) = (directory.path().join("data.redb"), directory.path().join("phaseflag.sock"));
    let mut before = Process::serve(&data, [""; 0]);
    let team = admin(&Client::new(&before.url));
    let sdk = team.sdk(&team.development, "server");
    before.terminate();
    before.wait();

    // A process that was killed has left its socket behind.
    drop(UnixListener::bind(&path).unwrap());
    let argument = format!("--unix-socket={}", path.display());
    let mut server = Process::serve(&data, [&argument]);
    assert_eq!(server.url, format!("unix:{}", path.display()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    assert!(run(["healthcheck", &argument]).status.success());
    let mut follower = Connection::open(&server.url);
    stream(&mut follower, &sdk);
    follower.skip_to("data:");

    let other = format!("--data={}", directory.path().join("other.redb").display());
    let taken = run(["serve", &other, &argument]);
    let sentence = String::from_utf8_lossy(&taken.stderr).into_owned();
    assert!(sentence.contains("phaseflag.sock is in use by another process"), "{sentence}");

    let mut idle = Connection::open(&server.url);
    idle.send("GET /ready HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(idle.receive("GET").status, 200);
    server.terminate();
    let last = loop {
        idle.send("GET /ready HTTP/1.1\r\nhost: x\r\n\r\n");
        let answer = idle.receive("GET");
        if answer.status != 200 {
            break answer;
        }
    };
    assert!(last.status == 503 && last.head.contains("connection: close"), "{last:?}");
    assert!(follower.rest().ends_with("\r\n0\r\n\r\n"), "the stream was cut");
    assert_eq!(server.wait().code(), Some(0));
    assert!(!path.exists());
    assert!(!run(["healthcheck", &argument]).status.success());
}

#[test]
fn what_is_no_socket_is_not_replaced_by_one() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("notes.txt");
    fs::write(&path, "notes").unwrap();
    let argument = format!("--unix-socket={}", path.display());
    let data = format!("--data={}", directory.path().join("data.redb").display());
    let output = run(["serve", &data, &argument]);
    let sentence = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(sentence.contains("notes.txt: there is a file that is no socket"), "{sentence}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "notes");
}

#[test]
fn a_proxy_at_the_socket_is_believed_only_if_it_is_trusted() {
    for (trusted, statuses) in [("", [401, 429]), ("unix", [401, 401])] {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("phaseflag.sock");
        let mut command = command(["serve", "--rate-limit-auth=1", "--data"]);
        command.arg(directory.path().join("data.redb")).arg(format!("--trusted-proxies={trusted}"));
        command.arg(format!("--unix-socket={}", path.display()));
        let server = Process::of(command);
        let body = json!({"email": "nobody@example.com", "password": PASSWORD}).to_string();
        let seen = ["203.0.113.1", "203.0.113.2"].map(|client| {
            let mut connection = Connection::open(&server.url);
            connection.send(format!(
                "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {client}\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            ));
            connection.receive("POST").status
        });
        assert_eq!(seen, statuses, "{trusted:?}");
    }
}
