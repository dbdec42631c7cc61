//! Records: how a noun becomes bytes and back. The only file that knows bincode.
//!
//! A record is `version: u8 | crc32: u32 LE | bincode of a frozen struct`. A struct that was once written is never
//! changed: a new field means a new struct with the next version, and the old one converted to it. The checksum is
//! there because redb does not verify pages on ordinary reads, and a flipped bit often decodes to another valid value.
//!
//! What bincode cannot do, records must not use: `serde_json::Value` (JSON is kept as text), and serde's `untagged`,
//! `tag`, `flatten` and `skip_serializing_if`.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::{Serialize, de::DeserializeOwned};

use super::Error;

/// Bytes of one record, at most. Without a limit, a damaged length would ask for all of memory.
pub(super) const MAX_RECORD_BYTES: usize = 64 * 1024 * 1024;

const CONFIG: Configuration<LittleEndian, Varint, Limit<MAX_RECORD_BYTES>> =
    bincode::config::standard().with_limit::<MAX_RECORD_BYTES>();
const HEADER_BYTES: usize = 5;

/// A noun that has a record.
pub(super) trait Stored: Sized {
    /// What the thing is called in the message about a damaged file.
    const NOUN: &'static str;

    /// The record's bytes, in the newest version.
    fn encode(&self) -> Result<Vec<u8>, Error>;

    /// Reads a payload of this version; `None` where it is damaged or the version unknown.
    fn decode(version: u8, payload: &[u8]) -> Option<Self>;

    /// Reads a whole record.
    fn open(bytes: &[u8]) -> Result<Self, Error> {
        unseal(bytes)
            .and_then(|(version, payload)| Self::decode(version, payload))
            .ok_or_else(|| Error::Damaged(format!("a record of {} cannot be read", Self::NOUN)))
    }
}

/// Writes a frozen struct behind its version and checksum.
pub(super) fn seal<T: Serialize>(version: u8, record: &T) -> Result<Vec<u8>, Error> {
    let payload = bincode::serde::encode_to_vec(record, CONFIG)
        .map_err(|error| Error::Damaged(format!("a record cannot be written: {error}")))?;
    Ok(framed(version, &payload))
}

/// A payload behind its version and checksum.
pub(super) fn framed(version: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
    bytes.push(version);
    bytes.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// The version and the payload of a record whose checksum holds.
fn unseal(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (header, payload) = bytes.split_at_checked(HEADER_BYTES)?;
    let (version, checksum) = header.split_first()?;
    let checksum = u32::from_le_bytes(checksum.try_into().ok()?);
    (crc32fast::hash(payload) == checksum).then_some((*version, payload))
}

/// Reads a frozen struct, all of the payload and nothing but it.
pub(super) fn thaw<T: DeserializeOwned>(payload: &[u8]) -> Option<T> {
    let (record, read) = bincode::serde::decode_from_slice(payload, CONFIG).ok()?;
    (read == payload.len()).then_some(record)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        text: String,
        number: Option<u64>,
    }

    fn sample() -> Sample {
        Sample { text: "flag".into(), number: Some(300) }
    }

    #[test]
    fn the_layout_is_fixed() {
        let bytes = seal(1, &sample()).unwrap();
        assert_eq!(bytes[0], 1);
        assert_eq!(&bytes[5..], &[4, b'f', b'l', b'a', b'g', 1, 251, 44, 1]);
        let (version, payload) = unseal(&bytes).unwrap();
        assert_eq!((version, thaw::<Sample>(payload)), (1, Some(sample())));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let bytes = seal(1, &sample()).unwrap();
        for bit in 8..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(unseal(&damaged).is_none(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(unseal(&bytes[..length]).is_none(), "length {length}");
        }
    }

    #[test]
    fn a_hostile_length_neither_panics_nor_allocates() {
        assert_eq!(thaw::<Sample>(&[253, 255, 255, 255, 255, 255, 255, 255, 127, 0]), None);
    }
}
