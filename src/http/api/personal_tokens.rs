//! Personal access tokens.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::Tag;
use crate::{
    control::personal_token,
    domain::{
        id::PersonalTokenId,
        page::{Direction, SortKey, paginate},
    },
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::SignedIn,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader},
        payload::{Created, FastJson, NoContent, Strict},
        wire::personal_token::{CreatePersonalToken, MintedTokenView, PersonalTokenView, new_personal_token},
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "personal_tokens";

pub(super) struct PersonalTokensApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/auth/tokens", tag = "Tag::PersonalTokens")]
impl PersonalTokensApi {
    /// List my tokens
    ///
    /// The personal access tokens of the caller, oldest first, without the tokens themselves.
    #[oai(path = "/", method = "get", operation_id = "listPersonalTokens")]
    async fn list(
        &self,
        person: SignedIn,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<PersonalTokenView>>, ApiError> {
        let mut reader = Reader::default();
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let request = reader.finish(request)?;
        let tokens = personal_token::list(&self.0.control, &person.caller)?;
        let page = paginate(tokens, Direction::Ascending, &request, |token| {
            (SortKey::Number(token.created_at.millis()), token.id.bits())
        });
        Ok(FastJson(page::listed(page.map(|token| PersonalTokenView::from(&token)), ORDER)))
    }

    /// Create a token
    ///
    /// For a script that acts for the caller, wherever an access token manages. In each organization it has the lower of
    /// two roles: its own, and what the caller has there at that moment. Its own is at most the highest that the caller
    /// has anywhere. The answer is the only one that ever shows the token. A token cannot make or revoke tokens.
    #[oai(path = "/", method = "post", operation_id = "createPersonalToken")]
    async fn create(
        &self,
        person: SignedIn,
        body: Strict<CreatePersonalToken>,
    ) -> Result<Created<Data<MintedTokenView>>, ApiError> {
        let now = person.call.now;
        let new = body.parse(|body, faults| new_personal_token(body, now, faults))?;
        let minted = personal_token::create(&self.0.control, &person.call, &person.caller, new).await?;
        Ok(Created(Data { data: minted.into() }))
    }

    /// Revoke a token
    ///
    /// From the answer on nobody can use it.
    #[oai(path = "/:token_id", method = "delete", operation_id = "revokePersonalToken")]
    async fn revoke(
        &self,
        person: SignedIn,
        /// The token, by its id; the token itself is no name for it.
        token_id: Path<String>,
    ) -> Result<NoContent, ApiError> {
        let missing = || {
            ApiError::new(Code::TokenNotFound, format!("there is no personal access token '{}'", *token_id))
        };
        let id = PersonalTokenId::parse(&token_id).ok_or_else(missing)?;
        personal_token::revoke(&self.0.control, &person.call, &person.caller, id).await?;
        Ok(NoContent)
    }
}
