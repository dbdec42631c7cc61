//! The API keys of a project, which a document knows by their hashes.

use std::collections::HashSet;

use super::{Fate, Unlisted, Work};
use crate::{
    control::{error::Error, scope::Place},
    domain::{
        api_key::{ApiKey, MAX_API_KEYS_PER_ENVIRONMENT},
        audit::{Action, FieldChange, Resource},
        environment::Environment,
        manifest::KeySheet,
        role::Permission,
        violation::Violations,
    },
    store,
};

/// Makes the API keys what a document says: whoever has one of them can use it from then on.
pub(super) fn keys(
    work: &mut Work<'_, '_>,
    environments: &[Environment],
    sheets: Option<Vec<KeySheet>>,
) -> Result<(), Error> {
    let Some(sheets) = sheets else { return Ok(()) };
    work.needs(Permission::WriteApiKeys)?;
    let mut faults = Violations::new();
    let mut by_place: Vec<(&Environment, Vec<(usize, KeySheet)>)> =
        environments.iter().map(|environment| (environment, Vec::new())).collect();
    let mut seen = HashSet::new();
    for (index, sheet) in sheets.into_iter().enumerate() {
        if !seen.insert(sheet.digest) {
            faults.malformed(format!("api_keys[{index}].sha256"), "is given twice");
        }
        match by_place.iter_mut().find(|(environment, _)| environment.key == sheet.environment) {
            Some((_, own)) => own.push((index, sheet)),
            None => {
                let message = format!("the project has no environment '{}'", sheet.environment);
                faults.malformed(format!("api_keys[{index}].environment"), message);
            }
        }
    }
    for (environment, own) in by_place {
        let place = Place { project: work.project.clone(), environment: environment.clone() };
        of_environment(work, &place, own, &mut faults)?;
    }
    Ok(faults.or_ok(())?)
}

fn of_environment(
    work: &mut Work<'_, '_>,
    place: &Place,
    sheets: Vec<(usize, KeySheet)>,
    faults: &mut Violations,
) -> Result<(), Error> {
    let mut present = store::api_key::of_environment(work.change.tx(), place.environment.id)?;
    for (index, sheet) in sheets {
        let known = present.iter().position(|key| key.digest == sheet.digest);
        if let Some(known) = known {
            let before = present.swap_remove(known);
            update(work, place, &before, sheet)?;
        } else if work.change.live().key(&sheet.digest).is_some() {
            faults.malformed(format!("api_keys[{index}].sha256"), "is the key of another environment");
        } else {
            create(work, place, sheet)?;
        }
    }
    // A key that was rotated is in no document, and goes when its time is over.
    let gone = |key: &ApiKey| work.unlisted == Unlisted::Goes && key.replaced_by.is_none();
    let gone: Vec<ApiKey> = present.into_iter().filter(gone).collect();
    for key in gone {
        work.change.remove_key(&key)?;
        let fields = vec![FieldChange::gone("name", key.name.as_str())];
        work.change.audit(Action::ApiKeyRevoked, place.scope(), key.id, fields.clone())?;
        let environment = Some(place.environment.key.as_str());
        work.steps.add(Fate::Deleted, Resource::ApiKey, &key.prefix, environment, fields);
    }
    if store::api_key::of_environment(work.change.tx(), place.environment.id)?.len()
        > MAX_API_KEYS_PER_ENVIRONMENT
    {
        let sentence = format!("an environment has at most {MAX_API_KEYS_PER_ENVIRONMENT} API keys");
        return Err(Error::LimitReached(sentence));
    }
    Ok(())
}

fn create(work: &mut Work<'_, '_>, place: &Place, sheet: KeySheet) -> Result<(), Error> {
    let key = ApiKey {
        id: work.change.mint(),
        environment: place.environment.id,
        name: sheet.name,
        kind: sheet.kind,
        digest: sheet.digest,
        prefix: sheet.prefix,
        created_by: work.change.actor()?.id,
        created_at: work.change.now(),
        expires_at: sheet.expires_at,
        replaced_by: None,
    };
    let fields =
        vec![FieldChange::made("name", key.name.as_str()), FieldChange::made("kind", key.kind.as_str())];
    work.change.audit(Action::ApiKeyCreated, place.scope(), key.id, fields.clone())?;
    let environment = Some(place.environment.key.as_str());
    work.steps.add(Fate::Created, Resource::ApiKey, &key.prefix, environment, fields);
    work.change.put_key(key)
}

/// Of a key that is there the name and the end can change, unless it was rotated.
fn update(work: &mut Work<'_, '_>, place: &Place, before: &ApiKey, sheet: KeySheet) -> Result<(), Error> {
    let after = ApiKey { name: sheet.name, expires_at: sheet.expires_at, ..before.clone() };
    if after == *before || before.replaced_by.is_some() {
        return Ok(());
    }
    let end = |key: &ApiKey| key.expires_at.map(|at| at.to_string());
    let mut fields = Vec::new();
    let mut note = |field: &str, from: Option<String>, to: Option<String>| {
        if from != to {
            fields.push(FieldChange { field: field.to_owned(), from: from.into(), to: to.into() });
        }
    };
    note("name", Some(before.name.to_string()), Some(after.name.to_string()));
    note("expires_at", end(before), end(&after));
    work.change.audit(Action::ApiKeyUpdated, place.scope(), after.id, fields.clone())?;
    let environment = Some(place.environment.key.as_str());
    work.steps.changed(Resource::ApiKey, &after.prefix, environment, fields);
    work.change.put_key(after)
}
