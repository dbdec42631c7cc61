//! Strategies: each is a rule, or several if its variants have overrides.

use super::variant::Variants;
use super::{SegmentKeys, Setting, attribute, constraint, inside, variant};
use crate::{
    cli::importers::{
        buckets::Buckets,
        draft::{Draft, Serve},
        formula::Formula,
        node::Node,
        note::Refusal,
        remarks::Remarks,
        shares::{shares, thousandths},
    },
    domain::rollout::WHOLE,
    http::wire::{manifest::ConfigurationBody, rule::RuleBody},
};

/// A feature in one environment, and what its strategies refer to.
pub(super) struct Standing<'f, 'v> {
    pub(super) feature: &'f str,
    pub(super) key: &'f str,
    pub(super) variants: &'f Variants,
    pub(super) segments: &'f SegmentKeys,
    pub(super) setting: &'f Setting<'v>,
}

/// Whom a strategy reaches.
struct Reach {
    who: Formula,
    /// If not everybody of these, how many, and by what they are told apart.
    share: Option<Sticky>,
}

/// A share of the users.
struct Sticky {
    thousandths: u32,
    by: String,
    salt: String,
}

impl Standing<'_, '_> {
    pub(super) fn read(
        &self,
        draft: &mut Draft,
        buckets: &mut Buckets,
        remarks: &mut Remarks,
    ) -> Result<ConfigurationBody, Refusal> {
        let enabled = self.setting.node.need("enabled")?.truth()?;
        let mut rules = Vec::new();
        for strategy in &self.setting.strategies {
            if strategy.truth_of("disabled")? {
                continue;
            }
            match self.strategy(draft, strategy, buckets, remarks) {
                Ok(own) => rules.extend(own),
                // Without variants every strategy says the same, so that fewer of them can only be on for fewer.
                Err(refusal) if self.variants.are_none() => {
                    let message = format!("{}: the strategy is left out", refusal.reason);
                    remarks.skipped(&refusal.place, message);
                }
                Err(refusal) => return Err(refusal),
            }
        }
        if self.setting.strategies.is_empty() {
            rules.extend(self.served(draft, &self.setting.node, everybody(), buckets, remarks)?);
        }
        Ok(ConfigurationBody {
            enabled: Some(enabled),
            default_variation: Some(self.variants.off().to_owned()),
            prerequisites: None,
            targeting_rules: Some(rules),
        })
    }

    fn strategy(
        &self,
        draft: &mut Draft,
        node: &Node<'_>,
        buckets: &mut Buckets,
        remarks: &mut Remarks,
    ) -> Result<Vec<RuleBody>, Refusal> {
        let reach = self.reach(node, remarks)?;
        let constraints = constraint::all(node, remarks)?;
        let who = Formula::all([inside(self.segments, node)?, constraints, reach.who]);
        self.served(draft, node, Reach { who, ..reach }, buckets, remarks)
    }

