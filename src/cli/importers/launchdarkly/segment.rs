//! Segments of one environment.

use crate::cli::importers::{
    draft::{Draft, Lists},
    formula::Formula,
    node::Node,
    note::Refusal,
    remarks::Remarks,
};

use super::clause;

/// Writes the segment that is called `name` there. One that cannot be said is not there, and so whoever asks for it is
/// refused in the end.
pub(super) fn read(draft: &mut Draft, name: &str, node: &Node<'_>) {
    let mut remarks = Remarks::default();
    let result = written(draft, name, node, &mut remarks);
    draft.notes.extend(remarks.into_notes());
    if let Err(refusal) = result {
        draft.skip(Refusal {
            reason: format!("the segment '{name}' is left out: {}", refusal.reason),
            ..refusal
        });
    }
}

fn written(draft: &mut Draft, name: &str, node: &Node<'_>, remarks: &mut Remarks) -> Result<(), Refusal> {
    if node.truth_of("deleted")? {
        return Err(node.refuse("it was deleted"));
    }
    if node.truth_of("unbounded")? {
        return Err(node.refuse("who is in a big segment is not in the file"));
    }
    let key = draft.segment_keys.assign(name);
    let included = owned(&node.texts_of("included")?);
    let mut excluded = owned(&node.texts_of("excluded")?);
    excluded.retain(|user| !included.contains(user));
    let rules = node.list_of("rules")?;
    let rules = rules.iter().map(|rule| ruled(draft, rule, remarks)).collect::<Result<Vec<_>, _>>()?;
    let rules = Formula::any(rules);
    let contexts_in = contexts(node, "includedContexts", remarks)?;
    let contexts_out = contexts(node, "excludedContexts", remarks)?;
    let outside = Formula::all([Formula::not(contexts_out), rules]);
    if contexts_in == Formula::Never {
        draft.listed_segment(&node.place, &key, Some(name), outside, Lists { included, excluded });
        return Ok(());
    }
    // Whoever belongs to an included context is in it, excluded or not; lists here know no such order.
    let user = |keys: &[String]| Formula::one_of("user_key", keys.iter().map(String::as_str));
    let not_excluded = Formula::not(user(&excluded));
    let formula = Formula::any([user(&included), contexts_in, Formula::all([not_excluded, outside])]);
    draft.segment(&node.place, &key, Some(name), formula);
    Ok(())
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().filter(|text| !text.is_empty()).map(|text| (*text).to_owned()).collect()
}

fn ruled(draft: &Draft, rule: &Node<'_>, remarks: &mut Remarks) -> Result<Formula, Refusal> {
    if let Some(weight) = rule.get("weight") {
        return Err(weight.refuse("a share of the users cannot be in a segment here"));
    }
    clause::all(draft, rule, remarks)
}

/// The contexts of other kinds that a list names.
fn contexts(node: &Node<'_>, list: &str, remarks: &mut Remarks) -> Result<Formula, Refusal> {
    let mut named = Vec::new();
    for target in node.list_of(list)? {
        let attribute = clause::attribute(target.text_of("contextKind")?, "key", &target, remarks)?;
        named.push(Formula::one_of(&attribute, target.texts_of("values")?));
    }
    Ok(Formula::any(named))
}
