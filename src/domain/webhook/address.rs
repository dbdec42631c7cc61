//! Where events are sent: an address that is sound as a text. Whether somebody may send there is decided when it is
//! resolved, each time.

use std::fmt;

/// Characters of an address, at most.
pub const MAX_WEBHOOK_URL_LENGTH: usize = 2_048;

/// `http` or `https`, a host, and perhaps a port, a path and a query; no user and no fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl(Box<str>);

impl WebhookUrl {
    /// Reads an address, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_WEBHOOK_URL_LENGTH {
            return Err(format!("must be at most {MAX_WEBHOOK_URL_LENGTH} characters"));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err("must begin with https:// or http://".into());
        }
        if !rest.bytes().all(is_sound) || has_stray_percent(rest) {
            return Err("must have no other characters than those of addresses (RFC 3986)".into());
        }
        if rest.contains('#') {
            return Err("must not have a fragment".into());
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err("must not have a user: what is secret belongs into the secret that signs".into());
        }
        if path.contains(['[', ']']) || !is_authority(authority) {
            return Err("must have a host, and a port from 1 to 65535 if it has one".into());
        }
        let (scheme, authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
        Ok(Self(format!("{scheme}://{authority}{path}").into()))
    }

    /// The address, with scheme and host in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port: what may be told to those who may not see webhooks, since the rest of an address is often
    /// as good as a password.
    pub fn origin(&self) -> &str {
        let host = self.0.find("://").map_or(0, |place| place + 3);
        let end = self.0[host..].find(['/', '?']).map_or(self.0.len(), |place| host + place);
        &self.0[..end]
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What an address is written with: RFC 3986, 2.
fn is_sound(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// Whether a percent sign stands before anything but two hexadecimal digits.
fn has_stray_percent(text: &str) -> bool {
    let mut pieces = text.split('%');
    pieces.next();
    pieces.any(|piece| piece.len() < 2 || !piece.bytes().take(2).all(|digit| digit.is_ascii_hexdigit()))
}

/// Whether this is a host, perhaps with a port.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((address, rest)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            match rest.strip_prefix(':') {
                Some(port) => (address, Some(port)),
                None if rest.is_empty() => (address, None),
                None => return false,
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_port = |port: &str| {
        port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    let name = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let bracketed = text.starts_with('[');
    !host.is_empty() && (bracketed || name(host)) && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_with_the_host_in_lower_case() {
        for (text, kept) in [
            ("https://hooks.example.com", "https://hooks.example.com"),
            ("HTTPS://Hooks.Example.com:8443/Path?Q=%C3%A9", "https://hooks.example.com:8443/Path?Q=%C3%A9"),
            ("http://[::1]:8080/x", "http://[::1]:8080/x"),
            ("http://10.0.0.1?x=http://y/@z", "http://10.0.0.1?x=http://y/@z"),
            ("http://my_host/", "http://my_host/"),
        ] {
            assert_eq!(WebhookUrl::parse(text).map(|url| url.to_string()).as_deref(), Ok(kept), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_to_send_to_is_refused() {
        let long = format!("https://a.example/{}", "x".repeat(MAX_WEBHOOK_URL_LENGTH));
        for text in [
            "",
            "a.example",
            "//a.example",
            "ftp://a.example",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://",
            "http:///x",
            "http://:80/",
            "http://u@a.example/",
            "http://u:p@a.example/",
            "http://a.example:0/",
            "http://a.example:65536/",
            "http://a.example:x/",
            "http://a.example:/",
            "http://a b/",
            "http://a.example/\r\nx: y",
            "http://[::1",
            "http://[a]/",
            "http://[::1]x/",
            "http://a.example/#x",
            "http://a.example/%",
            "http://a.example/%zz",
            "http://a\\b/",
            "http://a.example/[x]",
            "http://m\u{fc}nchen.example/",
            "http://a%2e/",
            &long,
        ] {
            assert!(WebhookUrl::parse(text).is_err(), "{text}");
        }
    }
}
