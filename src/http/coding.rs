//! Content codings: what answers are compressed with, and which one a client likes best (RFC 9110, section 12.5.3).

use std::io::{self, Read, Write};

use flate2::write::GzEncoder;
use poem::http::HeaderValue;

/// Brotli's levels reach to 11; beyond this one the time grows faster than the gain.
const BROTLI_LEVEL: u32 = 4;
/// The window of Brotli as a power of two, in bytes.
const BROTLI_WINDOW: u32 = 20;
/// The buffer of Brotli's writer, in bytes.
const BROTLI_BUFFER: usize = 4096;
/// zstd's levels reach to 22.
const ZSTD_LEVEL: i32 = 6;
/// gzip's levels reach to 9.
const GZIP_LEVEL: u32 = 5;

/// The codings that we speak, the better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// All of them.
    pub const ALL: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

    /// The coding that the value of `Accept-Encoding` likes best, ours first among equals.
    pub fn choose(accepted: &HeaderValue) -> Option<Self> {
        choose(accepted.to_str().ok()?)
    }

    /// What it is called in headers.
    pub const fn name(self) -> &'static str {
        match self {
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
            Coding::Gzip => "gzip",
        }
    }

    /// Compresses, where it stands.
    pub fn encode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let packed = || Vec::with_capacity(bytes.len() / 3);
        match self {
            Coding::Brotli => {
                let mut writer =
                    brotli::CompressorWriter::new(packed(), BROTLI_BUFFER, BROTLI_LEVEL, BROTLI_WINDOW);
                writer.write_all(bytes)?;
                writer.flush()?;
                Ok(writer.into_inner())
            }
            Coding::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL),
            Coding::Gzip => {
                let mut writer = GzEncoder::new(packed(), flate2::Compression::new(GZIP_LEVEL));
                writer.write_all(bytes)?;
                writer.finish()
            }
        }
    }
}

/// What was compressed with Brotli before: a file that is embedded like that.
pub fn from_brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    brotli::Decompressor::new(bytes, BROTLI_BUFFER).read_to_end(&mut plain)?;
    Ok(plain)
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
            ("gzip, deflate, br, zstd", Some(Coding::Brotli)),
            ("gzip, deflate, zstd", Some(Coding::Zstd)),
            ("zstd;q=0.9, gzip", Some(Coding::Gzip)),
            ("gzip;q=1.0, br;q=0.5", Some(Coding::Gzip)),
            ("GZIP", Some(Coding::Gzip)),
            ("br;q=0, *", Some(Coding::Zstd)),
            ("*;q=0.1", Some(Coding::Brotli)),
            ("br;q=0, gzip; q=0", None),
            ("identity", None),
            ("", None),
            ("gzip;q=x", None),
        ] {
            assert_eq!(choose(accepted), expected, "{accepted}");
        }
    }
}
