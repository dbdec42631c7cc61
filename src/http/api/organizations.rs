//! Organizations.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::Tag;
use crate::{
    control::organization,
    domain::{
        id::OrganizationId,
        page::{Direction, SortKey, paginate},
    },
    http::{
        app::App,
        envelope::{Data, Listed},
        error::{ApiError, Code},
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader},
        payload::{Created, FastJson, Strict},
        wire::organization::{
            CreateOrganization, OrganizationView, UpdateOrganization, organization_change, organization_name,
        },
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "organizations";

pub(super) struct OrganizationsApi(pub(super) Arc<App>);

/// The organization with this identifier; one that cannot be read names nothing.
pub(super) fn organization_id(text: &str) -> Result<OrganizationId, ApiError> {
    let missing = || ApiError::new(Code::OrganizationNotFound, format!("there is no organization '{text}'"));
    OrganizationId::parse(text).ok_or_else(missing)
}

#[OpenApi(prefix_path = "/api/v1/organizations", tag = "Tag::Organizations")]
impl OrganizationsApi {
    /// List organizations
    ///
    /// Every organization that the caller belongs to, oldest first.
    #[oai(path = "/", method = "get", operation_id = "listOrganizations")]
    async fn list(
        &self,
        person: Person,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<OrganizationView>>, ApiError> {
        let mut reader = Reader::default();
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let request = reader.finish(request)?;
        let organizations = organization::list(&self.0.control, &person.caller)?;
        let page = paginate(organizations, Direction::Ascending, &request, |(organization, _)| {
            (SortKey::Number(organization.created_at.millis()), organization.id.bits())
        });
        Ok(FastJson(page::listed(page.map(OrganizationView::from), ORDER)))
    }

    /// Create an organization
    ///
    /// It starts without projects, and the caller is its `admin`. Needs the role `admin` in any organization.
    #[oai(path = "/", method = "post", operation_id = "createOrganization")]
    async fn create(
        &self,
        person: Person,
        body: Strict<CreateOrganization>,
    ) -> Result<Created<Data<OrganizationView>>, ApiError> {
        let name = body.parse(organization_name)?;
        let made = organization::create(&self.0.control, &person.call, &person.caller, name).await?;
        Ok(Created(Data { data: made.into() }))
    }

    /// Get an organization
    ///
    /// One that the caller does not belong to does not exist for the caller.
    #[oai(path = "/:organization_id", method = "get", operation_id = "getOrganization")]
    async fn get(
        &self,
        person: Person,
        /// The organization, by its id.
        organization_id: Path<String>,
    ) -> Result<FastJson<Data<OrganizationView>>, ApiError> {
        let id = self::organization_id(&organization_id)?;
        let found = organization::get(&self.0.control, &person.caller, id)?;
        Ok(FastJson(Data { data: found.into() }))
    }

    /// Update an organization
    ///
    /// A field that is absent stays. Needs the role `admin`.
    #[oai(path = "/:organization_id", method = "put", operation_id = "updateOrganization")]
    async fn update(
        &self,
        person: Person,
        /// The organization, by its id.
        organization_id: Path<String>,
        body: Strict<UpdateOrganization>,
    ) -> Result<FastJson<Data<OrganizationView>>, ApiError> {
        let name = body.parse(organization_change)?;
        let id = self::organization_id(&organization_id)?;
        let changed = organization::update(&self.0.control, &person.call, &person.caller, id, name).await?;
        Ok(FastJson(Data { data: changed.into() }))
    }
}
