//! Percentage rollouts: which share of the users gets which variation, and how users fall into buckets.

use super::{
    key::VariationKey,
    named::named,
    violation::{Fault, Path, Violations},
};

/// A whole, in thousandths of a percent.
pub const WHOLE: u32 = 100_000;
/// Characters of a salt or of the attribute to bucket by, at most.
pub const MAX_BUCKETING_TEXT: usize = 200;

/// A share of the users, in thousandths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentage(u32);

impl Percentage {
    /// The share of `thousandths` thousandths of a percent; `None` above [`WHOLE`].
    pub const fn from_thousandths(thousandths: u32) -> Option<Self> {
        if thousandths <= WHOLE { Some(Self(thousandths)) } else { None }
    }

    /// Thousandths of a percent, 0 to [`WHOLE`].
    pub const fn thousandths(self) -> u32 {
        self.0
    }

    /// The share in percent, as the API prints it.
    pub fn percent(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// Whether it is a whole number of percents, which is all that DJB2 can express.
    pub const fn is_whole(self) -> bool {
        self.0.is_multiple_of(1000)
    }

    /// Reads a percentage found at `path`.
    pub fn parse(percent: f64, path: &Path<'_>, faults: &mut Violations) -> Option<Self> {
        if !percent.is_finite() || percent < 0.0 {
            faults.malformed(path, "must be a number of percent, 0 or more");
            return None;
        }
        if percent > 100.0 {
            faults.add(Fault::RolloutSum, path, "must be at most 100");
            return Some(Self(WHOLE));
        }
        let thousandths = (percent * 1000.0).round();
        if (percent * 1000.0 - thousandths).abs() > 1e-6 {
            faults.add(Fault::Rule, path, "must have at most three decimal places");
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be 0 to 100,000"
        )]
        Some(Self(thousandths as u32))
    }
}

/// One entry of a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The variation that this share of the users gets.
    pub variation: VariationKey,
    /// How large the share is.
    pub percentage: Percentage,
}

/// The shares in the order in which buckets are given out. They sum to at most 100 %; past their end a rule
/// yields nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    shares: Vec<Share>,
}

/// A share as it was sent.
#[derive(Clone, Debug)]
pub struct ShareDraft {
    /// The variation's key.
    pub variation: String,
    /// The share in percent.
    pub percentage: f64,
}

impl Rollout {
    /// Reads a rollout found at `path`, and notes everything that is wrong with it.
    pub fn parse(drafts: &[ShareDraft], path: &Path<'_>, faults: &mut Violations) -> Self {
        let before = faults.len();
        if drafts.is_empty() {
            faults.malformed(path, "must have at least one entry");
        }
        let mut shares: Vec<Share> = Vec::with_capacity(drafts.len());
        for (index, draft) in drafts.iter().enumerate() {
            let entry = path.index(index);
            let percentage = Percentage::parse(draft.percentage, &entry.field("percentage"), faults);
            let variation = match VariationKey::parse(&draft.variation) {
                Ok(variation) => variation,
                Err(error) => {
                    faults.malformed(entry.field("variation"), error.to_string());
                    continue;
                }
            };
            if shares.iter().any(|share| share.variation == variation) {
                faults.malformed(entry.field("variation"), "is given twice");
            }
            shares.extend(percentage.map(|percentage| Share { variation, percentage }));
        }
        let sum: u64 = shares.iter().map(|share| u64::from(share.percentage.0)).sum();
        if sum > u64::from(WHOLE) && faults.len() == before {
            faults.add(Fault::RolloutSum, path, "the percentages sum to more than 100");
        }
        Self { shares }
    }

    /// A rollout that is known to be sound: one that was stored.
    pub fn trusted(shares: Vec<Share>) -> Self {
        Self { shares }
    }

    /// Thousandths of a percent that it gives out, at most [`WHOLE`].
    pub fn total(&self) -> u32 {
        self.shares.iter().fold(0, |sum, share| share.percentage.0.saturating_add(sum))
    }

    /// The shares, in the order in which buckets are given out.
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }
}

named! {
    /// How a user becomes a bucket.
    Algorithm {
        /// DJB2 modulo 100: what the published SDKs compute. Rollouts of different flags are not independent.
        Djb2 = "djb2",
        /// `MurmurHash3` x86 32-bit into 100,000 buckets: rollouts of different flags are independent.
        Murmur3 = "murmur3",
    }
}

/// The bucketing of a flag (contract B1); the default is the published one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucketing {
    /// The hash.
    pub algorithm: Algorithm,
    /// The attribute whose text is hashed.
    pub by: String,
    /// What is hashed before it, in place of the flag's key.
    pub salt: Option<String>,
}

impl Bucketing {
    /// The attribute that users are bucketed by where nothing else is said.
    pub const USER_KEY: &'static str = "user_key";

    /// Reads a bucketing found at `path`.
    pub fn parse(
        algorithm: Algorithm,
        by: Option<String>,
        salt: Option<String>,
        path: &Path<'_>,
        faults: &mut Violations,
    ) -> Option<Self> {
        let before = faults.len();
        let by = by.unwrap_or_else(|| Self::USER_KEY.to_owned());
        for (name, text) in [("by", Some(&by)), ("salt", salt.as_ref())] {
            if let Some(text) = text
                && (text.is_empty() || text.chars().count() > MAX_BUCKETING_TEXT)
            {
                faults.malformed(path.field(name), format!("must be 1 to {MAX_BUCKETING_TEXT} characters"));
            }
        }
        (faults.len() == before).then_some(Self { algorithm, by, salt })
    }

    /// Whether the published SDKs compute the same buckets.
    pub fn is_published(&self) -> bool {
        self.algorithm == Algorithm::Djb2 && self.by == Self::USER_KEY && self.salt.is_none()
    }
}

impl Default for Bucketing {
    fn default() -> Self {
        Self { algorithm: Algorithm::Djb2, by: Self::USER_KEY.to_owned(), salt: None }
    }
}
