//! Accounts: registering, what the first account brings with it, and what people change of their own.

use super::{
    Control,
    call::{Call, Caller, actor},
    change::Change,
    environment,
    error::{Error, Thing},
    invitation, member, organization,
    scope::{authorise_operator, find_organization, organization_scope},
};
use crate::{
    auth::{
        entropy::Digest,
        password::{HashError, Password, Verdict},
    },
    domain::{
        audit::{Action, FieldChange, Fields, Scope, difference},
        id::{OrganizationId, ProjectId, SessionId, UserId},
        invitation::Invitation,
        key::ProjectKey,
        organization::{Membership, Organization},
        page::{Direction, Page, PageRequest, SortKey, paginate},
        project::Project,
        role::Role,
        text::Name,
        time::Timestamp,
        user::{Email, Registration, User},
        value::Value,
    },
    store::{self, Access},
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
    /// SHA-256 of the token of an invitation that the account accepts at once.
    pub invitation: Option<Digest>,
}

/// A password to be changed.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// What is said to be the present one; `None` for what no account can have.
    pub current: Option<Password>,
    /// The next one.
    pub new: Password,
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
/// environments; a later one belongs to nothing but what it was invited to.
pub async fn register(control: &Control, call: &Call, new: NewUser) -> Result<Registered, Error> {
    refuse(&control.read()?, control.settings.registration, &new, call.now)?;
    let password_hash = control.hasher.hash(new.password.clone(), control.random()?).await?;
    let registration = control.settings.registration;
    control
        .change(call, None, move |change| {
            let first = !store::user::exists(change.tx())?;
            let invitation = refuse(change.tx(), registration, &new, change.now())?;
            let user = made(change, new, password_hash)?;
            change.act_as(actor(&user));
            note(change, &user)?;
            let role = match invitation {
                Some(invitation) => invitation::admit(change, &invitation, &user)?.role,
                None if first => make_default_organization(change, user.id)?,
                None => Role::Viewer,
            };
            Ok(Registered { user, role })
        })
        .await
}

/// Keeps a new account. Who made it is known only then, so that [`note`] is called for the log.
fn made(change: &Change<'_>, new: NewUser, password_hash: String) -> Result<User, Error> {
    let user = User {
        id: change.mint(),
        email: new.email,
        full_name: new.full_name,
        password_hash,
        created_at: change.now(),
        last_login_at: None,
    };
    store::user::put(change.tx(), &user)?;
    Ok(user)
}

/// Notes in the log that `user` was made.
fn note(change: &Change<'_>, user: &User) -> Result<(), Error> {
    let email = FieldChange::made("email", user.email.as_str());
    change.audit(Action::UserRegistered, Scope::default(), user.id, vec![email])
}

/// Refuses an account that may not be made; answers the invitation that it accepts. It is asked before the password is
/// hashed, to spare that, and again by the change itself.
fn refuse(
    access: &impl Access,
    registration: Registration,
    new: &NewUser,
    now: Timestamp,
) -> Result<Option<Invitation>, Error> {
    let invitation = match &new.invitation {
        // Whoever was invited may come in, even where strangers may not.
        Some(digest) => Some(invitation::find(access, digest, &new.email, now)?),
        None if registration == Registration::Closed && store::user::exists(access)? => {
            return Err(Error::RegistrationClosed);
        }
        None => None,
    };
    if store::user::by_email(access, &new.email)?.is_some() {
        return Err(Error::EmailTaken);
    }
    Ok(invitation)
}

fn make_default_organization(change: &mut Change<'_>, admin: UserId) -> Result<Role, Error> {
    let now = change.now();
    let organization = Organization {
        id: change.mint::<OrganizationId>(),
        name: Name::trusted(DEFAULT_NAME),
        created_at: now,
    };
    organization::put_new(change, &organization, Some(admin))?;

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
    environment::put_defaults(change, &project)?;
    Ok(Role::Admin)
}

/// Who `caller` is.
pub fn profile(control: &Control, caller: &Caller) -> Result<Profile, Error> {
    let organizations = organization::list(control, caller)?;
    Ok(Profile { user: caller.user.clone(), role: highest_role(&caller.memberships), organizations })
}

/// Changes what `caller` says of themselves: `None` leaves a field as it is.
pub async fn update(
    control: &Control,
    call: &Call,
    caller: &Caller,
    full_name: Option<Option<Name>>,
) -> Result<Profile, Error> {
    let id = caller.user.id;
    let user = control
        .change(call, Some(caller.actor()), move |change| {
            let before = store::user::by_id(change.tx(), id)?.ok_or(Error::TokenInvalid)?;
            let full_name = full_name.unwrap_or_else(|| before.full_name.clone());
            let after = User { full_name, ..before.clone() };
            let changes = difference(&fields(&before), &fields(&after));
            if !changes.is_empty() {
                store::user::put(change.tx(), &after)?;
                change.audit(Action::UserUpdated, Scope::default(), id, changes)?;
                change.tell_colleagues();
            }
            Ok(after)
        })
        .await?;
    profile(control, &Caller { user, ..caller.clone() })
}

fn fields(user: &User) -> Fields {
    vec![("full_name", Value::from(user.full_name.as_ref().map(Name::as_str)))]
}

