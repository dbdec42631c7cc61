//! Digests as people compare them: in hexadecimal digits, in lower case.

/// Bytes of a digest: of SHA-256.
pub const DIGEST_BYTES: usize = 32;

/// The digits of these bytes.
pub fn write(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The digest with these digits, all of them in lower case.
pub fn read_digest(text: &str) -> Option<[u8; DIGEST_BYTES]> {
    let lower = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let mut digest = [0; DIGEST_BYTES];
    if text.len() != 2 * DIGEST_BYTES || !text.as_bytes().iter().all(lower) {
        return None;
    }
    for (byte, digits) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_written_and_nothing_else_is() {
        let digest = std::array::from_fn(|at| u8::try_from(at * 8).unwrap_or(255));
        let text = write(&digest);
        assert!(text.starts_with("00081018") && text.len() == 64, "{text}");
        assert_eq!(read_digest(&text), Some(digest));
        for wrong in ["", &text[1..], &format!("{text}0"), &text.to_uppercase(), &text.replace("08", "+8")] {
            assert_eq!(read_digest(wrong), None, "{wrong}");
        }
    }
}
