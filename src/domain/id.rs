//! Identifiers: a prefix that names the kind, and a ULID. The rule comes from the contract, A1.

use std::fmt;
use std::sync::Arc;

use ulid::Ulid;

use super::time::Timestamp;

/// The 128 bits behind every identifier: 48 of time in milliseconds, 80 of entropy.
pub type Bits = u128;

/// The bits of an identifier that are entropy; those above them are its time.
const ENTROPY_BITS: u32 = 80;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Bits);

        impl $name {
            /// What the text form begins with.
            pub const PREFIX: &'static str = concat!($prefix, "_");

            /// The identifier with these bits.
            pub const fn from_bits(bits: Bits) -> Self {
                Self(bits)
            }

            /// The bits, which sort as the identifiers were made.
            pub const fn bits(self) -> Bits {
                self.0
            }

            /// The moment at which it was made, in whole milliseconds.
            pub fn made_at(self) -> Timestamp {
                Timestamp::from_millis(i64::try_from(self.0 >> ENTROPY_BITS).unwrap_or(i64::MAX))
            }

            /// Reads the text form; `None` for another prefix or a malformed ULID.
            pub fn parse(text: &str) -> Option<Self> {
                let digits = text.strip_prefix(Self::PREFIX)?;
                let ulid = Ulid::from_string(digits).ok()?;
                // The decoder folds lower case; one identifier has exactly one text.
                (ulid.to_string() == digits).then_some(Self(ulid.0))
            }

            /// Appends the text form, for answers that have many of these.
            pub fn append_to(self, text: &mut Vec<u8>) {
                text.extend_from_slice(Self::PREFIX.as_bytes());
                text.extend_from_slice(Ulid(self.0).array_to_str(&mut [0; ulid::ULID_LEN]).as_bytes());
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                // In two pieces: answers have many of these, and putting them together by `write!` takes longer.
                out.write_str(Self::PREFIX)?;
                out.write_str(Ulid(self.0).array_to_str(&mut [0; ulid::ULID_LEN]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl From<$name> for Bits {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<Bits> for $name {
            fn from(bits: Bits) -> Self {
                Self(bits)
            }
        }
    )*};
}

ids! {
    /// A person's account.
    UserId = "usr";
    /// An organization.
    OrganizationId = "org";
    /// A project.
    ProjectId = "prj";
    /// An environment.
    EnvironmentId = "env";
    /// A flag.
    FlagId = "flg";
    /// A targeting rule.
    RuleId = "rule";
    /// A segment.
    SegmentId = "seg";
    /// An API key (SDK key).
    ApiKeyId = "key";
    /// An audit entry.
    AuditId = "evt";
    /// An invitation to an organization.
    InvitationId = "inv";
    /// A personal access token.
    PersonalTokenId = "tok";
    /// A schedule of a change.
    ScheduleId = "sch";
    /// A ramp.
    RampId = "ramp";
    /// A webhook.
    WebhookId = "whk";
    /// An event on its way to one webhook.
    DeliveryId = "dlv";
    /// An event that webhooks are told of. It is no audit entry, of which one change may have several.
    EventId = "evt";
    /// A session, which is what a refresh token names.
    SessionId = "rt";
}

/// Makes the next identifier: the moment and fresh entropy, but always above `last`, so that identifiers made
/// by one writer sort in the order in which they were made.
pub fn next(last: Bits, now_millis: i64, entropy: Bits) -> Bits {
    let millis = u64::try_from(now_millis).unwrap_or(0);
    let fresh = Ulid::from_parts(millis, entropy).0;
    if fresh > last { fresh } else { last.saturating_add(1) }
}

/// The name of a request that came without one: a ULID without a prefix.
pub fn request_id(now_millis: i64, entropy: Bits) -> Arc<str> {
    let ulid = Ulid::from_parts(u64::try_from(now_millis).unwrap_or(0), entropy);
    Arc::from(&*ulid.array_to_str(&mut [0; ulid::ULID_LEN]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_refuses_other_kinds() {
        let id = FlagId::from_bits(next(0, 1_700_000_000_000, 42));
        assert_eq!(FlagId::parse(&id.to_string()), Some(id));
        assert!(id.to_string().starts_with("flg_01"));
        assert_eq!(UserId::parse(&id.to_string()), None);
        assert_eq!(FlagId::parse(&id.to_string().to_lowercase()), None);
        assert_eq!(FlagId::parse("flg_"), None);
    }

    #[test]
    fn identifiers_of_one_millisecond_sort_in_the_order_of_making() {
        let first = next(0, 5, Bits::MAX);
        let second = next(first, 5, 0);
        let third = next(second, 4, 0);
        assert!(first < second && second < third);
    }
}
