//! API keys: making, listing, rotating and revoking them. A key is shown once, when it is made.

use super::{
    Control,
    call::{Call, Caller},
    change::Change,
    error::{Error, Thing},
    scope::{Place, readable_place},
};
use crate::{
    auth::api_key::{ApiKeyText, ENTROPY_BYTES},
    domain::{
        api_key::{ApiKey, KeyKind, MAX_API_KEYS_PER_ENVIRONMENT},
        audit::{Action, FieldChange},
        id::{ApiKeyId, EnvironmentId},
        role::Permission,
        text::Name,
        time::Timestamp,
    },
    store,
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
    /// The key itself, where somebody chose it beforehand.
    pub text: Option<ApiKeyText>,
}

/// A key that was just made, with its text, which nobody can ask for again.
#[derive(Clone, Debug)]
pub struct Minted {
    /// What is kept of it.
    pub key: ApiKey,
    /// The key itself; prints as `***`.
    pub text: ApiKeyText,
}

/// A key that was rotated, and what takes its place.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// The key in its place.
    pub new: Minted,
    /// The key that was rotated, as it is from now on.
    pub old: ShownKey,
}

/// How a key is to be rotated.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// For how long the old key goes on, in seconds: at most [`MAX_GRACE_SECONDS`].
    ///
    /// [`MAX_GRACE_SECONDS`]: crate::domain::api_key::MAX_GRACE_SECONDS
    pub grace_seconds: u32,
    /// When the new key stops working; where absent, it lives as long as the old one was made to live.
    pub expires_at: Option<Timestamp>,
}

/// A key as it is listed.
#[derive(Clone, Debug)]
pub struct ShownKey {
    /// The key.
    pub key: ApiKey,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
}

/// A key with its last use: what is written down, or what came since.
fn shown(control: &Control, reader: &store::Reader, key: ApiKey) -> Result<ShownKey, Error> {
    let kept = store::api_key::last_used(reader, key.id)?;
    let since = control.live().key(&key.digest).and_then(|live| live.last_used());
    Ok(ShownKey { key, last_used_at: kept.max(since) })
}

/// The keys of an environment, oldest first.
pub fn list(control: &Control, caller: &Caller, environment: EnvironmentId) -> Result<Vec<ShownKey>, Error> {
    let reader = control.read()?;
    readable_place(&reader, caller, environment, Permission::ReadApiKeys)?;
    let keys = store::api_key::of_environment(&reader, environment)?;
    keys.into_iter().map(|key| shown(control, &reader, key)).collect()
}

/// The key `id`, which the actor may change, and where it belongs.
fn find(change: &Change<'_>, id: ApiKeyId) -> Result<(ApiKey, Place), Error> {
    let missing = || Error::Missing(Thing::ApiKey, id.to_string());
    let key = store::api_key::by_id(change.tx(), id)?.ok_or_else(missing)?;
    match change.place(key.environment, Permission::WriteApiKeys) {
        Ok(place) => Ok((key, place)),
        Err(Error::Missing(..)) => Err(missing()),
        Err(other) => Err(other),
    }
}

/// Makes a key, and notes in the log what it is for.
fn mint(
    change: &mut Change<'_>,
    place: &Place,
    new: NewApiKey,
    entropy: [u8; ENTROPY_BYTES],
    replaces: Option<ApiKeyId>,
) -> Result<Minted, Error> {
    let environment = &place.environment;
    if store::api_key::of_environment(change.tx(), environment.id)?.len() >= MAX_API_KEYS_PER_ENVIRONMENT {
        let sentence = format!("an environment has at most {MAX_API_KEYS_PER_ENVIRONMENT} API keys");
        return Err(Error::LimitReached(sentence));
    }
    let text = new.text.unwrap_or_else(|| ApiKeyText::mint(new.kind, environment.kind, entropy));
    let key = ApiKey {
        id: change.mint(),
        environment: environment.id,
        name: new.name,
        kind: new.kind,
        digest: text.digest(),
        prefix: text.hint(),
        created_by: change.actor()?.id,
        created_at: change.now(),
        expires_at: new.expires_at,
        replaced_by: None,
    };
    change.put_key(key.clone())?;
    let mut changes =
        vec![FieldChange::made("name", key.name.as_str()), FieldChange::made("kind", key.kind.as_str())];
    changes.extend(replaces.map(|old| FieldChange::made("replaces", old.to_string())));
    change.audit(Action::ApiKeyCreated, place.scope(), key.id, changes)?;
    Ok(Minted { key, text })
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
            mint(change, &place, new, entropy, None)
        })
        .await
}

/// Puts another key in the place of one, which goes on for a while.
pub async fn rotate(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: ApiKeyId,
    rotation: Rotation,
) -> Result<Rotated, Error> {
    let entropy = control.random()?;
    let (new, old) = control
        .change(call, Some(caller.actor()), move |change| {
            let (before, place) = find(change, id)?;
            if let Some(successor) = before.replaced_by {
                return Err(Error::KeyRotated(successor));
            }
            let now = change.now();
            if !before.is_live(now) {
                return Err(Error::KeyExpired);
            }
            let expires_at = rotation.expires_at.or_else(|| before.end_of_successor(now));
            let new = NewApiKey { name: before.name.clone(), kind: before.kind, expires_at, text: None };
            let new = mint(change, &place, new, entropy, Some(id))?;
            let old = before.rotated(new.key.id, now, rotation.grace_seconds);
            change.put_key_until(&old)?;
            let moment = |at: Option<Timestamp>| at.map(|at| at.to_string());
            let changes = vec![
                FieldChange::made("replaced_by", new.key.id.to_string()),
                FieldChange {
                    field: "expires_at".to_owned(),
                    from: moment(before.expires_at).into(),
                    to: moment(old.expires_at).into(),
                },
            ];
            change.audit(Action::ApiKeyRotated, place.scope(), id, changes)?;
            Ok((new, old))
        })
        .await?;
    Ok(Rotated { new, old: shown(control, &control.read()?, old)? })
}

/// Revokes a key: from the answer on it is worth nothing.
pub async fn revoke(control: &Control, call: &Call, caller: &Caller, id: ApiKeyId) -> Result<(), Error> {
    control
        .change(call, Some(caller.actor()), move |change| {
            let (key, place) = find(change, id)?;
            change.remove_key(&key)?;
            let name = FieldChange::gone("name", key.name.as_str());
            change.audit(Action::ApiKeyRevoked, place.scope(), id, vec![name])
        })
        .await
}
