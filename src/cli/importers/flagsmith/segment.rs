//! Segments: trees of rules over traits.

use serde_json::Value;

use crate::{
    cli::importers::{
        draft::Draft, formula::Formula, node::Node, note::Refusal, remarks::Remarks, shares::thousandths,
    },
    domain::operator::{Case, Operand, Operator},
};

/// Whom an override is for.
#[derive(Clone, Debug)]
pub(super) enum Crowd {
    /// Identities by their identifiers.
    Identities(Vec<String>),
    /// A segment, or a share of it in thousandths of a percent.
    Segment(Formula, Option<u32>),
    /// A segment that cannot be said.
    Unknown(Refusal),
}

/// What is collected of one segment while its rules are read.
#[derive(Debug, Default)]
pub(super) struct Book {
    share: Option<u32>,
    remarks: Remarks,
}

/// Whether a share may stand here: only where everything else must hold too.
#[derive(Clone, Copy)]
enum Place {
    Decisive,
    Inside,
}

/// What a trait is compared with.
enum Expected {
    Version(String),
    Text(String),
}

impl Book {
    /// Writes a segment, and says whom it means.
    pub(super) fn segment(&mut self, draft: &mut Draft, node: &Node<'_>) -> Crowd {
        *self = Self::default();
        let result = self.written(draft, node);
        draft.notes.extend(std::mem::take(&mut self.remarks).into_notes());
        result.unwrap_or_else(|refusal| {
            let reason = format!("the segment is left out: {}", refusal.reason);
            draft.skip(Refusal { reason, place: refusal.place.clone() });
            Crowd::Unknown(refusal)
        })
    }

    fn written(&mut self, draft: &mut Draft, node: &Node<'_>) -> Result<Crowd, Refusal> {
        let name = node.need("name")?.text()?;
        let rules = node.list_of("rules")?;
        let formula = if rules.is_empty() { Formula::Never } else { self.all(&rules)? };
        if formula == Formula::Always {
            return Ok(Crowd::Segment(formula, self.share));
        }
        if self.share.is_some() {
            let message = format!(
                "'{name}' is a share of the users, which a segment cannot be here: its overrides are"
            );
            self.remarks.approximated(&node.place, message);
        }
        let key = draft.segment_keys.mint(name);
        draft.segment(&node.place, &key, Some(name), formula);
        Ok(Crowd::Segment(Formula::in_segment(&key), self.share))
    }

