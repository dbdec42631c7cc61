//! Targeting as rules. Every branch decides for everybody who gets into it, so that what comes after a branch needs not
//! say whom it does not mean.

use std::collections::HashMap;

use serde_json::Value;

use super::logic::Logic;
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
    domain::{rollout::WHOLE, rule::MAX_RULES},
    http::wire::rule::RuleBody,
};

/// The salt of rollouts that share out users alike in all flags.
const SHARED_SALT: &str = "fractional";

/// The decision of one flag.
pub(super) struct Decision<'d, 'v> {
    pub(super) draft: &'d mut Draft,
    pub(super) evaluators: &'d HashMap<&'v str, Node<'v>>,
    /// The keys of the variations, by the names of the variants.
    pub(super) variants: &'d HashMap<String, String>,
    /// What the flag is called there and here.
    pub(super) names: (&'d str, &'d str),
    pub(super) default: &'d str,
    pub(super) buckets: &'d mut Buckets,
    pub(super) remarks: &'d mut Remarks,
}

/// What somebody gets: a rule before conditions are made of its formula.
type Branch<'v> = (Formula, Serve, Node<'v>);

impl<'v> Decision<'_, 'v> {
    /// The rules that decide as `targeting` does.
    pub(super) fn rules(&mut self, targeting: &Node<'v>) -> Result<Vec<RuleBody>, Refusal> {
        if targeting.value.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(Vec::new());
        }
        let mut branches = Vec::new();
        let mut logic = Logic::new(self.evaluators, self.names.0);
        self.decide(&mut logic, targeting, Formula::Always, &mut branches)?;
        // What comes last is served without a rule if it is the default.
        let is_default = |(_, serve, _): &Branch<'_>| matches!(serve, Serve::Variation(variation) if *variation == self.default);
        while branches.last().is_some_and(is_default) {
            branches.pop();
        }
        let mut rules = Vec::new();
        for (formula, serve, node) in branches {
            rules.extend(self.draft.rule((self.names.1, &node.place), None, formula, serve));
        }
        for (place, message) in logic.into_told() {
            self.remarks.approximated(&place, message);
        }
        Ok(rules)
    }

    fn decide(
        &mut self,
        logic: &mut Logic<'_, 'v>,
        node: &Node<'v>,
        guard: Formula,
        branches: &mut Vec<Branch<'v>>,
    ) -> Result<(), Refusal> {
        if branches.len() > MAX_RULES {
            return Err(
                node.refuse(format!("has more than {MAX_RULES} branches, and so more than a flag has rules"))
            );
        }
        logic.nested(node, |logic| self.decide_inside(logic, node, guard, branches))
    }

    fn decide_inside(
        &mut self,
        logic: &mut Logic<'_, 'v>,
        node: &Node<'v>,
        guard: Formula,
        branches: &mut Vec<Branch<'v>>,
    ) -> Result<(), Refusal> {
        let node = logic.resolved(node)?;
        match node.value {
            Value::Null | Value::Bool(_) | Value::String(_) => {
                let serve = Serve::Variation(self.variant(&node)?);
                branches.push((guard, serve, node));
                return Ok(());
            }
            Value::Number(_) | Value::Array(_) => return Err(node.refuse("is no name of a variant")),
            Value::Object(_) => {}
        }
        let (name, operands) = logic.operation(&node)?;
        match name {
            "if" | "?:" => {
                let mut rest = operands.as_slice();
                while let [condition, then, others @ ..] = rest {
                    let holds = Formula::all([guard.clone(), logic.holds(condition)?]);
                    if holds != Formula::Never {
                        self.decide(logic, then, holds, branches)?;
                    }
                    rest = others;
                }
                match rest {
                    [other] => self.decide(logic, other, guard, branches)?,
                    _ => branches.push((guard, Serve::Variation(self.default.to_owned()), node)),
                }
            }
            "fractional" => self.fractional(logic, &node, &operands, guard, branches)?,
            _ if logic.is_truth(&node)? => {
                let holds = Formula::all([guard.clone(), logic.holds(&node)?]);
                let [yes, no] = ["true", "false"].map(|name| self.variants.get(name).cloned());
                let (Some(yes), Some(no)) = (yes, no) else {
                    return Err(node.refuse("is true or false, which are no names of variants"));
                };
                branches.push((holds, Serve::Variation(yes), node.clone()));
                branches.push((guard, Serve::Variation(no), node));
            }
            other => return Err(node.refuse(format!("computes a name by '{other}', which no rule can"))),
        }
        Ok(())
    }

    /// The variation that a value names.
    fn variant(&self, node: &Node<'_>) -> Result<String, Refusal> {
        let name = match node.value {
            Value::Null => return Ok(self.default.to_owned()),
            Value::Bool(truth) => truth.to_string(),
            _ => node.text()?.to_owned(),
        };
        let key = self.variants.get(&name).cloned();
        key.ok_or_else(|| node.refuse(format!("'{name}' is no variant of the flag")))
    }

    fn fractional(
        &mut self,
        logic: &mut Logic<'_, 'v>,
        node: &Node<'v>,
        operands: &[Node<'v>],
        guard: Formula,
        branches: &mut Vec<Branch<'v>>,
    ) -> Result<(), Refusal> {
        let (by, salt, weighted) = match operands {
            [bucket, weighted @ ..] if !bucket.value.is_array() => {
                let (by, salt) = self.bucket(logic, bucket)?;
                (by, salt, weighted)
            }
            weighted => ("user_key".to_owned(), None, weighted),
        };
        let mut weights = Vec::new();
        for entry in weighted {
            let parts = entry.list()?;
            let (variant, weight) = match parts.as_slice() {
                [variant] => (variant, 1.0),
                [variant, weight] => (variant, weight.number()?),
                _ => return Err(entry.refuse("is no share of a rollout")),
            };
            weights.push((self.variant(variant)?, weight));
        }
        let split = shares(weights, WHOLE);
        if split.is_empty() {
            return Err(node.refuse("shares out nothing"));
        }
        self.buckets.claim(&by, salt.as_deref(), node, self.remarks)?;
        branches.push((guard.clone(), Serve::Shares(split), node.clone()));
        // Whom the attribute is missing of gets the default, and nothing that comes later.
        branches.push((guard, Serve::Variation(self.default.to_owned()), node.clone()));
        Ok(())
    }

    /// By which attribute users are shared out, and what is hashed beside it.
    fn bucket(
        &self,
        logic: &mut Logic<'_, 'v>,
        node: &Node<'v>,
    ) -> Result<(String, Option<String>), Refusal> {
        let (name, operands) = logic.operation(node)?;
        if name == "var" {
            return Ok((logic.variable(node)?, Some(SHARED_SALT.to_owned())));
        }
        if name != "cat" {
            return Err(node.refuse("shares users out by something that is computed"));
        }
        let mut by = None;
        let mut salt = String::new();
        for part in operands {
            match part.value {
                Value::String(text) => salt.push_str(text),
                Value::Number(number) => salt.push_str(&number.to_string()),
                _ if logic.is_flag_key(&part) => salt.push_str(self.names.1),
                _ if by.is_none() => by = Some(logic.variable(&part)?),
                _ => return Err(part.refuse("shares users out by more than one attribute")),
            }
        }
        let by = by.ok_or_else(|| node.refuse("shares users out by no attribute"))?;
        let salt = if salt.is_empty() { SHARED_SALT.to_owned() } else { salt };
        // The key of the flag is the salt where nothing else is said.
        Ok((by, Some(salt).filter(|salt| salt != self.names.1)))
    }
}
