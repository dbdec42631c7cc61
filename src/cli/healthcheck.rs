//! `phaseflag healthcheck`: asks a running server for `/health`. An image made from scratch has no other program
//! that could, so the server's own executable brings the few lines of HTTP that it takes.

mod trust;

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::config::{Host, Listen};

/// How long to wait for the connection, and again for each part of the answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Bytes of the answer that are looked at: its first line, `HTTP/1.1 200`, is all that matters.
const STATUS_LINE_BYTES: usize = 12;

/// What a server is asked over.
trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

pub(super) fn run(listen: &Listen) -> Result<(), Box<dyn Error>> {
    let url = url(listen);
    match status(listen) {
        Ok(status) if status == "200" => Ok(writeln!(io::stdout().lock(), "{url} is healthy")?),
        Ok(status) => Err(format!("{url} answered {status}").into()),
        Err(error) => Err(format!("{url} does not answer: {error}").into()),
    }
}

fn url(listen: &Listen) -> String {
    match (&listen.unix_socket, &listen.tls.tls_cert) {
        (Some(path), _) => format!("unix:{}:/health", path.display()),
        (None, Some(_)) => format!("https://{}:{}/health", listen.host.reachable(), listen.port),
        (None, None) => format!("http://{}:{}/health", listen.host.reachable(), listen.port),
    }
}

/// The status of the answer, as its three digits.
fn status(listen: &Listen) -> io::Result<String> {
    let mut stream: Box<dyn Stream> = match (&listen.unix_socket, &listen.tls.tls_cert) {
        (Some(path), _) => Box::new(socket(path)?),
        (None, Some(_)) => Box::new(trust::secured(connect(listen)?)?),
        (None, None) => Box::new(connect(listen)?),
    };
    write!(stream, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    stream.flush()?;
    let mut start = [0; STATUS_LINE_BYTES];
    stream.read_exact(&mut start)?;
    let (protocol, status) = start.split_at(b"HTTP/1.1 ".len());
    if protocol != b"HTTP/1.1 " || !status.iter().all(u8::is_ascii_digit) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is not HTTP"));
    }
    Ok(String::from_utf8_lossy(status).into_owned())
}

fn socket(path: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// Tries every address of the name, like any client does.
fn connect(listen: &Listen) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = match listen.host.reachable() {
        Host::Address(address) => vec![SocketAddr::new(address, listen.port)],
        Host::Name(name) => (name.as_str(), listen.port).to_socket_addrs()?.collect(),
    };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, TIMEOUT) {
            Ok(stream) => {
                stream.set_read_timeout(Some(TIMEOUT))?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use super::*;
    use crate::config::TlsFiles;

    fn listen(host: &str, port: u16) -> Listen {
        Listen { host: Host::parse(host).unwrap(), port, unix_socket: None, tls: TlsFiles::default() }
    }

    /// A server that reads one request and answers `answer`.
    fn answering(answer: &'static str) -> Listen {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            assert!(request.starts_with(b"GET /health HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        listen("0.0.0.0", port)
    }

    #[test]
    fn only_200_is_healthy() {
        assert!(run(&answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")).is_ok());
        for (answer, reason) in [
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "answered 503"),
            ("SSH-2.0-server\r\n", "this is not HTTP"),
            ("", "does not answer"),
        ] {
            let error = run(&answering(answer)).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_closed_port_is_one_sentence() {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let error = run(&listen("127.0.0.1", free)).unwrap_err().to_string();
        assert!(error.starts_with(&format!("http://127.0.0.1:{free}/health does not answer: ")), "{error}");
    }
}
