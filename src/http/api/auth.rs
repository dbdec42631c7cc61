//! Accounts and sessions.

use std::sync::Arc;

use poem::Request;
use poem_openapi::OpenApi;

use super::Tag;
use crate::{
    control::{
        session::{self, Tokens},
        user,
    },
    domain::user::{Email, RefreshTokenIn},
    http::{
        app::App,
        cookie::{self, Wire, WithCookie},
        envelope::Data,
        error::{ApiError, Code},
        guard::{Anybody, Person, SignedIn},
        payload::{Created, FastJson, NoContent, Strict},
        wire::user::{
            ChangePassword, Login, ProfileView, Refresh, Register, TokensView, UpdateMe, UserView, new_user,
            password_change, profile_change,
        },
    },
    limit::Verdict,
};

pub(super) struct AuthApi(pub(super) Arc<App>);

/// Tokens, with the refresh token where the client keeps it.
fn handed(tokens: Tokens, kept: RefreshTokenIn, wire: Wire) -> WithCookie<FastJson<Data<TokensView>>> {
    let (token, seconds) = (tokens.refresh_token.clone(), tokens.refresh_expires_in);
    let view = TokensView::from(tokens);
    match kept {
        RefreshTokenIn::Body => WithCookie::none(FastJson(Data { data: view })),
        RefreshTokenIn::Cookie => {
            let answer = FastJson(Data { data: view.without_refresh_token() });
            WithCookie::keep(answer, &token, seconds, wire)
        }
    }
}

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
    /// same way whether or not the address is known. After 100 wrong passwords in a row for one account, from whatever
    /// addresses, there is one more try every 36 seconds (`RATE_LIMIT_EXCEEDED`); who signed in from the same address
    /// lately is not held up by that.
    ///
    /// With `refresh_token_in: cookie` the refresh token is not in the body but in a cookie that no script can read
    /// (`HttpOnly`, `SameSite=Strict`), for browsers.
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn login(
        &self,
        request: Anybody,
        http: &Request,
        body: Strict<Login>,
    ) -> Result<WithCookie<FastJson<Data<TokensView>>>, ApiError> {
        let Login { email, password, refresh_token_in } = body.parse(|body, _| Some(body))?;
        let (call, guesses, email) = (&request.call, &self.0.limits.guesses, Email::parse(&email));
        if let Ok(email) = &email
            && let Verdict::Denied { retry_after_seconds } = guesses.attempt(email, call.address, call.now)
        {
            let message = "too many wrong passwords were tried for this account";
            let refusal = ApiError::new(Code::RateLimitExceeded, message);
            return Err(refusal.with_retry_after(retry_after_seconds));
        }
        let tokens = session::login(&self.0.control, call, email.clone(), &password).await?;
        if let Ok(email) = &email {
            guesses.right(email, call.address);
        }
        Ok(handed(tokens, refresh_token_in.unwrap_or(RefreshTokenIn::Body), Wire::of(&self.0, http)))
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
    ///
    /// Without `refresh_token` the cookie counts that a login with `refresh_token_in: cookie` left. It stays the same, so
    /// that the tabs of a browser do not end each other's session.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        request: Anybody,
        http: &Request,
        body: Strict<Refresh>,
    ) -> Result<WithCookie<FastJson<Data<TokensView>>>, ApiError> {
        let Refresh { refresh_token } = body.parse(|body, _| Some(body))?;
        let (token, kept) = match (refresh_token.as_deref(), cookie::refresh_token(http.headers())) {
            (Some(token), _) => (token, RefreshTokenIn::Body),
            (None, Some(token)) => (token, RefreshTokenIn::Cookie),
            (None, None) => return Err(ApiError::of(Code::RefreshTokenInvalid)),
        };
        let tokens = session::refresh(&self.0.control, &request.call, token, kept).await?;
        Ok(handed(tokens, kept, Wire::of(&self.0, http)))
    }

    /// Log out
    ///
    /// Ends the session: its refresh token and all its access tokens are dead at once. The cookie of a session that has
    /// one is taken away.
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn logout(&self, person: SignedIn, http: &Request) -> Result<WithCookie<NoContent>, ApiError> {
        session::logout(&self.0.control, &person.call, &person.caller, person.session).await?;
        Ok(match cookie::refresh_token(http.headers()) {
            Some(_) => WithCookie::clear(NoContent, Wire::of(&self.0, http)),
            None => WithCookie::none(NoContent),
        })
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
