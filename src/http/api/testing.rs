//! What only a throwaway server does.

use std::sync::Arc;

use poem_openapi::OpenApi;

use super::Tag;
use crate::{
    control::seed,
    http::{app::App, error::ApiError, guard::Person, payload::NoContent},
};

pub(super) struct TestingApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/testing", tag = "Tag::System")]
impl TestingApi {
    /// Reset a throwaway server
    ///
    /// Sets everything back to what it was when a server with `--ephemeral` became ready: flags, people, keys, statistics
    /// and the audit log. Who signed in since then is signed out. Versions of rulesets go on rising, so that whoever
    /// follows changes hears of it. Any other server answers 404. Needs the role `admin`, in the organization that was
    /// made first.
    #[oai(path = "/reset", method = "post", operation_id = "resetTesting")]
    async fn reset(&self, person: Person) -> Result<NoContent, ApiError> {
        seed::reset(&self.0.control, &person.call, &person.caller).await?;
        Ok(NoContent)
    }
}
