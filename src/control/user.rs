//! Accounts: registering, and what the first account brings with it.

use std::sync::Arc;

use super::{
    Control, Registration,
    call::{Call, Caller, actor},
    change::Change,
    environment,
    error::Error,
};
use crate::{
    auth::password::{HashError, Password},
    domain::{
        audit::{Action, FieldChange, Scope},
        environment::DEFAULT_ENVIRONMENTS,
        id::{OrganizationId, ProjectId, UserId},
        key::ProjectKey,
        organization::{Membership, Organization},
        project::Project,
        role::Role,
        text::Name,
        user::{Email, User},
    },
    store,
};

/// What the first organization and the first project are called.
const DEFAULT_NAME: &str = "Default";
/// The key of the first project.
const DEFAULT_PROJECT_KEY: &str = "default";

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// How the person signs in.
    pub email: Email,
    /// The password.
    pub password: Password,
    /// What the person is called.
    pub full_name: Option<Name>,
}

/// An account with the highest role it holds in any organization.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The account.
    pub user: User,
    /// Its role.
    pub role: Role,
}

/// What an account belongs to.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The account.
    pub user: User,
    /// The highest role it holds in any organization.
    pub role: Role,
    /// The organizations, oldest first, with its role in each.
    pub organizations: Vec<(Organization, Role)>,
}

impl From<HashError> for Error {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            HashError::Broken => Self::Internal("a password could not be hashed".into()),
        }
    }
}

/// Makes an account. The first one becomes the admin of a default organization, with a default project and its
/// environments; a later one belongs to nothing.
pub async fn register(control: &Control, call: &Call, new: NewUser) -> Result<Registered, Error> {
    refuse_early(control, &new.email)?;
    let password_hash = control.hasher.hash(new.password, control.random()?).await?;
    let (email, full_name) = (new.email, new.full_name);
    let registration = control.settings.registration;
    control
        .change(call, None, move |change| {
            let first = !store::user::exists(change.tx())?;
            if !first && registration == Registration::Closed {
                return Err(Error::RegistrationClosed);
            }
            if store::user::by_email(change.tx(), &email)?.is_some() {
                return Err(Error::EmailTaken);
            }
            let user = User {
                id: change.mint(),
                email,
                full_name,
                password_hash,
                created_at: change.now(),
                last_login_at: None,
            };
            store::user::put(change.tx(), &user)?;
            change.act_as(actor(&user));
            change.audit(
                Action::UserRegistered,
                Scope::default(),
                user.id,
                vec![FieldChange::made("email", user.email.as_str())],
            )?;
            if first {
                make_default_organization(change, user.id)?;
            }
            Ok(Registered { user, role: if first { Role::Admin } else { Role::Viewer } })
        })
        .await
}

/// Spares a hash for what would be refused anyway; the change itself checks again.
fn refuse_early(control: &Control, email: &Email) -> Result<(), Error> {
    let reader = control.read()?;
    if control.settings.registration == Registration::Closed && store::user::exists(&reader)? {
        return Err(Error::RegistrationClosed);
    }
    if store::user::by_email(&reader, email)?.is_some() {
        return Err(Error::EmailTaken);
    }
    Ok(())
}

fn make_default_organization(change: &mut Change<'_>, admin: UserId) -> Result<(), Error> {
    let now = change.now();
    let organization = Organization {
        id: change.mint::<OrganizationId>(),
        name: Name::trusted(DEFAULT_NAME),
        created_at: now,
    };
    store::organization::put(change.tx(), &organization)?;
    let membership =
        Membership { organization: organization.id, user: admin, role: Role::Admin, created_at: now };
    store::organization::put_membership(change.tx(), &membership)?;
    let scope = Scope { organization: Some(organization.id), ..Scope::default() };
    change.audit(
        Action::OrganizationCreated,
        scope,
        organization.id,
        vec![FieldChange::made("name", DEFAULT_NAME)],
    )?;

    let key = ProjectKey::parse(DEFAULT_PROJECT_KEY).map_err(|error| Error::Internal(error.to_string()))?;
    let project = Project {
        id: change.mint::<ProjectId>(),
        organization: organization.id,
        key,
        name: Name::trusted(DEFAULT_NAME),
        description: None,
        created_at: now,
        updated_at: now,
    };
    super::project::put_new(change, &project)?;
    DEFAULT_ENVIRONMENTS.iter().try_for_each(|default| environment::put_default(change, &project, default))
}

/// Who `caller` is.
pub fn profile(control: &Control, caller: &Caller) -> Result<Profile, Error> {
    let reader = control.read()?;
    let mut organizations = Vec::with_capacity(caller.memberships.len());
    for membership in &caller.memberships {
        let organization = store::organization::by_id(&reader, membership.organization)?;
        organizations.extend(organization.map(|organization| (organization, membership.role)));
    }
    Ok(Profile { user: caller.user.clone(), role: highest_role(&caller.memberships), organizations })
}

/// The highest role of all memberships; someone without any is a viewer of nothing.
pub(super) fn highest_role(memberships: &[Membership]) -> Role {
    memberships.iter().map(|membership| membership.role).max().unwrap_or(Role::Viewer)
}

/// The person behind an access token that has been verified, if the session still lives.
pub(super) fn caller(
    control: &Control,
    user: UserId,
    session: crate::domain::id::SessionId,
) -> Result<Arc<Caller>, Error> {
    let reader = control.read()?;
    let live = store::session::by_id(&reader, session)?.filter(|session| session.user == user);
    let Some(session) = live else { return Err(Error::TokenInvalid) };
    let user = store::user::by_id(&reader, user)?.ok_or(Error::TokenInvalid)?;
    let memberships = store::organization::memberships(&reader, user.id)?;
    Ok(Arc::new(Caller { user, session: session.id, memberships }))
}
