//! Accounts and sessions.

use std::sync::Arc;

use poem_openapi::OpenApi;

use super::Tag;
use crate::{
    control::{session, user},
    domain::user::Email,
    http::{
        app::App,
        envelope::Data,
        error::ApiError,
        guard::{Anybody, Person, SignedIn},
        payload::{Created, FastJson, NoContent, Strict},
        wire::user::{
            ChangePassword, Login, ProfileView, Refresh, Register, TokensView, UpdateMe, UserView, new_user,
            password_change, profile_change,
        },
    },
};

pub(super) struct AuthApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Auth")]
impl AuthApi {
    /// Register an account
    ///
    /// The first account on a fresh server becomes `admin` of a default organization with a default project and the
    /// environments `development`, `staging` and `production`. A later one belongs to no organization, and sees nothing
    /// until it accepts an invitation: at once with `invitation_token`, or later. The answer has no token: log in for
    /// that.
    #[oai(path = "/register", method = "post", operation_id = "register")]
    async fn register(
        &self,
        request: Anybody,
        body: Strict<Register>,
    ) -> Result<Created<Data<UserView>>, ApiError> {
        let new = body.parse(new_user)?;
        let registered = user::register(&self.0.control, &request.call, new).await?;
        Ok(Created(Data { data: registered.into() }))
    }

    /// Log in
    ///
    /// Begins a session, which lives until it is logged out or not refreshed for long. Takes as long and fails in the
    /// same way whether or not the address is known.
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        request: Anybody,
        body: Strict<Login>,
    ) -> Result<FastJson<Data<TokensView>>, ApiError> {
        let Login { email, password } = body.parse(|body, _| Some(body))?;
        let tokens = session::login(&self.0.control, &request.call, Email::parse(&email), &password).await?;
        Ok(FastJson(Data { data: tokens.into() }))
    }

    /// Get my account
    ///
    /// The account behind the access token, and the organizations that it belongs to.
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn me(&self, person: Person) -> Result<FastJson<Data<ProfileView>>, ApiError> {
        let profile = user::profile(&self.0.control, &person.caller)?;
        Ok(FastJson(Data { data: profile.into() }))
    }

    /// Exchange a refresh token
    ///
    /// Answers with a new access token and a new refresh token. Each refresh token counts once: one that was exchanged
    /// before is a copy in somebody's hands, and ends the session.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        request: Anybody,
        body: Strict<Refresh>,
    ) -> Result<FastJson<Data<TokensView>>, ApiError> {
        let Refresh { refresh_token } = body.parse(|body, _| Some(body))?;
        let tokens = session::refresh(&self.0.control, &request.call, &refresh_token).await?;
        Ok(FastJson(Data { data: tokens.into() }))
    }

    /// Log out
    ///
    /// Ends the session: its refresh token and all its access tokens are dead at once.
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, person: SignedIn) -> Result<NoContent, ApiError> {
        session::logout(&self.0.control, &person.call, &person.caller, person.session).await?;
        Ok(NoContent)
    }

    /// Change my account
    ///
    /// A field that is absent stays. No personal access token can do this.
    #[oai(path = "/me", method = "patch", operation_id = "updateMe")]
    async fn update_me(
        &self,
        person: SignedIn,
        body: Strict<UpdateMe>,
    ) -> Result<FastJson<Data<ProfileView>>, ApiError> {
        let full_name = body.parse(profile_change)?;
        let profile = user::update(&self.0.control, &person.call, &person.caller, full_name).await?;
        Ok(FastJson(Data { data: profile.into() }))
    }

    /// Change my password
    ///
    /// Ends all other sessions of the account at once; this one stays. Personal access tokens stay too: revoke those
    /// that should not. No personal access token can do this.
    #[oai(path = "/change-password", method = "post", operation_id = "changePassword")]
    async fn change_password(
        &self,
        person: SignedIn,
        body: Strict<ChangePassword>,
    ) -> Result<NoContent, ApiError> {
        let passwords = body.parse(password_change)?;
        let SignedIn { call, caller, session } = person;
        user::change_password(&self.0.control, &call, &caller, session, passwords).await?;
        Ok(NoContent)
    }
}
