//! What one environment says of a flag.

use crate::{
    cli::importers::{
        buckets::Buckets,
        draft::{Draft, Serve},
        formula::Formula,
        node::Node,
        note::Refusal,
        remarks::Remarks,
        shares::shares,
    },
    domain::{operator::MAX_LIST_VALUES, rollout::WHOLE},
    http::wire::{
        flag_change::{PrerequisiteBody, VariationBody},
        manifest::ConfigurationBody,
        rule::RuleBody,
    },
};

use super::{Book, clause};

/// A flag in one environment.
pub(super) struct Setting<'b, 'v> {
    pub(super) book: &'b Book,
    pub(super) key: &'b str,
    pub(super) variations: &'b [VariationBody],
    pub(super) node: &'b Node<'v>,
}

/// What a translation collects on its way.
struct Pen<'p> {
    draft: &'p mut Draft,
    buckets: &'p mut Buckets,
    remarks: &'p mut Remarks,
}

impl Setting<'_, '_> {
    pub(super) fn read(
        &self,
        draft: &mut Draft,
        buckets: &mut Buckets,
        remarks: &mut Remarks,
    ) -> Result<ConfigurationBody, Refusal> {
        let enabled = self.node.need("on")?.truth()?;
        let default = self.off_variation(remarks)?;
        let prerequisites = self.prerequisites()?;
        let mut pen = Pen { draft, buckets, remarks };
        let mut rules = self.targets(&mut pen)?;
        for rule in self.node.list_of("rules")? {
            let formula = clause::all(pen.draft, &rule, pen.remarks)?;
            let name = pen.remarks.name(rule.text_of("description")?, &rule.place);
            self.serve(&mut pen, &rule, name.as_deref(), &formula, &mut rules)?;
        }
        match self.node.get("fallthrough") {
            Some(rest) => {
                let mut last = Vec::new();
                self.serve(&mut pen, &rest, Some("Default rule"), &Formula::Always, &mut last)?;
                let is_default = |rule: &RuleBody| rule.variation.as_ref() == Some(&default);
                rules.extend(last.into_iter().filter(|rule| !is_default(rule)));
            }
            None if enabled || self.node.get("_summary").is_some() => {
                let why = "comes without its rules: only with `summary=0` does the API send them";
                return Err(self.node.refuse(why));
            }
            None => {}
        }
        Ok(ConfigurationBody {
            enabled: Some(enabled),
            default_variation: Some(default),
            prerequisites: (!prerequisites.is_empty()).then_some(prerequisites),
            targeting_rules: Some(rules),
        })
    }

    /// The key of the variation that is served when the flag is off.
    pub(super) fn off_variation(&self, remarks: &mut Remarks) -> Result<String, Refusal> {
        if let Some(node) = self.node.get("offVariation") {
            return self.variation(&node);
        }
        let no = self.variations.iter().find(|body| body.value == false).or(self.variations.last());
        let key = no.map(|body| body.key.clone()).ok_or_else(|| self.node.refuse("has no variations"))?;
        let message = format!(
            "where it is off, applications served a fallback of their own; here it serves the variation `{key}`"
        );
        remarks.approximated(&self.node.place, message);
        Ok(key)
    }

    fn variation(&self, node: &Node<'_>) -> Result<String, Refusal> {
        let found = self.variations.get(node.index()?);
        found.map(|body| body.key.clone()).ok_or_else(|| node.refuse("is no variation of the flag"))
    }

    fn prerequisites(&self) -> Result<Vec<PrerequisiteBody>, Refusal> {
        let mut prerequisites: Vec<PrerequisiteBody> = Vec::new();
        for demand in self.node.list_of("prerequisites")? {
            let source = demand.need("key")?.text()?;
            let index = demand.need("variation")?.index()?;
            let keys = self.book.flags.get(source).zip(self.book.variations.get(source));
            let found = keys.and_then(|(flag, variations)| Some((flag, variations.get(index)?)));
            let (flag_key, variation_key) =
                found.map(|(flag, variation)| (flag.to_owned(), variation.clone())).ok_or_else(|| {
                    demand.refuse(format!("demands a variation of '{source}' that is not in the file"))
                })?;
            match prerequisites.iter().find(|known| known.flag_key == flag_key) {
                Some(known) if known.variation_key == variation_key => {}
                Some(_) => return Err(demand.refuse(format!("demands two variations of '{source}' at once"))),
                None => prerequisites.push(PrerequisiteBody { flag_key, variation_key }),
            }
        }
        Ok(prerequisites)
    }

