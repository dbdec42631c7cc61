//! Accounts and sessions.

use poem_openapi::Object;
use serde::Serialize;

use crate::{
    auth::{password::Password, token},
    control::{
        session::Tokens,
        user::{NewUser, PasswordChange, Placement, Profile, Registered},
    },
    domain::{
        id::OrganizationId,
        role::Role,
        text::Name,
        user::{Email, RefreshTokenIn, User},
        violation::{Path, Violations},
    },
    http::patch::Patch,
    request,
};

request! {
    /// An account to be made.
    #[derive(Clone)]
    pub struct Register {
        /// How the person signs in. Addresses that differ in case alone are one address.
        #[oai(validator(max_length = 254))]
        pub email: String,
        /// The password.
        #[oai(validator(min_length = 8, max_length = 128))]
        pub password: String,
        /// What the person is called.
        #[oai(validator(max_length = 200))]
        pub full_name: Option<String>,
        /// The token of an invitation of this address: the account is a member at once, even where registration is
        /// closed.
        pub invitation_token: Option<String>,
    }

    /// An account to be made by an operator.
    #[derive(Clone)]
    pub struct CreateUser {
        /// How the person signs in. Addresses that differ in case alone are one address.
        #[oai(validator(max_length = 254))]
        pub email: String,
        /// The password.
        #[oai(validator(min_length = 8, max_length = 128))]
        pub password: String,
        /// What the person is called.
        #[oai(validator(max_length = 200))]
        pub full_name: Option<String>,
        /// The organization that the account belongs to, by its id; the one that was made first where absent.
        pub organization_id: Option<String>,
        /// Its role there; `viewer` where absent. On a server without organizations the account becomes `admin` of a
        /// default one, with a default project and its environments.
        pub role: Option<Role>,
    }

    /// The next password of an account, given by an operator.
    #[derive(Clone)]
    pub struct ResetPassword {
        /// The password.
        #[oai(validator(min_length = 8, max_length = 128))]
        pub password: String,
    }

    /// What a person changes of their account: an absent field stays.
    #[derive(Clone, Debug)]
    pub struct UpdateMe {
        /// What the person is called; null clears it.
        #[oai(validator(max_length = 200))]
        pub full_name: Patch<String>,
    }

    /// A password to be changed.
    #[derive(Clone)]
    pub struct ChangePassword {
        /// The present password.
        pub current_password: String,
        /// The next one.
        #[oai(validator(min_length = 8, max_length = 128))]
        pub new_password: String,
    }

    /// Who signs in.
    #[derive(Clone)]
    pub struct Login {
        /// The account's address.
        pub email: String,
        /// Its password.
        pub password: String,
        /// Where the refresh token goes; `body` where absent.
        pub refresh_token_in: Option<RefreshTokenIn>,
    }

    /// The token to be taken for a new pair.
    #[derive(Clone)]
    pub struct Refresh {
        /// The newest refresh token of the session. Where it is absent, the cookie of the session counts.
        pub refresh_token: Option<String>,
    }
}

/// The account that a body asks for.
pub fn new_user(body: Register, faults: &mut Violations) -> Option<NewUser> {
    let Register { email, password, full_name, invitation_token } = body;
    let email = Email::parse(&email).map_err(|message| faults.malformed("email", message));
    let password = self::password(password, "password", faults);
    let full_name = full_name.and_then(|name| called(&name, faults));
    let invitation = invitation_token.as_deref().map(token::digest);
    Some(NewUser { email: email.ok()?, password: password?, full_name, invitation })
}

/// The account that an operator asks for, and where it is put.
pub fn placed_user(body: CreateUser, faults: &mut Violations) -> Option<(NewUser, Placement)> {
    let CreateUser { email, password, full_name, organization_id, role } = body;
    let organization = organization_id.map(|text| {
        let found = OrganizationId::parse(&text);
        found.ok_or_else(|| faults.malformed("organization_id", "must be the id of an organization"))
    });
    let new = new_user(Register { email, password, full_name, invitation_token: None }, faults);
    Some((new?, Placement { organization: organization.transpose().ok()?, role }))
}

/// The password that an operator gives to an account.
pub fn reset_password(body: ResetPassword, faults: &mut Violations) -> Option<Password> {
    password(body.password, "password", faults)
}

