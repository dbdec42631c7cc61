//! Where traces are sent, which and how many: the settings of OTLP, the protocol of `OpenTelemetry`.

use std::fmt;

use clap::Args;

use crate::egress::destination::Destination;

/// The longest name that a service may have, in characters.
const MAX_SERVICE_NAME: usize = 255;

/// Where traces go; nowhere by default.
#[derive(Args, Clone, Debug)]
pub struct Otlp {
    /// Base address of an OpenTelemetry collector that traces are sent to as OTLP/HTTP; none by default
    #[arg(long, env = "PHASEFLAG_OTLP_ENDPOINT", value_name = "URL", value_parser = OtlpEndpoint::parse)]
    pub otlp_endpoint: Option<OtlpEndpoint>,

    /// Headers that are sent with traces, as in "name=value,name=value"; none by default
    #[arg(
        long,
        env = "PHASEFLAG_OTLP_HEADERS",
        value_name = "HEADERS",
        default_value = "",
        hide_default_value = true,
        hide_env_values = true,
        value_parser = OtlpHeaders::parse
    )]
    pub otlp_headers: OtlpHeaders,

    /// Name under which traces are found
    #[arg(
        long,
        env = "PHASEFLAG_OTLP_SERVICE_NAME",
        value_name = "NAME",
        default_value = "phaseflag",
        value_parser = service_name
    )]
    pub otlp_service_name: String,

    /// Share of requests that are traced, from 0 to 1, where their client does not decide with a traceparent
    #[arg(
        long,
        env = "PHASEFLAG_OTLP_SAMPLE_RATIO",
        value_name = "RATIO",
        default_value = "1",
        value_parser = SampleRatio::parse
    )]
    pub otlp_sample_ratio: SampleRatio,
}

/// The base address of a collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpEndpoint(Destination);

impl OtlpEndpoint {
    /// Reads it: a host, and perhaps a port and a path. A password would be printed with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "it must be an address like http://localhost:4318, without a user, ? and #";
        if text.contains(['?', '#']) {
            return Err(WRONG);
        }
        let traces = format!("{}/v1/traces", text.trim_end_matches('/'));
        Destination::parse(&traces).map(Self).map_err(|_| WRONG)
    }

    /// Where traces are sent.
    pub fn destination(&self) -> &Destination {
        &self.0
    }
}

/// Headers for a collector, whose values may be secrets and print as `***`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OtlpHeaders(Vec<(String, String)>);

impl OtlpHeaders {
    /// Reads `name=value` between commas. The error never quotes the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let header = |entry: &str| {
            let (name, value) = entry.split_once('=')?;
            let (name, value) = (name.trim(), value.trim());
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            let fit = !name.is_empty() && name.bytes().all(token);
            let printable = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
            (fit && printable).then(|| (name.to_owned(), value.to_owned()))
        };
        let headers: Option<_> = super::entries(text).map(header).collect();
        headers.map(Self).ok_or("a header is written as name=value")
    }

    /// Names with values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for OtlpHeaders {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map().entries(self.0.iter().map(|(name, _)| (name, "***"))).finish()
    }
}

/// A share of requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleRatio(f64);

impl SampleRatio {
    /// Reads a number from 0 to 1.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.map(Self).ok_or("it must be a number from 0 to 1")
    }

    /// The number.
    pub fn share(self) -> f64 {
        self.0
    }
}

fn service_name(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if (1..=MAX_SERVICE_NAME).contains(&length) && !text.contains(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(format!("it must be a line of 1 to {MAX_SERVICE_NAME} characters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_address_without_secrets() {
        let path = |text: &str| OtlpEndpoint::parse(text).map(|it| it.0.path().as_str().to_owned());
        assert_eq!(path("http://a.example:4318"), Ok("/v1/traces".to_owned()));
        assert_eq!(path("https://a/otlp/"), Ok("/otlp/v1/traces".to_owned()));
        assert_eq!(path("http://[::1]:1"), Ok("/v1/traces".to_owned()));
        for wrong in [
            "",
            "localhost:4318",
            "ftp://x",
            "http://",
            "http://:1",
            "http://x:y",
            "http://u:p@x",
            "http://x?y",
            "http://x#y",
        ] {
            assert!(path(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn headers_are_read_and_their_values_never_printed() {
        let headers = OtlpHeaders::parse(" a=b, Authorization = Basic c2VjcmV0= ,").unwrap();
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("a", "b"), ("Authorization", "Basic c2VjcmV0=")]);
        assert_eq!(format!("{headers:?}"), r#"{"a": "***", "Authorization": "***"}"#);
        for wrong in ["a", "=b", "a b=c", "a=b\rc"] {
            assert!(OtlpHeaders::parse(&format!("x=y,{wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_ratio_is_from_0_to_1() {
        assert_eq!(SampleRatio::parse("0.25").map(SampleRatio::share), Ok(0.25));
        for wrong in ["-0.1", "1.1", "NaN", "all", ""] {
            assert!(SampleRatio::parse(wrong).is_err(), "{wrong}");
        }
    }
}
