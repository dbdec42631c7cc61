//! Records as bytes that nobody wrote, for tests: the checksum of a record keeps nearly all of such bytes from the
//! readers behind it, and those have to stand them none the less. No part of the program uses this.

use super::audit::Link;
use super::backup::Seal;
use super::codec::{Stored, framed};
use super::delivery::Letter;
use crate::domain::{
    api_key::ApiKey,
    delivery::Delivery,
    environment::Environment,
    flag::{Configuration, Flag},
    invitation::Invitation,
    organization::{Membership, Organization},
    personal_token::PersonalToken,
    project::Project,
    ramp::Ramp,
    revision::Revision,
    schedule::Schedule,
    segment::Segment,
    user::{Session, User},
    webhook::Webhook,
};

/// A reader and a writer, one after the other.
type Rewrite = fn(&[u8]) -> Option<Vec<u8>>;

/// Nouns that have a record.
pub const NOUNS: usize = REWRITES.len();

const REWRITES: [Rewrite; 20] = [
    rewrite::<ApiKey>,
    rewrite::<Configuration>,
    rewrite::<Delivery>,
    rewrite::<Environment>,
    rewrite::<Flag>,
    rewrite::<Invitation>,
    rewrite::<Letter>,
    rewrite::<Link>,
    rewrite::<Membership>,
    rewrite::<Organization>,
    rewrite::<PersonalToken>,
    rewrite::<Project>,
    rewrite::<Ramp>,
    rewrite::<Revision>,
    rewrite::<Schedule>,
    rewrite::<Seal>,
    rewrite::<Segment>,
    rewrite::<Session>,
    rewrite::<User>,
    rewrite::<Webhook>,
];

/// The record of the noun with this number as the newest version has it; `None` where it is damaged, or the noun unknown.
pub fn rewritten(noun: usize, record: &[u8]) -> Option<Vec<u8>> {
    REWRITES.get(noun)?(record)
}

/// The record of this version with this payload, with the checksum that it ought to have.
pub fn sealed(version: u8, payload: &[u8]) -> Vec<u8> {
    framed(version, payload)
}

fn rewrite<T: Stored>(record: &[u8]) -> Option<Vec<u8>> {
    T::open(record).ok()?.encode().ok()
}
