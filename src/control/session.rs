//! Sessions: signing in, refreshing, signing out, and telling whose token a request carries.

use std::sync::Arc;

use super::{
    Control,
    call::{Call, Caller, Credential},
    change::Change,
    error::Error,
    personal_token,
};
use crate::{
    auth::{
        jwt::{Access, JwtError},
        password::{Password, Verdict},
        token,
    },
    domain::{
        id::{SessionId, UserId},
        time::Timestamp,
        user::{Email, MAX_SESSIONS_PER_USER, RefreshTokenIn, Session, User},
    },
    store,
};

/// Expired sessions that one login clears away, at most.
const SWEEP: usize = 64;
/// Stands in for a password that no account can have, so that refusing it takes as long as refusing any other.
const IMPOSSIBLE_PASSWORD: &str = "no account has this";

/// What a client needs to act for a person.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Shown with each request.
    pub access_token: String,
    /// How long the access token lives, in seconds.
    pub expires_in: i64,
    /// Gets the next access token.
    pub refresh_token: String,
    /// How long the session lives if the refresh token is not used, in seconds.
    pub refresh_expires_in: i64,
}

/// Begins a session. It takes the same time, and fails in the same way, whether or not the address is known.
pub async fn login(
    control: &Control,
    call: &Call,
    email: Result<Email, &'static str>,
    password: &str,
) -> Result<Tokens, Error> {
    let known = match &email {
        Ok(email) => store::user::by_email(&control.read()?, email)?,
        Err(_) => None,
    };
    let password = Password::parse(password);
    let user = match (known, password) {
        (Some(user), Ok(password)) => {
            match control.hasher.verify(password, user.password_hash.clone()).await? {
                Verdict::Match => user,
                Verdict::Mismatch => return Err(Error::InvalidCredentials),
            }
        }
        (_, password) => {
            let password = password.or_else(|_| Password::parse(IMPOSSIBLE_PASSWORD));
            let password = password.map_err(|error| Error::Internal(error.to_string()))?;
            control.hasher.verify_absent(password).await?;
            return Err(Error::InvalidCredentials);
        }
    };
    let (lifetime, access_lifetime) = (control.settings.refresh_lifetime, control.settings.access_lifetime);
    let session = control
        .change(call, None, move |change| {
            let now = change.now();
            // Access tokens may have a longer life than the refresh token they were issued with.
            store::session::sweep(change.tx(), now.plus_seconds(-access_lifetime), SWEEP)?;
            // The password that was compared may have been changed since.
            let now_known = store::user::by_id(change.tx(), user.id)?;
            let same = now_known.filter(|now_known| now_known.password_hash == user.password_hash);
            let user = same.ok_or(Error::InvalidCredentials)?;
            make_room(change, user.id)?;
            store::user::put(change.tx(), &User { last_login_at: Some(now), ..user.clone() })?;
            let session = Session {
                id: change.mint::<SessionId>(),
                user: user.id,
                generation: 1,
                created_at: now,
                expires_at: now.plus_seconds(lifetime),
            };
            store::session::put(change.tx(), &session)?;
            Ok(session)
        })
        .await?;
    Ok(tokens(control, &session, call.now))
}

/// Ends the oldest sessions of `user`, so that one more is not too many.
fn make_room(change: &Change<'_>, user: UserId) -> Result<(), Error> {
    let sessions = store::session::of_user(change.tx(), user)?;
    let over = (sessions.len() + 1).saturating_sub(MAX_SESSIONS_PER_USER);
    for oldest in sessions.into_iter().take(over) {
        store::session::remove(change.tx(), user, oldest)?;
    }
    Ok(())
}

/// Takes a refresh token for a new pair. A token that was taken before is a copy in somebody's hands: it ends the
/// session. One that is kept in a cookie is not replaced: tabs that share it would take each other's for such a copy.
pub async fn refresh(
    control: &Control,
    call: &Call,
    token: &str,
    kept: RefreshTokenIn,
) -> Result<Tokens, Error> {
    let (id, generation) = control.refresh.open(token).ok_or(Error::RefreshTokenInvalid)?;
    let lifetime = control.settings.refresh_lifetime;
    let renewed = control
        .change(call, None, move |change| {
            let now = change.now();
            let Some(session) = store::session::by_id(change.tx(), id)? else { return Ok(None) };
            if session.generation != generation || session.expires_at <= now {
                store::session::remove(change.tx(), session.user, id)?;
                return Ok(None);
            }
            let generation = match kept {
                RefreshTokenIn::Body => generation + 1,
                RefreshTokenIn::Cookie => generation,
            };
            let renewed = Session { generation, expires_at: now.plus_seconds(lifetime), ..session };
            store::session::put(change.tx(), &renewed)?;
            Ok(Some(renewed))
        })
        .await?;
    renewed.map(|session| tokens(control, &session, call.now)).ok_or(Error::RefreshTokenInvalid)
}

/// Ends the session: its refresh token and all its access tokens are dead from now on.
pub async fn logout(
    control: &Control,
    call: &Call,
    caller: &Caller,
    session: SessionId,
) -> Result<(), Error> {
    let user = caller.user.id;
    control.change(call, None, move |change| Ok(store::session::remove(change.tx(), user, session)?)).await
}

/// The person whose access token, or personal access token, this is.
pub fn authenticate(control: &Control, token: &str, now: Timestamp) -> Result<Arc<Caller>, Error> {
    if token::looks_personal(token) {
        return personal_token::caller(control, token, now);
    }
    let access = control.jwt.verify(token, now).map_err(|error| match error {
        JwtError::Expired => Error::TokenExpired,
        JwtError::Invalid => Error::TokenInvalid,
    })?;
    let reader = control.read()?;
    let live = store::session::by_id(&reader, access.session)?;
    let session = live.filter(|session| session.user == access.user).ok_or(Error::TokenInvalid)?;
    let user = store::user::by_id(&reader, session.user)?.ok_or(Error::TokenInvalid)?;
    let memberships = store::organization::memberships(&reader, user.id)?;
    Ok(Arc::new(Caller { user, credential: Credential::Session(session.id), memberships }))
}

fn tokens(control: &Control, session: &Session, now: Timestamp) -> Tokens {
    let expires_in = control.settings.access_lifetime;
    let access = Access {
        user: session.user,
        session: session.id,
        issued_at: now,
        expires_at: now.plus_seconds(expires_in),
    };
    Tokens {
        access_token: control.jwt.issue(&access),
        expires_in,
        refresh_token: control.refresh.issue(session.id, session.generation),
        refresh_expires_in: control.settings.refresh_lifetime,
    }
}
