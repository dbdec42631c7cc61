//! A running server as requests reach it: one connection for each, plain or by TLS with the roots that this machine
//! trusts. What is sent is sent to this one address alone: redirects are not followed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONNECTION, HOST, HeaderValue};
use hyper::{Request, Response, Uri, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::target::BaseUrl;
use crate::http::handover::Content;

/// How long to wait for the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What is said of a server that does not answer in time.
pub(super) const TOO_SLOW: &str = "it takes too long";

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// A running server.
pub(super) struct Remote {
    host: String,
    port: u16,
    /// What precedes every path: the address may end in one.
    prefix: String,
    authority: HeaderValue,
    /// How it is spoken to by TLS, if it is.
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Remote {
    /// Gets ready to ask the server at `url`.
    pub(super) fn new(url: &BaseUrl) -> Result<Self, String> {
        let uri: Uri = url.as_str().parse().map_err(|_| "its address cannot be read".to_owned())?;
        let (Some(host), Some(authority)) = (uri.host(), uri.authority()) else {
            return Err("its address has no host".to_owned());
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let secure = uri.scheme_str() == Some("https");
        let tls = if secure { Some((connector()?, server_name(&host)?)) } else { None };
        let authority = HeaderValue::from_str(authority.as_str());
        Ok(Self {
            host,
            port: uri.port_u16().unwrap_or(if secure { HTTPS_PORT } else { HTTP_PORT }),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            authority: authority.map_err(|_| "its address cannot be sent".to_owned())?,
            tls,
        })
    }

    /// Sends a request, and answers when the head of its answer is there, which has to be within `patience`.
    pub(super) async fn send(
        &self,
        request: Request<Bytes>,
        patience: Duration,
    ) -> Result<Response<Content>, String> {
        let connected = timeout(CONNECT_TIMEOUT, self.connect()).await;
        let stream = connected.map_err(|_| "it cannot be connected to in time".to_owned())??;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(why)?;
        // It goes on until the answer is read, or nobody wants the rest of it.
        tokio::spawn(connection);
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = format!("{}{path}", self.prefix).parse().map_err(why)?;
        head.headers.insert(HOST, self.authority.clone());
        head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        let answer = sender.send_request(Request::from_parts(head, Full::new(body)));
        let answer = timeout(patience, answer).await.map_err(|_| TOO_SLOW.to_owned())?.map_err(why)?;
        Ok(answer.map(|body| body.map_err(io::Error::other).boxed()))
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, String> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(why)?;
        // A request is written in one go.
        stream.set_nodelay(true).map_err(why)?;
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some((tls, name)) => {
                Ok(Box::new(tls.connect(name.clone(), stream).await.map_err(|error| untrusted(&error))?))
            }
        }
    }
}

/// A connection, plain or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Why the server is not spoken to by TLS, in words for what can be mended.
fn untrusted(error: &io::Error) -> String {
    use rustls::CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
    };
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls::Error::InvalidCertificate(fault)) = inner else { return why(error) };
    match fault {
        // One that has the name of a root and not its signature is an impostor, or the root is another one.
        UnknownIssuer | BadSignature => {
            "its certificate is not trusted by this machine (SSL_CERT_FILE can name one that is)".into()
        }
        Expired | ExpiredContext { .. } => "its certificate has expired".into(),
        NotValidForName | NotValidForNameContext { .. } => "its certificate is for another name".into(),
        other => format!("its certificate is refused: {other}"),
    }
}

/// What went wrong, with what that came from.
fn why(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn server_name(host: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(host.to_owned()).map_err(|_| "its host can have no certificate".to_owned())
}

/// TLS that trusts whom this machine trusts.
fn connector() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    // One root that cannot be read does not make the others worth less.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(why)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