/// Changes the password of `caller`, who is signed in with `session`: all other sessions end at once. Personal access
/// tokens stay, as they are revoked one by one.
pub async fn change_password(
    control: &Control,
    call: &Call,
    caller: &Caller,
    session: SessionId,
    passwords: PasswordChange,
) -> Result<(), Error> {
    let (id, known) = (caller.user.id, caller.user.password_hash.clone());
    let current = passwords.current.ok_or(Error::WrongPassword)?;
    if control.hasher.verify(current, known.clone()).await? == Verdict::Mismatch {
        return Err(Error::WrongPassword);
    }
    let password_hash = control.hasher.hash(passwords.new, control.random()?).await?;
    control
        .change(call, Some(caller.actor()), move |change| {
            // Of two who change it at once, one has compared a password that is no more.
            let user = store::user::by_id(change.tx(), id)?.filter(|user| user.password_hash == known);
            let user = user.ok_or(Error::WrongPassword)?;
            store::user::put(change.tx(), &User { password_hash, ..user })?;
            end_sessions(change, id, Some(session))?;
            change.audit(Action::PasswordChanged, Scope::default(), id, Vec::new())
        })
        .await
}

/// Ends the sessions of `user`, but for the one that is spared.
fn end_sessions(change: &Change<'_>, user: UserId, spared: Option<SessionId>) -> Result<(), Error> {
    for session in store::session::of_user(change.tx(), user)? {
        if Some(session) != spared {
            store::session::remove(change.tx(), user, session)?;
        }
    }
    Ok(())
}

/// A page of all accounts of the server, oldest first. It takes an operator.
pub fn list(control: &Control, caller: &Caller, request: &PageRequest) -> Result<Page<Profile>, Error> {
    let reader = control.read()?;
    authorise_operator(&reader, caller)?;
    let users = store::user::every(&reader)?;
    let mut page = paginate(users, Direction::Ascending, request, |user| {
        (SortKey::Number(user.created_at.millis()), user.id.bits())
    });
    let users = std::mem::take(&mut page.rows);
    let profiles = users.into_iter().map(|user| profile_of(&reader, user)).collect::<Result<_, _>>()?;
    Ok(page.with(profiles))
}

/// What `user` belongs to.
fn profile_of(access: &impl Access, user: User) -> Result<Profile, Error> {
    let memberships = store::organization::memberships(access, user.id)?;
    let organizations = organization::joined(access, &memberships)?;
    Ok(Profile { user, role: highest_role(&memberships), organizations })
}

/// The organization that an account is put into by an operator, and its role there. What is not said is the
/// organization that was made first, and the lowest role.
#[derive(Clone, Copy, Debug)]
pub struct Placement {
    /// The organization.
    pub organization: Option<OrganizationId>,
    /// The role.
    pub role: Option<Role>,
}

/// Makes an account for somebody else, as a member of an organization. Where there is no organization yet, the account
/// becomes the admin of the default one, as the first that registers does. It takes an operator.
pub async fn create(
    control: &Control,
    call: &Call,
    caller: &Caller,
    new: NewUser,
    placement: Placement,
) -> Result<Profile, Error> {
    authorise_operator(&control.read()?, caller)?;
    let password_hash = control.hasher.hash(new.password.clone(), control.random()?).await?;
    control
        .change(call, Some(caller.actor()), move |change| {
            change.operate()?;
            if store::user::by_email(change.tx(), &new.email)?.is_some() {
                return Err(Error::EmailTaken);
            }
            let organization = match placement.organization {
                Some(id) => Some(find_organization(change.tx(), id)?),
                None => store::organization::first(change.tx())?,
            };
            let user = made(change, new, password_hash)?;
            note(change, &user)?;
            match organization {
                Some(organization) => {
                    member::add(change, organization.id, &user, placement.role.unwrap_or(Role::Viewer))?;
                }
                None => drop(make_default_organization(change, user.id)?),
            }
            profile_of(change.tx(), user)
        })
        .await
}

/// Gives the account `id` another password, and ends all of its sessions. Personal access tokens stay. It takes an
/// operator.
pub async fn reset_password(
    control: &Control,
    call: &Call,
    caller: &Caller,
    id: UserId,
    password: Password,
) -> Result<(), Error> {
    authorise_operator(&control.read()?, caller)?;
    let password_hash = control.hasher.hash(password, control.random()?).await?;
    control
        .change(call, Some(caller.actor()), move |change| {
            change.operate()?;
            let missing = || Error::Missing(Thing::Member, id.to_string());
            let user = store::user::by_id(change.tx(), id)?.ok_or_else(missing)?;
            let email = FieldChange::made("email", user.email.as_str());
            store::user::put(change.tx(), &User { password_hash, ..user })?;
            end_sessions(change, id, None)?;
            // Told to those who could have done it.
            let first = store::organization::first(change.tx())?;
            let scope = first.map_or(Scope::default(), |first| organization_scope(first.id));
            change.audit(Action::PasswordReset, scope, id, vec![email])
        })
        .await
}

/// The highest role of all memberships; someone without any is a viewer of nothing.
pub(super) fn highest_role(memberships: &[Membership]) -> Role {
    memberships.iter().map(|membership| membership.role).max().unwrap_or(Role::Viewer)
}
