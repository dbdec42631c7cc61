//! Clauses of rules and segments.

use serde_json::Value;

use crate::{
    cli::importers::{draft::Draft, formula::Formula, node::Node, note::Refusal, remarks::Remarks},
    domain::operator::{Case, Operand, Operator},
};

/// The kind of context that is meant where none is named.
const USER: &str = "user";

/// All clauses of a list at once.
pub(super) fn all(draft: &Draft, owner: &Node<'_>, remarks: &mut Remarks) -> Result<Formula, Refusal> {
    let clauses = owner.list_of("clauses")?;
    let formulas: Result<Vec<_>, _> = clauses.iter().map(|clause| read(draft, clause, remarks)).collect();
    Ok(Formula::all(formulas?))
}

fn read(draft: &Draft, clause: &Node<'_>, remarks: &mut Remarks) -> Result<Formula, Refusal> {
    let op = clause.need("op")?;
    let values = clause.list_of("values")?;
    let negate = clause.truth_of("negate")?;
    if op.text()? == "segmentMatch" {
        let inside = values.iter().map(|value| segment(draft, value)).collect::<Result<Vec<_>, _>>()?;
        let inside = Formula::any(inside);
        return Ok(if negate { Formula::not(inside) } else { inside });
    }
    let kind = clause.text_of("contextKind")?;
    let name = clause.need("attribute")?;
    let attribute = attribute(kind, name.text()?, &name, remarks)?;
    let matches = match op.text()? {
        "in" => equal(&attribute, &values, &op)?,
        text => {
            let operator = operator(text).ok_or_else(|| {
                op.refuse(format!("is the operator '{text}', of which nothing is known here"))
            })?;
            let each = values.iter().map(|value| test(&attribute, operator, value));
            Formula::any(each.collect::<Result<Vec<_>, _>>()?)
        }
    };
    // There a missing attribute matches nothing, and no negation of it either.
    Ok(if negate { Formula::all([Formula::exists(&attribute), Formula::not(matches)]) } else { matches })
}

fn segment(draft: &Draft, value: &Node<'_>) -> Result<Formula, Refusal> {
    let name = value.text()?;
    let key = draft.segment_keys.get(name);
    let key =
        key.ok_or_else(|| value.refuse(format!("asks for the segment '{name}', which is not in the file")));
    key.map(Formula::in_segment)
}

fn equal(attribute: &str, values: &[Node<'_>], op: &Node<'_>) -> Result<Formula, Refusal> {
    let mut scalars = Vec::with_capacity(values.len());
    for value in values {
        match value.value {
            // What is missing or null equals nothing there.
            Value::Null => {}
            Value::Array(_) | Value::Object(_) => {
                return Err(op.refuse("compares with a list or an object, which nothing here can"));
            }
            scalar @ (Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalars.push(scalar.clone()),
        }
    }
    Ok(match scalars.len() {
        0 => Formula::Never,
        1 => Formula::test(attribute, Operator::Is, scalars.swap_remove(0)),
        _ => Formula::test(attribute, Operator::OneOf, scalars),
    })
}

fn operator(op: &str) -> Option<Operator> {
    Some(match op {
        "startsWith" => Operator::StartsWith,
        "endsWith" => Operator::EndsWith,
        "contains" => Operator::Contains,
        "matches" => Operator::MatchesRegex,
        "lessThan" => Operator::Lt,
        "lessThanOrEqual" => Operator::Lte,
        "greaterThan" => Operator::Gt,
        "greaterThanOrEqual" => Operator::Gte,
        "before" => Operator::Before,
        "after" => Operator::After,
        "semVerEqual" => Operator::VersionEq,
        "semVerLessThan" => Operator::VersionLt,
        "semVerGreaterThan" => Operator::VersionGt,
        _ => return None,
    })
}

/// A value that an operator cannot read matches nobody there, but for regular expressions: whether these are read
/// depends on the language of the SDK.
fn test(attribute: &str, operator: Operator, value: &Node<'_>) -> Result<Formula, Refusal> {
    let takes_text = matches!(
        operator,
        Operator::StartsWith | Operator::EndsWith | Operator::Contains | Operator::MatchesRegex
    );
    let takes_number = matches!(operator, Operator::Lt | Operator::Lte | Operator::Gt | Operator::Gte);
    if takes_text && !value.value.is_string() || takes_number && !value.value.is_number() {
        return Ok(Formula::Never);
    }
    match Operand::parse(operator, value.value, Case::Sensitive) {
        Ok(_) => Ok(Formula::test(attribute, operator, value.value.clone())),
        Err(_) if operator == Operator::MatchesRegex => {
            Err(value.refuse("is a regular expression that cannot be used here"))
        }
        Err(_) => Ok(Formula::Never),
    }
}

/// The name that an attribute of a context of this kind has here.
pub(super) fn attribute(
    kind: Option<&str>,
    name: &str,
    node: &Node<'_>,
    remarks: &mut Remarks,
) -> Result<String, Refusal> {
    // Only where a kind is named is the name a path.
    let path = kind.and_then(|_| name.strip_prefix('/'));
    let parts: Vec<String> = match path {
        Some(path) => path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect(),
        None => vec![name.to_owned()],
    };
    if parts.iter().any(String::is_empty) {
        return Err(node.refuse("names no attribute"));
    }
    if parts == ["kind"] {
        return Err(node.refuse("asks for the kind of a context: contexts here have none"));
    }
    let mut own = parts.join(".");
    if parts.len() > 1 {
        let message =
            format!("what is at '{name}' inside of an attribute is read from the attribute `{own}`");
        remarks.approximated(&node.place, message);
    }
    match kind.unwrap_or(USER) {
        USER if own == "key" => Ok("user_key".to_owned()),
        USER => Ok(own),
        kind => {
            own = format!("{kind}.{own}");
            let message =
                format!("attributes of the context kind '{kind}' are read from attributes such as `{own}`");
            remarks.approximated(&node.place, message);
            Ok(own)
        }
    }
}
