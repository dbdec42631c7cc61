//! Content codings: what answers are compressed with, and which one a client likes best (RFC 9110, section 12.5.3).
//! Brotli is not among them: its encoder and its dictionary make the executable a megabyte larger, and who knows it knows
//! zstd or gzip as well.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use poem::http::HeaderValue;

/// zstd's levels reach to 22.
const ZSTD_LEVEL: i32 = 6;
/// gzip's levels reach to 9.
const GZIP_LEVEL: u32 = 5;

/// The codings that we speak, the better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 8878.
    Zstd,
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// All of them.
    pub const ALL: [Coding; 2] = [Coding::Zstd, Coding::Gzip];

    /// The coding that the value of `Accept-Encoding` likes best, ours first among equals.
    pub fn choose(accepted: &HeaderValue) -> Option<Self> {
        choose(accepted.to_str().ok()?)
    }

    /// What it is called in headers.
    pub const fn name(self) -> &'static str {
        match self {
            Coding::Zstd => "zstd",
            Coding::Gzip => "gzip",
        }
    }

    /// Compresses, where it stands.
    pub fn encode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Coding::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL),
            Coding::Gzip => {
                let packed = Vec::with_capacity(bytes.len() / 3);
                let mut writer = GzEncoder::new(packed, flate2::Compression::new(GZIP_LEVEL));
                writer.write_all(bytes)?;
                writer.finish()
            }
        }
    }
}

/// What was compressed with zstd before: a file that is embedded like that.
pub fn from_zstd(bytes: &[u8]) -> io::Result<Vec<u8>> {
    zstd::decode_all(bytes)
}

fn choose(accepted: &str) -> Option<Coding> {
    let mut best = None;
    for coding in Coding::ALL {
        let quality = quality_of(coding.name(), accepted);
        if quality > best.map_or(0.0, |(_, quality)| quality) {
            best = Some((coding, quality));
        }
    }
    best.map(|(coding, _)| coding)
}

fn quality_of(coding: &str, accepted: &str) -> f32 {
    let mut by_star = 0.0;
    for entry in accepted.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        // A weight that does not parse is no wish at all.
        let quality = weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
        if name.eq_ignore_ascii_case(coding) {
            return quality;
        }
        if name == "*" {
            by_star = quality;
        }
    }
    by_star
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_what_the_client_likes_best() {
        for (accepted, expected) in [
            ("gzip, deflate, br, zstd", Some(Coding::Zstd)),
            ("gzip, deflate, br", Some(Coding::Gzip)),
            ("zstd;q=0.9, gzip", Some(Coding::Gzip)),
            ("gzip;q=1.0, zstd;q=0.5", Some(Coding::Gzip)),
            ("GZIP", Some(Coding::Gzip)),
            ("zstd;q=0, *", Some(Coding::Gzip)),
            ("*;q=0.1", Some(Coding::Zstd)),
            ("zstd;q=0, gzip; q=0", None),
            ("br", None),
            ("identity", None),
            ("", None),
            ("gzip;q=x", None),
        ] {
            assert_eq!(choose(accepted), expected, "{accepted}");
        }
    }
}
