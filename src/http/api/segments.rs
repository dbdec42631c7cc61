//! Segments.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};

use super::{Tag, environment_id, projects::project_id};
use crate::{
    control::segment::{self, Owner, SegmentName, ShownSegment},
    domain::{
        page::{Direction, SortKey, paginate},
        violation::Draft,
    },
    http::{
        app::App,
        envelope::{Data, Listed},
        error::ApiError,
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader},
        payload::{Created, FastJson, NoContent, Strict},
        tagged::Tagged,
        wire::segment::{
            CreateSegment, SegmentItemView, SegmentView, UpdateSegment, new_segment, segment_change,
        },
    },
};

/// The order of the list, for its cursors.
const ORDER: &str = "segments";

pub(super) struct SegmentsApi(pub(super) Arc<App>);

/// The project that a request names, by itself or by one of its environments.
fn owner(
    mut reader: Reader,
    project: &Optional<String>,
    environment: &Optional<String>,
) -> Result<Owner, ApiError> {
    match (project.text(), environment.text()) {
        (Some(_), Some(_)) => reader.refuse("environment_id", "must not be given together with project_id"),
        (None, None) => reader.refuse("project_id", "is required, or environment_id in its place"),
        (Some(_), None) | (None, Some(_)) => {}
    }
    reader.finish(())?;
    match (project.text(), environment.text()) {
        (Some(project), _) => project_id(project).map(Owner::Project),
        (None, environment) => environment_id(environment.unwrap_or_default()).map(Owner::Environment),
    }
}

#[OpenApi(prefix_path = "/api/v1/segments", tag = "Tag::Segments")]
impl SegmentsApi {
    /// List segments
    ///
    /// The segments of a project, by key.
    #[oai(path = "/", method = "get", operation_id = "listSegments")]
    async fn list(
        &self,
        person: Person,
        /// The project's id.
        project_id: Query<Optional<String>>,
        /// The id of one of its environments, in place of the project's.
        environment_id: Query<Optional<String>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<SegmentItemView>>, ApiError> {
        let mut reader = Reader::default();
        let request = page::request(&mut reader, ORDER, &page, &per_page, &cursor);
        let owner = owner(reader, &project_id, &environment_id)?;
        let segments = segment::list(&self.0.control, &person.caller, owner)?;
        let page = paginate(segments, Direction::Ascending, &request, |segment| {
            (SortKey::Text(segment.key.to_string()), segment.id.bits())
        });
        Ok(FastJson(page::listed(page.map(|segment| SegmentItemView::from(&*segment)), ORDER)))
    }

    /// Make a segment
    ///
    /// A named group of contexts that the rules of all flags of the project can refer to with `in_segment`. Needs the
    /// role `editor`.
    #[oai(path = "/", method = "post", operation_id = "createSegment")]
    async fn create(
        &self,
        person: Person,
        /// The project's id.
        project_id: Query<Optional<String>>,
        /// The id of one of its environments, in place of the project's.
        environment_id: Query<Optional<String>>,
        body: Strict<CreateSegment>,
    ) -> Result<Tagged<Created<Data<SegmentView>>>, ApiError> {
        let owner = owner(Reader::default(), &project_id, &environment_id)?;
        let new = body.draft(new_segment)?;
        let segment = segment::create(&self.0.control, &person.call, &person.caller, owner, new).await?;
        Ok(tagged(&segment, Created))
    }

    /// Get a segment
    ///
    /// Its conditions, and who is in it or not by name.
    #[oai(path = "/:segment_id", method = "get", operation_id = "getSegment")]
    async fn get(
        &self,
        person: Person,
        request: &Request,
        /// The segment's id or key.
        segment_id: Path<String>,
        /// The project's id.
        project_id: Query<Optional<String>>,
        /// The id of one of its environments, in place of the project's.
        environment_id: Query<Optional<String>>,
    ) -> Result<Tagged<FastJson<Data<SegmentView>>>, ApiError> {
        let owner = owner(Reader::default(), &project_id, &environment_id)?;
        let segment = segment::get(&self.0.control, &person.caller, owner, &SegmentName(segment_id.0))?;
        Ok(tagged(&segment, FastJson).unless_known(request.headers()))
    }

    /// Change a segment
    ///
    /// A field that is absent stays; a list replaces the whole list. Every environment of the project sees the change
    /// at once. Needs the role `editor`.
    #[oai(path = "/:segment_id", method = "put", operation_id = "updateSegment")]
    async fn update(
        &self,
        person: Person,
        /// The segment's id or key.
        segment_id: Path<String>,
        /// The project's id.
        project_id: Query<Optional<String>>,
        /// The id of one of its environments, in place of the project's.
        environment_id: Query<Optional<String>>,
        body: Strict<UpdateSegment>,
    ) -> Result<Tagged<FastJson<Data<SegmentView>>>, ApiError> {
        let owner = owner(Reader::default(), &project_id, &environment_id)?;
        let change: Draft<_> = body.draft(segment_change)?;
        let name = SegmentName(segment_id.0);
        let segment =
            segment::update(&self.0.control, &person.call, &person.caller, owner, name, change).await?;
        Ok(tagged(&segment, FastJson))
    }

    /// Delete a segment
    ///
    /// One that a flag or another segment refers to cannot be deleted. Needs the role `editor`.
    #[oai(path = "/:segment_id", method = "delete", operation_id = "deleteSegment")]
    async fn delete(
        &self,
        person: Person,
        /// The segment's id or key.
        segment_id: Path<String>,
        /// The project's id.
        project_id: Query<Optional<String>>,
        /// The id of one of its environments, in place of the project's.
        environment_id: Query<Optional<String>>,
    ) -> Result<NoContent, ApiError> {
        let owner = owner(Reader::default(), &project_id, &environment_id)?;
        let name = SegmentName(segment_id.0);
        segment::delete(&self.0.control, &person.call, &person.caller, owner, name).await?;
        Ok(NoContent)
    }
}

/// The segment under its tag, in an answer of this kind.
fn tagged<A>(shown: &ShownSegment, kind: impl FnOnce(Data<SegmentView>) -> A) -> Tagged<A> {
    Tagged::new(shown.segment().revision, kind(Data { data: shown.into() }))
}
