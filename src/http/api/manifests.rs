//! Projects as one document.

use std::sync::Arc;

use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, projects::project_id};
use crate::{
    control::{
        call::Run,
        manifest::{self, Import, Keys, Unlisted},
    },
    domain::id::OrganizationId,
    http::{
        app::App,
        envelope::Data,
        error::ApiError,
        guard::Person,
        parameter::{Optional, Reader},
        payload::{FastJson, Strict},
        wire::{
            manifest::{ProjectDocument, manifest as read},
            plan::PlanView,
        },
    },
};

/// Where documents are imported.
pub(in crate::http) const IMPORT_PATH: &str = "/api/v1/projects/import";

pub(super) struct ManifestsApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1/projects", tag = "Tag::Projects")]
impl ManifestsApi {
    /// Export a project
    ///
    /// Its environments, segments and flags as one document, in an order that follows from their keys alone: equal
    /// projects are equal documents. `phaseflag export` writes the same as YAML. API keys are in it if they are asked
    /// for, each by its SHA-256; that needs the role `admin`.
    #[oai(path = "/:project_id/export", method = "get", operation_id = "exportProject")]
    async fn export(
        &self,
        person: Person,
        /// The project, by its id.
        project_id: Path<String>,
        /// Whether API keys are in it, by their hashes; where absent, `false`.
        api_keys: Query<Optional<bool>>,
    ) -> Result<FastJson<Data<ProjectDocument>>, ApiError> {
        let mut reader = Reader::default();
        let keys = reader.truth("api_keys", &api_keys);
        let keys = if reader.finish(keys)? { Keys::Hashed } else { Keys::Untold };
        let id = self::project_id(&project_id)?;
        let manifest = manifest::export(&self.0.control, &person.caller, id, keys)?;
        Ok(FastJson(Data { data: ProjectDocument::from(&manifest) }))
    }

    /// Import a project
    ///
    /// Makes the project with the document's key what the document says, in one transaction, or makes it if it is not
    /// there. A list that the document has is the whole truth about what is in it, but what it does not name stays,
    /// unless `prune` is `true`: then it is deleted, flags with their history and environments with their API keys. A
    /// list that the document leaves out is not touched. A second import of the same document does nothing.
    ///
    /// With `dry_run` nothing is done: the answer tells what would be, and whatever would refuse the import refuses this,
    /// too. A document may have 32 MiB. Needs the role `editor`, and `admin` for changes of projects, environments and
    /// API keys and to delete flags.
    #[oai(path = "/import", method = "post", operation_id = "importProject")]
    async fn import(
        &self,
        person: Person,
        /// Whether only to tell what would be done; where absent, `false`.
        dry_run: Query<Optional<bool>>,
        /// Whether what the document does not name is deleted; where absent, `false`.
        prune: Query<Optional<bool>>,
        /// The organization of the project; where absent, the oldest one that the caller belongs to.
        organization_id: Query<Optional<String>>,
        body: Strict<ProjectDocument>,
    ) -> Result<FastJson<Data<PlanView>>, ApiError> {
        let mut reader = Reader::default();
        let dry_run = reader.truth("dry_run", &dry_run);
        let prune = reader.truth("prune", &prune);
        let expectation = "must be the id of an organization";
        let organization =
            reader.read("organization_id", &organization_id, OrganizationId::parse, expectation);
        let organization = reader.finish(organization)?;
        let run = if dry_run { Run::Dry } else { Run::Real };
        let unlisted = if prune { Unlisted::Goes } else { Unlisted::Stays };
        let manifest = body.draft(read)?;
        let import = Import { organization, manifest, unlisted, run };
        let plan = manifest::import(&self.0.control, &person.call, &person.caller, import).await?;
        Ok(FastJson(Data { data: PlanView::of(plan, run) }))
    }
}
