//! `JsonLogic` as conditions.

use std::collections::HashMap;

use serde_json::Value;

use super::operation;
use crate::{
    cli::importers::{formula::Formula, node::Node, note::Refusal},
    domain::operator::Operator,
};

/// Operations of the targeting of one flag, at most: references could unfold to any number.
const MAX_OPERATIONS: usize = 2_000;

/// Operations inside of each other, at most.
const MAX_DEPTH: usize = 128;

/// References one after the other, at most.
const MAX_REFERENCE_DEPTH: usize = 10;

/// What a variable stands for.
pub(super) enum Variable {
    /// An attribute of the context.
    Attribute(String),
    /// The moment, in whole seconds.
    Timestamp,
    /// What the flag is called.
    FlagKey,
}

/// The logic of one flag, while it is read.
pub(super) struct Logic<'l, 'v> {
    evaluators: &'l HashMap<&'v str, Node<'v>>,
    /// What the flag is called there.
    pub(super) flag: &'l str,
    operations: usize,
    depth: usize,
    /// What is approximated, and where.
    pub(super) told: Vec<(String, String)>,
}

impl<'l, 'v> Logic<'l, 'v> {
    pub(super) fn new(evaluators: &'l HashMap<&'v str, Node<'v>>, flag: &'l str) -> Self {
        Self { evaluators, flag, operations: 0, depth: 0, told: Vec::new() }
    }

    pub(super) fn into_told(self) -> Vec<(String, String)> {
        self.told
    }

    pub(super) fn tell(&mut self, node: &Node<'_>, message: String) {
        self.told.push((node.place.clone(), message));
    }

