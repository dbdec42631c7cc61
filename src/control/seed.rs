//! What a throwaway server starts with, and the way back to it.

use std::sync::Arc;

use super::{
    Control,
    api_key::{self, NewApiKey},
    call::{Call, Caller, Credential, Run},
    environment,
    error::Error,
    manifest::{self, Import, Unlisted},
    personal_token::{self, NewPersonalToken},
    project, usage,
    user::{self, NewUser, Placement},
};
use crate::{
    auth::{
        api_key::ApiKeyText,
        password::{Password, generated},
        token::TokenText,
    },
    domain::{
        api_key::KeyKind,
        id::{EnvironmentId, SessionId},
        key::EnvironmentKey,
        manifest::Manifest,
        role::Role,
        text::Name,
        user::{Email, User},
        violation::{Draft, Fault, Violations},
    },
    store::snapshot::Snapshot,
};

/// How the admin signs in of whom the seed says nothing.
const ADMIN: &str = "admin@example.com";
/// What keys and tokens are called of which the seed says nothing.
const NAME: &str = "seed";

/// What a server starts with.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// The project; where absent, the one that every server starts with.
    pub manifest: Option<Draft<Manifest>>,
    /// Who can sign in.
    pub users: Vec<SeedUser>,
    /// API keys that are known beforehand.
    pub api_keys: Vec<SeedKey>,
    /// Tokens of the admin that are known beforehand.
    pub tokens: Vec<SeedToken>,
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct SeedUser {
    /// The address.
    pub email: Email,
    /// The password; where absent, one is made up.
    pub password: Option<Password>,
    /// What the person may do.
    pub role: Role,
}

/// An API key.
#[derive(Clone, Debug)]
pub struct SeedKey {
    /// The environment that it is for.
    pub environment: EnvironmentKey,
    /// What it may read.
    pub kind: KeyKind,
    /// What people call it.
    pub name: Option<Name>,
    /// The key; where absent, one is made up.
    pub text: Option<ApiKeyText>,
}

/// A personal access token of the admin.
#[derive(Clone, Debug)]
pub struct SeedToken {
    /// What it is called.
    pub name: Option<Name>,
    /// What it may do.
    pub role: Role,
    /// The token; where absent, one is made up.
    pub text: Option<TokenText>,
}

/// What grew out of a seed, with everything that only its owner may know.
#[derive(Clone, Debug)]
pub struct Planted {
    /// How the admin signs in.
    pub email: Email,
    /// The admin's password.
    pub password: Password,
    /// A token of the admin with the role `admin`.
    pub token: TokenText,
    /// Every environment of the project.
    pub environments: Vec<PlantedEnvironment>,
}

/// An environment with its first key of each kind.
#[derive(Clone, Debug)]
pub struct PlantedEnvironment {
    /// Its key.
    pub key: EnvironmentKey,
    /// Its identifier.
    pub id: EnvironmentId,
    /// A key for servers.
    pub server_key: ApiKeyText,
    /// A key for browsers.
    pub client_key: ApiKeyText,
}

/// Fills an empty store, and remembers what it was then.
pub async fn plant(control: &Control, call: &Call, seed: Seed) -> Result<Planted, Error> {
    let (admin, password) = people(control, call, seed.users).await?;
    let email = admin.user.email.clone();
    let project = match seed.manifest {
        Some(manifest) => import(control, call, &admin, manifest).await?,
        None => project::list(control, &admin)?.first().map(|project| project.id),
    };
    let nothing = || Error::Internal("the seed has no project".into());
    let environments = environment::list(control, &admin, project.ok_or_else(nothing)?)?;
    let known: Vec<_> = environments.into_iter().map(|it| (it.key, it.id)).collect();
    let environments = keys(control, call, &admin, known, seed.api_keys).await?;
    let token = tokens(control, call, &admin, seed.tokens).await?;
    let snapshot = Snapshot::take(&control.read()?)?;
    // Nobody plants twice.
    let _first = control.beginning.set(snapshot);
    Ok(Planted { email, password, token, environments })
}

/// Sets everything back to what grew out of the seed: people, keys, flags, the log. It takes an admin, of a server that
/// has a seed. Versions go on rising, so that whoever follows them hears of it.
pub async fn reset(control: &Control, call: &Call, caller: &Caller) -> Result<(), Error> {
    super::scope::authorise_operator(&control.read()?, caller)?;
    let beginning = Arc::clone(&control.beginning);
    if beginning.get().is_none() {
        return Err(Error::NothingToResetTo);
    }
    // What was counted until now goes with the rest.
    usage::flush(control, call).await?;
    control
        .change(call, Some(caller.actor()), move |change| {
            beginning.get().map_or(Ok(()), |beginning| change.set_back(beginning))
        })
        .await
}