    /// Whom the strategy itself reaches, before its constraints.
    fn reach(&self, node: &Node<'_>, remarks: &mut Remarks) -> Result<Reach, Refusal> {
        let name = node.need("name")?;
        let parameter = |key: &str| node.get("parameters").and_then(|parameters| parameters.get(key));
        let listed = |key: &str| -> Result<Vec<&str>, Refusal> {
            let text = parameter(key).map_or(Ok(""), |list| list.text())?;
            Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect())
        };
        let (share, stickiness) = match name.text()? {
            "default" => return Ok(everybody()),
            "userWithId" => {
                return Ok(Reach { who: Formula::one_of("user_key", listed("userIds")?), share: None });
            }
            "remoteAddress" => {
                let who = constraint::networks("remoteAddress", listed("IPs")?);
                return Ok(Reach { who, share: None });
            }
            "flexibleRollout" => {
                let stickiness = parameter("stickiness").map_or(Ok("default"), |node| node.text())?;
                ("rollout", stickiness)
            }
            "gradualRolloutUserId" => ("percentage", "userId"),
            "gradualRolloutSessionId" => ("percentage", "sessionId"),
            "gradualRolloutRandom" => ("percentage", "random"),
            other => return Err(name.refuse(format!("the strategy '{other}' is not known here"))),
        };
        let percentage = parameter(share).map_or(Ok(0.0), |share| share.number())?;
        let salt = parameter("groupId").map_or(Ok(self.feature), |group| group.text())?;
        let by = sticky(stickiness, node, remarks)?;
        Ok(match thousandths(percentage) {
            0 => Reach { who: Formula::Never, share: None },
            WHOLE if matches!(stickiness, "default" | "random") => everybody(),
            WHOLE => Reach { who: Formula::exists(by), share: None },
            thousandths => {
                let (by, salt) = (by.to_owned(), salt.to_owned());
                Reach { who: Formula::Always, share: Some(Sticky { thousandths, by, salt }) }
            }
        })
    }

    /// What is served to those whom a strategy reaches.
    fn served(
        &self,
        draft: &mut Draft,
        node: &Node<'_>,
        reach: Reach,
        buckets: &mut Buckets,
        remarks: &mut Remarks,
    ) -> Result<Vec<RuleBody>, Refusal> {
        let at = (self.key, node.place.as_str());
        let title = remarks.name(node.text_of("title")?, &node.place);
        if reach.who == Formula::Never {
            return Ok(Vec::new());
        }
        if let Some(share) = &reach.share {
            self.claim(&share.by, &share.salt, node, buckets, remarks)?;
        }
        let total = reach.share.as_ref().map_or(WHOLE, |share| share.thousandths);
        let part = |variation: String| match &reach.share {
            None => Serve::Variation(variation),
            Some(_) => Serve::Shares(shares([(variation, 1.0)], total)),
        };
        // The feature as clients read it has its variants under the name that strategies have theirs.
        let is_strategy = node.place != self.setting.node.place;
        let own = if is_strategy { node.list_of("variants")? } else { Vec::new() };
        let list = if own.is_empty() { &self.setting.variants } else { &own };
        if !variant::serves(list)? {
            let on = part(self.variants.on().to_owned());
            return Ok(draft.rule(at, title, reach.who, on).into_iter().collect());
        }
        let mut rules = Vec::new();
        let mut weights = Vec::new();
        for variant in list {
            let key = self.variants.key(variant)?;
            for over in variant.list_of("overrides")? {
                let field = over.need("contextName")?;
                let values = over.texts_of("values")?;
                let forced = Formula::one_of(attribute(field.text()?, &field, remarks)?, values);
                let who = Formula::all([reach.who.clone(), forced]);
                rules.extend(draft.rule(at, title.clone(), who, part(key.clone())));
            }
            weights.push((key, variant::weight(variant)?));
        }
        let split = shares(weights, total);
        let serve = match split.as_slice() {
            [only] if reach.share.is_none() => Serve::Variation(only.variation.clone()),
            _ => {
                self.claim_variants(list, &reach, buckets, remarks)?;
                Serve::Shares(split)
            }
        };
        rules.extend(draft.rule(at, title, reach.who, serve));
        Ok(rules)
    }

    /// By what the variants are shared out, if their strategy has not said it already.
    fn claim_variants(
        &self,
        variants: &[Node<'_>],
        reach: &Reach,
        buckets: &mut Buckets,
        remarks: &mut Remarks,
    ) -> Result<(), Refusal> {
        let Some(first) = variants.first() else { return Ok(()) };
        let stickiness = first.text_of("stickiness")?.unwrap_or("default");
        let by = sticky(stickiness, first, remarks)?;
        match &reach.share {
            None => self.claim(by, self.feature, first, buckets, remarks),
            Some(share) if share.by == by => Ok(()),
            Some(share) => {
                let message = format!(
                    "its variants were shared out by `{by}` among those whom the rollout reaches, and are by `{}` now",
                    share.by
                );
                remarks.approximated(&first.place, message);
                Ok(())
            }
        }
    }

    fn claim(
        &self,
        by: &str,
        salt: &str,
        node: &Node<'_>,
        buckets: &mut Buckets,
        remarks: &mut Remarks,
    ) -> Result<(), Refusal> {
        // The key of the flag is the salt where nothing else is said.
        buckets.claim(by, Some(salt).filter(|salt| *salt != self.key), node, remarks)
    }
}

fn everybody() -> Reach {
    Reach { who: Formula::Always, share: None }
}

/// The attribute by which users are told apart.
fn sticky<'s>(stickiness: &'s str, node: &Node<'_>, remarks: &mut Remarks) -> Result<&'s str, Refusal> {
    match stickiness {
        "default" => Ok("user_key"),
        "random" => {
            let message = "every evaluation fell anew; here a user keeps what they got";
            remarks.approximated(&node.place, message);
            Ok("user_key")
        }
        field => attribute(field, node, remarks),
    }
}