    /// What a reference stands for; everything else stands for itself. A reference to what refers back is cut off by
    /// the number of operations.
    pub(super) fn resolved(&mut self, node: &Node<'v>) -> Result<Node<'v>, Refusal> {
        let mut node = node.clone();
        let mut steps = 0;
        while let Some(reference) = node.get("$ref") {
            steps += 1;
            self.count(&node)?;
            if steps > MAX_REFERENCE_DEPTH {
                return Err(reference.refuse("refers to what refers to something else again, too often"));
            }
            let name = reference.text()?;
            let found = self.evaluators.get(name).cloned();
            node =
                found.ok_or_else(|| reference.refuse(format!("refers to '{name}', which is not there")))?;
        }
        Ok(node)
    }

    fn count(&mut self, node: &Node<'_>) -> Result<(), Refusal> {
        self.operations += 1;
        if self.operations > MAX_OPERATIONS {
            return Err(
                node.refuse(format!("has more than {MAX_OPERATIONS} operations, or refers to itself"))
            );
        }
        Ok(())
    }

    /// The name and the operands of an operation.
    pub(super) fn operation(&mut self, node: &Node<'v>) -> Result<(&'v str, Vec<Node<'v>>), Refusal> {
        self.count(node)?;
        let members = node.members()?;
        let [(name, operands)] = members.as_slice() else {
            return Err(node.refuse("is no operation: it must have exactly one member"));
        };
        let operands = if operands.value.is_array() { operands.list()? } else { vec![operands.clone()] };
        Ok((name, operands))
    }

    /// Whether an operation is true or false, and not a value of another kind.
    pub(super) fn is_truth(&mut self, node: &Node<'v>) -> Result<bool, Refusal> {
        let node = self.resolved(node)?;
        if node.value.is_boolean() {
            return Ok(true);
        }
        if !node.value.is_object() {
            return Ok(false);
        }
        let (name, operands) = self.operation(&node)?;
        match name {
            "and" | "or" => self.nested(&node, |it| {
                for operand in &operands {
                    if !it.is_truth(operand)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }),
            _ => Ok(operation::is_test(name)),
        }
    }

    /// Goes one level deeper: by references a file can be deeper than it looks.
    pub(super) fn nested<T>(
        &mut self,
        node: &Node<'_>,
        read: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if self.depth == MAX_DEPTH {
            return Err(node.refuse("is nested too deep"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// For whom an expression is true.
    pub(super) fn holds(&mut self, node: &Node<'v>) -> Result<Formula, Refusal> {
        self.nested(node, |it| it.holds_inside(node))
    }

    fn holds_inside(&mut self, node: &Node<'v>) -> Result<Formula, Refusal> {
        let node = self.resolved(node)?;
        match node.value {
            Value::Object(_) => {}
            Value::Null => return Ok(Formula::Never),
            Value::Bool(truth) => return Ok(if *truth { Formula::Always } else { Formula::Never }),
            Value::String(text) => return Ok(if text.is_empty() { Formula::Never } else { Formula::Always }),
            Value::Number(_) | Value::Array(_) => return Err(node.refuse("is no condition")),
        }
        let (name, operands) = self.operation(&node)?;
        let all =
            |it: &mut Self| operands.iter().map(|operand| it.holds(operand)).collect::<Result<Vec<_>, _>>();
        match (name, operands.as_slice()) {
            ("and", [_, ..]) => Ok(Formula::all(all(self)?)),
            ("or", [_, ..]) => Ok(Formula::any(all(self)?)),
            ("!", [operand]) => Ok(Formula::not(self.holds(operand)?)),
            ("!!", [operand]) => self.holds(operand),
            ("if" | "?:", _) => self.chosen(&operands),
            ("var", _) => self.truthy(&node),
            _ => operation::read(self, &node, name, &operands),
        }
    }

    /// `if` in place of a condition.
    fn chosen(&mut self, operands: &[Node<'v>]) -> Result<Formula, Refusal> {
        let mut parts = Vec::new();
        let mut before = Vec::new();
        let mut rest = operands;
        while let [condition, then, others @ ..] = rest {
            let condition = self.holds(condition)?;
            let earlier = Formula::not(Formula::any(before.iter().cloned()));
            parts.push(Formula::all([earlier, condition.clone(), self.holds(then)?]));
            before.push(condition);
            rest = others;
        }
        if let [other] = rest {
            parts.push(Formula::all([Formula::not(Formula::any(before)), self.holds(other)?]));
        }
        Ok(Formula::any(parts))
    }

    /// An attribute in place of a condition.
    fn truthy(&mut self, node: &Node<'v>) -> Result<Formula, Refusal> {
        let attribute = self.variable(node)?;
        let message = format!(
            "`{attribute}` by itself holds where it is there and is neither false, 0 nor empty; here the texts '0' and \
             'false' count as these, and an empty list does not"
        );
        self.tell(node, message);
        let no: Vec<Value> = vec![false.into(), 0.into(), "".into()];
        let falsy = Formula::test(&attribute, Operator::OneOf, no);
        Ok(Formula::all([Formula::exists(&attribute), Formula::not(falsy)]))
    }

    /// The attribute that `var` reads.
    pub(super) fn variable(&mut self, node: &Node<'v>) -> Result<String, Refusal> {
        match self.read_variable(node)? {
            Some(Variable::Attribute(name)) => Ok(name),
            Some(Variable::Timestamp | Variable::FlagKey) | None => {
                Err(node.refuse("is no attribute of the context"))
            }
        }
    }

    /// What `var` reads; `None` for everything that is no `var`.
    pub(super) fn read_variable(&mut self, node: &Node<'v>) -> Result<Option<Variable>, Refusal> {
        let node = self.resolved(node)?;
        let Some(operand) = node.get("var") else { return Ok(None) };
        let (_, operands) = self.operation(&node)?;
        let name = match operands.as_slice() {
            [name] => name.text()?,
            [name, default] if default.value.is_null() => name.text()?,
            _ => {
                return Err(operand
                    .refuse("has a default for contexts without the attribute, which no condition has"));
            }
        };
        Ok(Some(match name {
            "" => return Err(operand.refuse("asks for the whole context")),
            "targetingKey" => Variable::Attribute("user_key".to_owned()),
            "$flagd.timestamp" => Variable::Timestamp,
            "$flagd.flagKey" => Variable::FlagKey,
            name => {
                if name.contains('.') {
                    let message = format!(
                        "what is at '{name}' inside of an attribute is read from the attribute `{name}`"
                    );
                    self.tell(&operand, message);
                }
                Variable::Attribute(name.to_owned())
            }
        }))
    }

    /// Whether an expression is the name of the flag.
    pub(super) fn is_flag_key(&mut self, node: &Node<'v>) -> bool {
        matches!(self.read_variable(node), Ok(Some(Variable::FlagKey)))
    }
}