    fn all(&mut self, rules: &[Node<'_>]) -> Result<Formula, Refusal> {
        let formulas: Result<Vec<_>, _> = rules.iter().map(|rule| self.rule(rule)).collect();
        Ok(Formula::all(formulas?))
    }

    fn rule(&mut self, rule: &Node<'_>) -> Result<Formula, Refusal> {
        let kind = rule.need("type")?;
        let inner = rule.list_of("rules")?;
        let conditions = rule.list_of("conditions")?;
        let single = conditions.len() == 1;
        let place = match kind.text()? {
            "ALL" => Place::Decisive,
            "ANY" if single => Place::Decisive,
            _ => Place::Inside,
        };
        let formulas: Result<Vec<_>, _> = conditions.iter().map(|it| self.condition(it, place)).collect();
        let formulas = formulas?;
        let own = match kind.text()? {
            "ALL" => return Ok(Formula::all([Formula::all(formulas), self.all(&inner)?])),
            // Without conditions a rule says nothing.
            "ANY" | "NONE" if formulas.is_empty() => Formula::Always,
            "ANY" => Formula::any(formulas),
            "NONE" => Formula::not(Formula::any(formulas)),
            other => return Err(kind.refuse(format!("is '{other}', which is no type of a rule"))),
        };
        if inner.is_empty() {
            Ok(own)
        } else {
            Err(rule.refuse("has rules inside of it that are not all to hold, which depends on the version"))
        }
    }

    fn condition(&mut self, node: &Node<'_>, place: Place) -> Result<Formula, Refusal> {
        let operator = node.need("operator")?;
        if operator.text()? == "PERCENTAGE_SPLIT" {
            return self.split(node, place);
        }
        let property = node.get("property_").or_else(|| node.get("property"));
        let property = property.ok_or_else(|| node.refuse("names no trait"))?;
        let attribute = match property.text()? {
            "$.identity.identifier" => "user_key",
            "" => return Err(property.refuse("names no trait")),
            path if path.starts_with("$.") => {
                return Err(property.refuse(format!("asks for '{path}', which no context has here")));
            }
            name => name,
        };
        let present = || Formula::exists(attribute);
        match operator.text()? {
            "IS_SET" => return Ok(present()),
            "IS_NOT_SET" => return Ok(Formula::not(present())),
            "IN" => return listed(attribute, &node.need("value")?),
            _ => {}
        }
        let value = node.need("value")?;
        let expected = expected(&value)?;
        Ok(match (operator.text()?, expected) {
            ("EQUAL", Expected::Text(text)) => equal(attribute, &text),
            ("NOT_EQUAL", Expected::Text(text)) => {
                Formula::all([present(), Formula::not(equal(attribute, &text))])
            }
            ("EQUAL", Expected::Version(text)) => Formula::test(attribute, Operator::VersionEq, text),
            ("NOT_EQUAL", Expected::Version(text)) => Formula::any([
                Formula::test(attribute, Operator::VersionLt, text.as_str()),
                Formula::test(attribute, Operator::VersionGt, text),
            ]),
            ("CONTAINS", Expected::Text(text)) => Formula::test(attribute, Operator::Contains, text),
            ("NOT_CONTAINS", Expected::Text(text)) => {
                Formula::all([present(), Formula::not(Formula::test(attribute, Operator::Contains, text))])
            }
            ("REGEX", Expected::Text(text)) => self.pattern(attribute, &text, &value)?,
            (name, expected) => ordered(attribute, name, expected, &operator)?,
        })
    }

    fn split(&mut self, node: &Node<'_>, place: Place) -> Result<Formula, Refusal> {
        let percentage = thousandths(node.need("value")?.number()?);
        match (place, self.share) {
            (Place::Decisive, None) => self.share = Some(percentage),
            (Place::Decisive, Some(_)) => return Err(node.refuse("is a share of a share")),
            (Place::Inside, _) => {
                return Err(node.refuse("is a share of the users that does not decide by itself"));
            }
        }
        Ok(Formula::Always)
    }

    fn pattern(&mut self, attribute: &str, text: &str, value: &Node<'_>) -> Result<Formula, Refusal> {
        let anchored = Value::from(format!("^(?:{text})"));
        if Operand::parse(Operator::MatchesRegex, &Value::from(text), Case::Sensitive).is_err()
            || Operand::parse(Operator::MatchesRegex, &anchored, Case::Sensitive).is_err()
        {
            return Err(value.refuse("is a regular expression that cannot be used here"));
        }
        let message = "the regular expression matches from the first character on, as on the server of Flagsmith; \
                       some of its SDKs look anywhere";
        self.remarks.approximated(&value.place, message);
        Ok(Formula::test(attribute, Operator::MatchesRegex, anchored))
    }
}

/// A text to compare with; `:semver` at its end makes it a version.
fn expected(value: &Node<'_>) -> Result<Expected, Refusal> {
    let text = match value.value {
        Value::Bool(truth) => truth.to_string(),
        _ => value.name()?,
    };
    Ok(match text.strip_suffix(":semver") {
        Some(version) => {
            let operand = Value::from(version);
            if Operand::parse(Operator::VersionEq, &operand, Case::Sensitive).is_err() {
                return Err(value.refuse("is no semantic version"));
            }
            Expected::Version(version.to_owned())
        }
        None => Expected::Text(text),
    })
}

/// There a boolean is also written with a capital.
fn equal(attribute: &str, text: &str) -> Formula {
    match text {
        "True" => Formula::one_of(attribute, ["True", "true"]),
        "False" => Formula::one_of(attribute, ["False", "false"]),
        text => Formula::test(attribute, Operator::Is, text),
    }
}

/// One of the texts between commas, or of a list, which may itself be written as text.
fn listed(attribute: &str, value: &Node<'_>) -> Result<Formula, Refusal> {
    let parsed: Option<Value> =
        value.value.as_str().filter(|text| text.starts_with('[')).and_then(|text| text.parse().ok());
    let list = parsed.as_ref().or(Some(value.value)).and_then(Value::as_array);
    if let Some(list) = list {
        let item = |item: &Value| match item {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(item.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        let texts: Option<Vec<String>> = list.iter().map(item).collect();
        let texts = texts.ok_or_else(|| value.refuse("is a list of something else than text"))?;
        return Ok(Formula::one_of(attribute, texts.iter().map(String::as_str)));
    }
    let text = value.name()?;
    Ok(Formula::one_of(attribute, text.split(',')))
}

fn ordered(attribute: &str, name: &str, expected: Expected, operator: &Node<'_>) -> Result<Formula, Refusal> {
    let (number, version) = match name {
        "GREATER_THAN" => (Operator::Gt, Operator::VersionGt),
        "GREATER_THAN_INCLUSIVE" => (Operator::Gte, Operator::VersionGte),
        "LESS_THAN" => (Operator::Lt, Operator::VersionLt),
        "LESS_THAN_INCLUSIVE" => (Operator::Lte, Operator::VersionLte),
        other => {
            return Err(operator.refuse(format!("is the operator '{other}', which nothing here can say")));
        }
    };
    match expected {
        Expected::Version(text) => Ok(Formula::test(attribute, version, text)),
        Expected::Text(text)
            if Operand::parse(number, &Value::from(text.as_str()), Case::Sensitive).is_ok() =>
        {
            Ok(Formula::test(attribute, number, text))
        }
        Expected::Text(_) => Err(operator.refuse("compares text by its order, which nothing here can")),
    }
}
