//! Personal access tokens: making, listing and revoking them, and for whom one acts. A token is shown once, when it is
//! made.

use std::sync::Arc;

use super::{
    Control,
    call::{Call, Caller, Credential},
    error::{Error, Thing},
    user::highest_role,
};
use crate::{
    auth::token::{self, TokenKind, TokenText},
    domain::{
        audit::{Action, FieldChange, Scope},
        id::PersonalTokenId,
        personal_token::{MAX_PERSONAL_TOKENS_PER_USER, PersonalToken},
        role::Role,
        text::Name,
        time::Timestamp,
    },
    store,
};

/// A personal access token to be made.
#[derive(Clone, Debug)]
pub struct NewPersonalToken {
    /// What its owner calls it.
    pub name: Name,
    /// The highest role that it has anywhere.
    pub role: Role,
    /// When it stops working, if it shall.
    pub expires_at: Option<Timestamp>,
    /// The token itself, where somebody chose it beforehand.
    pub text: Option<TokenText>,
}

/// A token that was just made, with its text, which nobody can ask for again.
#[derive(Clone, Debug)]
pub struct Minted {
    /// What is kept of it.
    pub token: PersonalToken,
    /// The token itself; prints as `***`.
    pub text: TokenText,
}

/// The tokens of `caller`, oldest first.
pub fn list(control: &Control, caller: &Caller) -> Result<Vec<PersonalToken>, Error> {
    Ok(store::personal_token::of_user(&control.read()?, caller.user.id)?)
}

/// Makes a token for `caller`, with a role that the caller has somewhere.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    new: NewPersonalToken,
) -> Result<Minted, Error> {
    let minted = TokenText::mint(TokenKind::Personal, control.random()?);
    let user = caller.user.id;
    control
        .change(call, Some(caller.actor()), move |change| {
            let own = highest_role(change.memberships());
            if new.role > own {
                return Err(Error::RoleTooHigh { asked: new.role, own });
            }
            let present = store::personal_token::of_user(change.tx(), user)?;
            if present.len() >= MAX_PERSONAL_TOKENS_PER_USER {
                let sentence =
                    format!("an account has at most {MAX_PERSONAL_TOKENS_PER_USER} personal access tokens");
                return Err(Error::LimitReached(sentence));
            }
            let text = new.text.unwrap_or(minted);
            let token = PersonalToken {
                id: change.mint(),
                user,
                name: new.name,
                role: new.role,
                digest: text.digest(),
                prefix: text.hint(),
                created_at: change.now(),
                expires_at: new.expires_at,
            };
            store::personal_token::put(change.tx(), &token)?;
            let changes = vec![
                FieldChange::made("name", token.name.as_str()),
                FieldChange::made("role", token.role.as_str()),
            ];
            change.audit(Action::PersonalTokenCreated, Scope::default(), token.id, changes)?;
            Ok(Minted { token, text })
        })
        .await
}

/// Revokes a token: from the answer on it is worth nothing.
pub async fn revoke(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: PersonalTokenId,
) -> Result<(), Error> {
    let user = caller.user.id;
    control
        .change(call, Some(caller.actor()), move |change| {
            let missing = || Error::Missing(Thing::PersonalToken, id.to_string());
            let token = store::personal_token::by_id(change.tx(), user, id)?.ok_or_else(missing)?;
            store::personal_token::remove(change.tx(), &token)?;
            let name = FieldChange::gone("name", token.name.as_str());
            change.audit(Action::PersonalTokenRevoked, Scope::default(), id, vec![name])
        })
        .await
}

/// For whom the token with this text acts at `now`, and with what roles.
pub(super) fn caller(control: &Control, text: &str, now: Timestamp) -> Result<Arc<Caller>, Error> {
    let reader = control.read()?;
    let found = store::personal_token::with_digest(&reader, &token::digest(text))?;
    let token = found.ok_or(Error::TokenInvalid)?;
    if !token.is_live(now) {
        return Err(Error::TokenExpired);
    }
    let user = store::user::by_id(&reader, token.user)?.ok_or(Error::TokenInvalid)?;
    let memberships = token.limit(store::organization::memberships(&reader, user.id)?);
    Ok(Arc::new(Caller { user, credential: Credential::PersonalToken(token.id), memberships }))
}
