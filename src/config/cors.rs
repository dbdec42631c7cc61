//! Which web pages may call the API from a browser.

use std::fmt;

use super::entries;

/// The origins that may call the API from a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Pages of every origin.
    Any,
    /// Pages of these origins; the empty list is the default.
    Listed(Vec<Origin>),
}

/// An origin as a browser writes it: scheme, host and a port that is not the scheme's own, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl CorsOrigins {
    /// Reads `*` alone, or origins separated by commas.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        entries(text).map(Origin::parse).collect::<Result<_, _>>().map(Self::Listed)
    }

    /// Whether pages of the origin that a browser names may call the API.
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(origins) => origins.iter().any(|allowed| allowed.0 == origin),
        }
    }
}

impl Default for CorsOrigins {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Origin {
    /// Reads `https://app.example.com` or `http://localhost:5173`. A path, even a lone slash, is refused: it would
    /// never match what browsers send.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let wrong = || format!("`{text}` is not an origin such as https://app.example.com, nor the lone *");
        let (scheme, authority) = lower.split_once("://").ok_or_else(wrong)?;
        let (host, port) = match authority.rsplit_once(':') {
            // The last colon may be inside of an IPv6 address.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number.to_string() == port);
        if !is_scheme(scheme) || !is_host(host) || !port.is_none_or(is_port) {
            return Err(wrong());
        }
        let own_port = matches!((scheme, port), ("http", Some("80")) | ("https", Some("443")));
        let shown = if own_port { host } else { authority };
        Ok(Self(format!("{scheme}://{shown}")))
    }

    /// The origin as browsers send it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Not only http and https: applications in a web view have schemes of their own.
fn is_scheme(text: &str) -> bool {
    let tail =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.');
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(tail)
}

fn is_host(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !text.is_empty() && text.bytes().all(part)
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_match_as_browsers_send_them() {
        let listed =
            CorsOrigins::parse(" https://App.example.com:443 ,http://localhost:5173,http://[::1]:80")
                .unwrap();
        for origin in ["https://app.example.com", "http://localhost:5173", "http://[::1]"] {
            assert!(listed.allows(origin), "{origin}");
        }
        for origin in
            ["http://app.example.com", "http://localhost", "https://evil.app.example.com", "null", ""]
        {
            assert!(!listed.allows(origin), "{origin}");
        }
    }

    #[test]
    fn a_star_allows_all_and_nothing_allows_none() {
        assert!(CorsOrigins::parse("*").unwrap().allows("https://any.example"));
        assert_eq!(CorsOrigins::parse(""), Ok(CorsOrigins::default()));
        assert!(!CorsOrigins::default().allows("https://any.example"));
    }

    #[test]
    fn what_could_never_match_is_refused() {
        for text in [
            "example.com",
            "https://example.com/",
            "https://example.com/app",
            "https://*.example.com",
            "https://",
            "://a",
            "https://a:b",
            "https://a:",
            "https://a:080",
            "https://user@a",
            "https://a,*",
            "null",
        ] {
            assert!(CorsOrigins::parse(text).is_err(), "{text}");
        }
    }
}
