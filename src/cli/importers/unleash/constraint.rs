//! Constraints of strategies and segments.

use serde_json::Value;

use super::attribute;
use crate::{
    cli::importers::{formula::Formula, node::Node, note::Refusal, remarks::Remarks},
    domain::operator::{Case, Operand, Operator},
};

/// All constraints of a strategy or a segment at once.
pub(super) fn all(owner: &Node<'_>, remarks: &mut Remarks) -> Result<Formula, Refusal> {
    let constraints = owner.list_of("constraints")?;
    let formulas = constraints.iter().map(|constraint| read(constraint, remarks));
    Ok(Formula::all(formulas.collect::<Result<Vec<_>, _>>()?))
}

fn read(node: &Node<'_>, remarks: &mut Remarks) -> Result<Formula, Refusal> {
    let field = node.need("contextName")?;
    let attribute = attribute(field.text()?, &field, remarks)?;
    let operator = node.need("operator")?;
    let case = if node.truth_of("caseInsensitive")? { Case::Insensitive } else { Case::Sensitive };
    let holds = match operator.text()? {
        "IN" => equal(attribute, node, case)?,
        "NOT_IN" => Formula::not(equal(attribute, node, case)?),
        "STR_CONTAINS" => part(attribute, Operator::Contains, node, case)?,
        "STR_STARTS_WITH" => part(attribute, Operator::StartsWith, node, case)?,
        "STR_ENDS_WITH" => part(attribute, Operator::EndsWith, node, case)?,
        "NUM_EQ" => Formula::all([
            compared(attribute, Operator::Gte, node)?,
            compared(attribute, Operator::Lte, node)?,
        ]),
        "IN_CIDR" => networks(attribute, node.texts_of("values")?),
        "REGEX" => {
            let value = node.need("value")?;
            if Operand::parse(Operator::MatchesRegex, value.value, case).is_err() {
                return Err(value.refuse("is a regular expression that cannot be used here"));
            }
            Formula::cased(attribute, Operator::MatchesRegex, value.value.clone(), case)
        }
        name => {
            let own = comparison(name).ok_or_else(|| {
                operator.refuse(format!("is the operator '{name}', of which nothing is known here"))
            })?;
            compared(attribute, own, node)?
        }
    };
    Ok(if node.truth_of("inverted")? { Formula::not(holds) } else { holds })
}

fn comparison(name: &str) -> Option<Operator> {
    Some(match name {
        "NUM_GT" => Operator::Gt,
        "NUM_GTE" => Operator::Gte,
        "NUM_LT" => Operator::Lt,
        "NUM_LTE" => Operator::Lte,
        "DATE_AFTER" => Operator::After,
        "DATE_BEFORE" => Operator::Before,
        "SEMVER_EQ" => Operator::VersionEq,
        "SEMVER_GT" => Operator::VersionGt,
        "SEMVER_GTE" => Operator::VersionGte,
        "SEMVER_LT" => Operator::VersionLt,
        "SEMVER_LTE" => Operator::VersionLte,
        _ => return None,
    })
}

/// Compared with the one value of the constraint; one that cannot be read matches nobody, there as here.
fn compared(attribute: &str, operator: Operator, node: &Node<'_>) -> Result<Formula, Refusal> {
    let value = node.need("value")?;
    let text = value.name()?;
    let sound = Operand::parse(operator, &Value::from(text.trim()), Case::Sensitive).is_ok();
    Ok(if sound { Formula::test(attribute, operator, text.trim()) } else { Formula::Never })
}

fn equal(attribute: &str, node: &Node<'_>, case: Case) -> Result<Formula, Refusal> {
    let values: Vec<_> = node.texts_of("values")?.into_iter().map(str::trim).collect();
    Ok(match values.as_slice() {
        [] => Formula::Never,
        [one] => Formula::cased(attribute, Operator::Is, *one, case),
        _ => Formula::cased(attribute, Operator::OneOf, values, case),
    })
}

fn part(attribute: &str, operator: Operator, node: &Node<'_>, case: Case) -> Result<Formula, Refusal> {
    let values = node.texts_of("values")?;
    Ok(Formula::any(values.into_iter().map(|value| Formula::cased(attribute, operator, value, case))))
}

/// An address in one of the networks; what is none is passed over, as there.
pub(super) fn networks(attribute: &str, texts: Vec<&str>) -> Formula {
    let sound = |text: &&str| Operand::parse(Operator::InCidr, &Value::from(*text), Case::Sensitive).is_ok();
    let networks: Vec<_> = texts.into_iter().map(str::trim).filter(sound).collect();
    if networks.is_empty() { Formula::Never } else { Formula::test(attribute, Operator::InCidr, networks) }
}
