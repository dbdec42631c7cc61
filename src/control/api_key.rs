//! API keys: making, listing and revoking them. A key is shown once, when it is made.

use super::{
    Control,
    call::{Call, Caller},
    error::{Error, Thing},
    scope::readable_place,
};
use crate::{
    auth::api_key::ApiKeyText,
    domain::{
        api_key::{ApiKey, KeyKind, MAX_API_KEYS_PER_ENVIRONMENT},
        audit::{Action, FieldChange},
        id::{ApiKeyId, EnvironmentId},
        role::Permission,
        text::Name,
        time::Timestamp,
    },
    store::{self, Access},
};

/// An API key to be made.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// What people call it.
    pub name: Name,
    /// What it may read.
    pub kind: KeyKind,
    /// When it stops working, if it shall.
    pub expires_at: Option<Timestamp>,
}

/// A key that was just made, with its text, which nobody can ask for again.
#[derive(Clone, Debug)]
pub struct Minted {
    /// What is kept of it.
    pub key: ApiKey,
    /// The key itself; prints as `***`.
    pub text: ApiKeyText,
}

fn of_environment(access: &impl Access, environment: EnvironmentId) -> Result<Vec<ApiKey>, Error> {
    let mut keys = store::api_key::every(access)?;
    keys.retain(|key| key.environment == environment);
    Ok(keys)
}

/// The keys of an environment, oldest first.
pub fn list(control: &Control, caller: &Caller, environment: EnvironmentId) -> Result<Vec<ApiKey>, Error> {
    let reader = control.read()?;
    readable_place(&reader, caller, environment, Permission::ReadApiKeys)?;
    of_environment(&reader, environment)
}

/// Makes a key.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    environment: EnvironmentId,
    new: NewApiKey,
) -> Result<Minted, Error> {
    let entropy = control.random()?;
    control
        .change(call, Some(caller.actor()), move |change| {
            let place = change.place(environment, Permission::WriteApiKeys)?;
            if of_environment(change.tx(), environment)?.len() >= MAX_API_KEYS_PER_ENVIRONMENT {
                let sentence = format!("an environment has at most {MAX_API_KEYS_PER_ENVIRONMENT} API keys");
                return Err(Error::LimitReached(sentence));
            }
            let text = ApiKeyText::mint(new.kind, place.environment.kind, entropy);
            let key = ApiKey {
                id: change.mint(),
                environment,
                name: new.name,
                kind: new.kind,
                digest: text.digest(),
                prefix: text.hint(),
                created_by: change.actor()?.id,
                created_at: change.now(),
                expires_at: new.expires_at,
            };
            change.put_key(key.clone())?;
            let changes = vec![
                FieldChange::made("name", key.name.as_str()),
                FieldChange::made("kind", key.kind.as_str()),
            ];
            change.audit(Action::ApiKeyCreated, place.scope(), key.id, changes)?;
            Ok(Minted { key, text })
        })
        .await
}

/// Revokes a key: from the answer on it is worth nothing.
pub async fn revoke(control: &Control, call: &Call, caller: &Caller, id: ApiKeyId) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let missing = || Error::Missing(Thing::ApiKey, id.to_string());
            let key = store::api_key::by_id(change.tx(), id)?.ok_or_else(missing)?;
            let place =
                change.place(key.environment, Permission::WriteApiKeys).map_err(|error| match error {
                    Error::Missing(_, _) => missing(),
                    other => other,
                })?;
            change.remove_key(id)?;
            let name = FieldChange::gone("name", key.name.as_str());
            change.audit(Action::ApiKeyRevoked, place.scope(), id, vec![name])
        })
        .await
}