fn password(text: String, field: &str, faults: &mut Violations) -> Option<Password> {
    Password::parse(text).map_err(|error| faults.malformed(field, error.to_string())).ok()
}

/// What a person is called; a blank is nothing.
fn called(text: &str, faults: &mut Violations) -> Option<Name> {
    match text.trim() {
        "" => None,
        name => Name::parse(name, &Path::ROOT.field("full_name"), faults),
    }
}

/// What becomes of the name; `None` leaves it.
pub fn profile_change(body: UpdateMe, faults: &mut Violations) -> Option<Option<Option<Name>>> {
    Some(body.full_name.change().map(|name| name.and_then(|name| called(&name, faults))))
}

/// The change of a password that a body asks for.
pub fn password_change(body: ChangePassword, faults: &mut Violations) -> Option<PasswordChange> {
    let new = password(body.new_password, "new_password", faults);
    Some(PasswordChange { current: Password::parse(body.current_password).ok(), new: new? })
}

/// An account.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "User")]
pub struct UserView {
    /// Its identifier: `usr_` and a ULID.
    pub id: String,
    /// How the person signs in.
    pub email: String,
    /// What the person is called.
    pub full_name: Option<String>,
    /// The highest role that the account holds in any organization; `viewer` if it belongs to none.
    pub role: Role,
    /// When it was made.
    pub created_at: String,
}

/// An organization that the account belongs to.
#[derive(Clone, Debug, Serialize, Object)]
pub struct MembershipView {
    /// The organization's identifier: `org_` and a ULID.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The account's role in it.
    pub role: Role,
}

/// The account of the caller.
#[derive(Clone, Debug, Serialize, Object)]
#[oai(rename = "Profile")]
pub struct ProfileView {
    /// Its identifier: `usr_` and a ULID.
    pub id: String,
    /// How the person signs in.
    pub email: String,
    /// What the person is called.
    pub full_name: Option<String>,
    /// The highest role that the account holds in any organization; `viewer` if it belongs to none.
    pub role: Role,
    /// When it was made.
    pub created_at: String,
    /// When the person last signed in.
    pub last_login_at: Option<String>,
    /// The organizations that it belongs to, oldest first.
    pub organizations: Vec<MembershipView>,
}

/// What a client needs to act for a person.
#[derive(Clone, Serialize, Object)]
#[oai(rename = "Tokens")]
pub struct TokensView {
    /// Shown with each request as `Authorization: Bearer ...`.
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// How long the access token lives, in seconds.
    pub expires_in: i64,
    /// Gets the next pair, once. Keep only the newest: an old one ends the session. Absent where it is in the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub refresh_token: Option<String>,
}

fn full_name(user: &User) -> Option<String> {
    user.full_name.as_ref().map(ToString::to_string)
}

impl From<Registered> for UserView {
    fn from(registered: Registered) -> Self {
        let Registered { user, role } = registered;
        Self {
            id: user.id.to_string(),
            email: user.email.as_str().to_owned(),
            full_name: full_name(&user),
            role,
            created_at: user.created_at.to_string(),
        }
    }
}

impl From<Profile> for ProfileView {
    fn from(profile: Profile) -> Self {
        let Profile { user, role, organizations } = profile;
        let organization = |(organization, role): (crate::domain::organization::Organization, Role)| {
            MembershipView { id: organization.id.to_string(), name: organization.name.to_string(), role }
        };
        Self {
            id: user.id.to_string(),
            email: user.email.as_str().to_owned(),
            full_name: full_name(&user),
            role,
            created_at: user.created_at.to_string(),
            last_login_at: user.last_login_at.map(|at| at.to_string()),
            organizations: organizations.into_iter().map(organization).collect(),
        }
    }
}

impl From<Tokens> for TokensView {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            token_type: "bearer".to_owned(),
            expires_in: tokens.expires_in,
            refresh_token: Some(tokens.refresh_token),
        }
    }
}

impl TokensView {
    /// The same without the refresh token, which is in the cookie.
    #[must_use]
    pub fn without_refresh_token(self) -> Self {
        Self { refresh_token: None, ..self }
    }
}