    /// Rules for those whom the flag names, in the order in which they are tried there.
    fn targets(&self, pen: &mut Pen<'_>) -> Result<Vec<RuleBody>, Refusal> {
        let users = self.node.list_of("targets")?;
        let contexts = self.node.list_of("contextTargets")?;
        let is_user =
            |target: &Node<'_>| target.text_of("contextKind").map(|kind| kind.unwrap_or("user") == "user");
        // A target of users may stand for the list in `targets` with its variation, which says when that is tried.
        let mut ordered: Vec<Node<'_>> = Vec::new();
        let mut placed = vec![false; users.len()];
        for context in contexts {
            if is_user(&context)? && context.texts_of("values")?.is_empty() {
                let variation = context.need("variation")?.index()?;
                for (user, placed) in users.iter().zip(&mut placed) {
                    if user.need("variation")?.index()? == variation && !*placed {
                        *placed = true;
                        ordered.push(user.clone());
                    }
                }
            } else {
                ordered.push(context);
            }
        }
        ordered.extend(users.into_iter().zip(placed).filter(|(_, placed)| !placed).map(|(user, _)| user));
        let mut rules = Vec::new();
        for target in ordered {
            let variation = self.variation(&target.need("variation")?)?;
            let attribute = clause::attribute(target.text_of("contextKind")?, "key", &target, pen.remarks)?;
            for keys in target.texts_of("values")?.chunks(MAX_LIST_VALUES) {
                let formula = Formula::one_of(&attribute, keys.iter().copied());
                let serve = Serve::Variation(variation.clone());
                let name = Some("Individual targets".to_owned());
                rules.extend(pen.draft.rule((self.key, &target.place), name, formula, serve));
            }
        }
        Ok(rules)
    }

    /// Adds what `node` serves to those whom `formula` means.
    fn serve(
        &self,
        pen: &mut Pen<'_>,
        node: &Node<'_>,
        name: Option<&str>,
        formula: &Formula,
        rules: &mut Vec<RuleBody>,
    ) -> Result<(), Refusal> {
        let at = (self.key, node.place.as_str());
        let name = || name.map(str::to_owned);
        if let Some(variation) = node.get("variation") {
            let serve = Serve::Variation(self.variation(&variation)?);
            rules.extend(pen.draft.rule(at, name(), formula.clone(), serve));
            return Ok(());
        }
        let rollout = node.get("rollout").ok_or_else(|| node.refuse("serves nothing"))?;
        let weights = self.weights(&rollout)?;
        let shares = shares(weights, WHOLE);
        let Some(first) = shares.first().map(|share| share.variation.clone()) else {
            return Err(rollout.refuse("shares out nothing"));
        };
        if shares.len() == 1 {
            rules.extend(pen.draft.rule(at, name(), formula.clone(), Serve::Variation(first)));
            return Ok(());
        }
        let kind = rollout.text_of("contextKind")?;
        // An experiment shares users out by their keys, whatever `bucketBy` says.
        let by = rollout.text_of("bucketBy")?.filter(|by| !by.is_empty());
        let is_experiment = rollout.text_of("kind")? == Some("experiment");
        let by = by.filter(|_| !is_experiment).unwrap_or("key");
        let by = clause::attribute(kind, by, &rollout, pen.remarks)?;
        let seed = rollout.get("seed").map(|seed| seed.name()).transpose()?;
        pen.buckets.claim(&by, seed.as_deref(), &rollout, pen.remarks)?;
        if by != "user_key" {
            let unknown = Formula::all([formula.clone(), Formula::not(Formula::exists(&by))]);
            rules.extend(pen.draft.rule(at, name(), unknown, Serve::Variation(first)));
        }
        rules.extend(pen.draft.rule(at, name(), formula.clone(), Serve::Shares(shares)));
        Ok(())
    }

    /// The weights of a rollout; the last one takes what is missing to the whole.
    fn weights(&self, rollout: &Node<'_>) -> Result<Vec<(String, f64)>, Refusal> {
        let mut weights = Vec::new();
        let mut sum = 0.0;
        for entry in rollout.list_of("variations")? {
            let variation = self.variation(&entry.need("variation")?)?;
            let weight = entry.number_of("weight")?.unwrap_or(0.0);
            let left = (f64::from(WHOLE) - sum).max(0.0);
            let weight = weight.clamp(0.0, left);
            sum += weight;
            weights.push((variation, weight));
        }
        if let Some((_, last)) = weights.last_mut() {
            *last += f64::from(WHOLE) - sum;
        }
        Ok(weights)
    }
}
