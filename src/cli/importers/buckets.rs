//! How the rollouts of one flag share out users. A flag has one attribute and one salt for all of its rollouts in all
//! environments, where other products have them for each rollout.

use super::{node::Node, note::Refusal, remarks::Remarks};
use crate::{
    domain::rollout::{Algorithm, Bucketing, MAX_BUCKETING_TEXT},
    http::wire::flag_change::BucketingBody,
};

/// The bucketing of a flag, as far as its rollouts have asked for it.
#[derive(Debug, Default)]
pub(super) struct Buckets(Option<Claim>);

#[derive(Debug)]
struct Claim {
    by: String,
    salt: Option<String>,
}

impl Buckets {
    /// A rollout at `node` shares out users by the attribute `by`; rollouts of one salt share them out alike.
    pub(super) fn claim(
        &mut self,
        by: &str,
        salt: Option<&str>,
        node: &Node<'_>,
        remarks: &mut Remarks,
    ) -> Result<(), Refusal> {
        let fits = |text: &str| !text.is_empty() && text.chars().count() <= MAX_BUCKETING_TEXT;
        if !fits(by) {
            return Err(node.refuse("shares users out by an attribute whose name is not allowed here"));
        }
        let salt = salt.filter(|salt| fits(salt)).map(str::to_owned);
        remarks.approximated(
            &node.place,
            "percentages are kept, but users fall into other buckets: the hash is another",
        );
        match &self.0 {
            None => self.0 = Some(Claim { by: by.to_owned(), salt }),
            Some(claim) if claim.by != by => {
                let why = format!(
                    "shares users out by `{by}`, and another rollout of the flag by `{}`: a flag has one \
                     attribute for all",
                    claim.by
                );
                return Err(node.refuse(why));
            }
            Some(claim) if claim.salt != salt => remarks.approximated(
                &node.place,
                "rollouts of the flag that were independent of each other reach the same users first",
            ),
            Some(_) => {}
        }
        Ok(())
    }

    /// What the document says of it.
    pub(super) fn into_body(self) -> Option<BucketingBody> {
        let claim = self.0?;
        let by = (claim.by != Bucketing::USER_KEY).then_some(claim.by);
        Some(BucketingBody { algorithm: Algorithm::Murmur3, by, salt: claim.salt })
    }
}
