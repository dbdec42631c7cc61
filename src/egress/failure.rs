//! Why nothing came back, in short words for whoever can mend it. They name no address that a name resolved to: whoever
//! typed the name may not know it.

use std::error::Error;
use std::{fmt, io};

use super::kind::Kind;

/// Why nothing came back.
#[derive(Debug)]
pub enum Failure {
    /// Its host has no address.
    Unknown,
    /// It may not be connected to, because it is that.
    Refused(Kind),
    /// It cannot be connected to.
    Unreachable(io::Error),
    /// It cannot be connected to in time.
    Unconnected,
    /// It does not prove who it is.
    Untrusted(&'static str),
    /// It took too long to answer.
    TooSlow,
    /// What it says is no answer.
    Broken(hyper::Error),
    /// It cannot be sent: something is wrong with this machine or with the request.
    Unsent(String),
}

impl Failure {
    /// Why a connection was not secured: the words for what can be mended.
    pub(super) fn unsecured(error: io::Error) -> Self {
        use rustls::CertificateError::{
            BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
        };
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let Some(rustls::Error::InvalidCertificate(fault)) = inner else { return Self::Unreachable(error) };
        Self::Untrusted(match fault {
            // One that has the name of a root and not its signature is an impostor, or the root is another one.
            UnknownIssuer | BadSignature => {
                "its certificate is not trusted by this machine (SSL_CERT_FILE can name one that is)"
            }
            Expired | ExpiredContext { .. } => "its certificate has expired",
            NotValidForName | NotValidForNameContext { .. } => "its certificate is for another name",
            _ => "its certificate is refused",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => out.write_str("its host has no address"),
            Self::Refused(kind) => write!(out, "its host has {kind}, which is not allowed"),
            Self::Unreachable(error) => match error.kind() {
                io::ErrorKind::ConnectionRefused => out.write_str("it refuses connections"),
                io::ErrorKind::ConnectionReset => out.write_str("it broke the connection off"),
                io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    out.write_str("there is no way to it")
                }
                io::ErrorKind::TimedOut => out.write_str("it cannot be connected to in time"),
                io::ErrorKind::UnexpectedEof => out.write_str("it closed the connection"),
                _ => write!(out, "it cannot be connected to: {}", Chain(error)),
            },
            Self::Unconnected => out.write_str("it cannot be connected to in time"),
            Self::Untrusted(why) => out.write_str(why),
            Self::TooSlow => out.write_str("it takes too long"),
            Self::Broken(error) if error.is_incomplete_message() => {
                out.write_str("it closed the connection without an answer")
            }
            Self::Broken(error) if error.is_parse() => out.write_str("its answer is not HTTP"),
            Self::Broken(error) => write!(out, "it broke off: {}", Chain(error)),
            Self::Unsent(why) => out.write_str(why),
        }
    }
}

impl Error for Failure {}

/// What went wrong, with what that came from.
struct Chain<'e>(&'e dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(out, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}