/// Makes the accounts; the first admin among them is answered with the password.
async fn people(
    control: &Control,
    call: &Call,
    mut users: Vec<SeedUser>,
) -> Result<(Caller, Password), Error> {
    if !users.iter().any(|user| user.role == Role::Admin) {
        let email = Email::parse(ADMIN).map_err(|why| Error::Internal(why.to_string()))?;
        users.push(SeedUser { email, password: None, role: Role::Admin });
    }
    // Whoever is first makes the organization, and is its admin.
    users.sort_by_key(|user| user.role != Role::Admin);
    let mut admin = None;
    for SeedUser { email, password, role } in users {
        let password = match password {
            Some(password) => password,
            None => Password::parse(generated(control.random()?))
                .map_err(|error| Error::Internal(error.to_string()))?,
        };
        let new = NewUser { email, password: password.clone(), full_name: None, invitation: None };
        let placement = Placement { organization: None, role: Some(role) };
        let profile = user::create(control, call, &Caller::operator(control)?, new, placement).await?;
        admin.get_or_insert((profile.user, password));
    }
    let (user, password) = admin.ok_or_else(|| Error::Internal("nobody was made".into()))?;
    Ok((signed_in(control, user)?, password))
}

/// The person, as somebody who has signed in.
fn signed_in(control: &Control, user: User) -> Result<Caller, Error> {
    let memberships = crate::store::organization::memberships(&control.read()?, user.id)?;
    Ok(Caller { user, credential: Credential::Session(SessionId::from_bits(0)), memberships })
}

/// Imports the project; it is the only one.
async fn import(
    control: &Control,
    call: &Call,
    admin: &Caller,
    manifest: Draft<Manifest>,
) -> Result<Option<crate::domain::id::ProjectId>, Error> {
    let import = Import { organization: None, manifest, unlisted: Unlisted::Goes, run: Run::Real };
    let made = manifest::import(control, call, admin, import).await?.project;
    for other in project::list(control, admin)? {
        if other.id != made {
            project::delete(control, call, admin, other.id, other.key.to_string()).await?;
        }
    }
    Ok(Some(made))
}

/// Makes the API keys, and in every environment at least one of each kind.
async fn keys(
    control: &Control,
    call: &Call,
    admin: &Caller,
    environments: Vec<(EnvironmentKey, EnvironmentId)>,
    seeds: Vec<SeedKey>,
) -> Result<Vec<PlantedEnvironment>, Error> {
    let mut faults = Violations::new();
    for (index, seed) in seeds.iter().enumerate() {
        if !environments.iter().any(|(key, _)| *key == seed.environment) {
            let message = format!("the project has no environment '{}'", seed.environment);
            faults.add(Fault::Malformed, format!("seed.api_keys[{index}].environment"), message);
        }
    }
    faults.or_ok(())?;
    let mut planted = Vec::with_capacity(environments.len());
    for (key, id) in environments {
        let mut found = [None, None];
        let own = seeds.iter().filter(|seed| seed.environment == key).cloned();
        let made_up = [KeyKind::Server, KeyKind::Client].map(|kind| SeedKey {
            environment: key.clone(),
            kind,
            name: None,
            text: None,
        });
        for seed in own.chain(made_up) {
            let place = match seed.kind {
                KeyKind::Server => &mut found[0],
                KeyKind::Client => &mut found[1],
            };
            if place.is_some() && seed.text.is_none() && seed.name.is_none() {
                continue;
            }
            let name = seed.name.unwrap_or_else(|| Name::trusted(NAME));
            let new = NewApiKey { name, kind: seed.kind, expires_at: None, text: seed.text };
            let minted = api_key::create(control, call, admin, id, new).await?;
            place.get_or_insert(minted.text);
        }
        let [Some(server_key), Some(client_key)] = found else {
            return Err(Error::Internal("an environment has no key".into()));
        };
        planted.push(PlantedEnvironment { key, id, server_key, client_key });
    }
    Ok(planted)
}

/// Makes the tokens; the first with the role `admin` is answered.
async fn tokens(
    control: &Control,
    call: &Call,
    admin: &Caller,
    mut seeds: Vec<SeedToken>,
) -> Result<TokenText, Error> {
    if !seeds.iter().any(|seed| seed.role == Role::Admin) {
        seeds.push(SeedToken { name: None, role: Role::Admin, text: None });
    }
    let mut found = None;
    for SeedToken { name, role, text } in seeds {
        let name = name.unwrap_or_else(|| Name::trusted(NAME));
        let new = NewPersonalToken { name, role, expires_at: None, text };
        let minted = personal_token::create(control, call, admin, new).await?;
        if role == Role::Admin {
            found.get_or_insert(minted.text);
        }
    }
    found.ok_or_else(|| Error::Internal("the admin has no token".into()))
}
