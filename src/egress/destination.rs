//! Where a request goes: the parts of an address like `https://hooks.example.com/flags?team=1`.

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper::http::uri::PathAndQuery;

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// Whether a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// It is not.
    Http,
    /// By TLS, with a certificate that this machine trusts.
    Https,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    scheme: Scheme,
    /// A name or an address, without brackets.
    host: String,
    port: u16,
    authority: HeaderValue,
    path: PathAndQuery,
}

impl Destination {
    /// Reads an address: `http` or `https`, a host, and perhaps a port, a path and a query. A user and a password would
    /// be seen by whoever sees the address, and so are refused.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let uri: Uri = text.parse().map_err(|_| "its address cannot be read")?;
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            Some(_) | None => return Err("its address begins with neither http:// nor https://"),
        };
        let authority = uri.authority().ok_or("its address has no host")?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err("its address has no host");
        }
        if authority.as_str().contains('@') {
            return Err("its address has a user");
        }
        // What is behind the host may be a colon and nothing.
        let given = authority.as_str().rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        let port = match (given, authority.port_u16(), scheme) {
            (Some((_, digits)), None, _) if !digits.is_empty() => return Err("its address has no such port"),
            (_, Some(port), _) => port,
            (_, None, Scheme::Http) => HTTP_PORT,
            (_, None, Scheme::Https) => HTTPS_PORT,
        };
        Ok(Self {
            scheme,
            host: host.to_owned(),
            port,
            authority: HeaderValue::from_str(authority.as_str()).map_err(|_| "its address cannot be sent")?,
            path: uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")),
        })
    }

    /// Whether it is encrypted.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// A name or an address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, which may be the usual one.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query.
    pub fn path(&self) -> &PathAndQuery {
        &self.path
    }

    /// Host and port, as the `Host` header has them.
    pub(super) fn authority(&self) -> &HeaderValue {
        &self.authority
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_parts() {
        for (text, scheme, host, port, authority, path) in [
            ("http://a.example", Scheme::Http, "a.example", 80, "a.example", "/"),
            ("https://a.example/x?y=1#z", Scheme::Https, "a.example", 443, "a.example", "/x?y=1"),
            ("HTTPS://A.example:8443/x", Scheme::Https, "A.example", 8443, "A.example:8443", "/x"),
            ("http://[::1]", Scheme::Http, "::1", 80, "[::1]", "/"),
            ("http://[::1]:8080/", Scheme::Http, "::1", 8080, "[::1]:8080", "/"),
            ("http://2130706433/", Scheme::Http, "2130706433", 80, "2130706433", "/"),
            ("http://0x7f.1/", Scheme::Http, "0x7f.1", 80, "0x7f.1", "/"),
        ] {
            let read = Destination::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!((read.scheme, read.host(), read.port), (scheme, host, port), "{text}");
            assert_eq!((read.authority.to_str().unwrap(), read.path.as_str()), (authority, path), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_for_a_request_is_refused() {
        for text in [
            "",
            "a.example",
            "/x",
            "a.example:80",
            "ftp://a.example",
            "file:///etc/passwd",
            "gopher://a.example/x",
            "http://",
            "http:///x",
            "http://:80/",
            "http://u@a.example/",
            "http://u:p@a.example/",
            "http://a.example:65536/",
            "http://a.example:x/",
            "http://a b/",
            "http://a.example/\r\nx: y",
            "http://[::1",
            "http://münchen.example/",
        ] {
            assert!(Destination::parse(text).is_err(), "{text}");
        }
    }
}
