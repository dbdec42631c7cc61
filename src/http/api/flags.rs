//! Flags.

use std::sync::Arc;

use poem::Request;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use tokio::task::spawn_blocking;

use super::{Tag, required_environment};
use crate::{
    control::{
        Control,
        flag::{self, Extra, Filter, FlagName, ShownFlag, Staleness},
        flag_change, flag_life,
        lifecycle::observe,
        stats,
    },
    domain::{
        flag::{FlagStatus, FlagType},
        flag_change::FlagChange,
        id::EnvironmentId,
        page::{Direction, Page, Place, SortKey, paginate},
        time::Timestamp,
        violation::{Draft, Violations},
    },
    http::{
        app::App,
        envelope::{Data, Listed},
        error::ApiError,
        guard::Person,
        page::{self, PageNumber, PerPage},
        parameter::{Optional, Reader, Required},
        payload::{Created, FastJson, NoContent, Strict},
        tagged::Tagged,
        wire::{
            explain::{self, ExplainBody, Explanation},
            flag::{FlagItemView, FlagPlaceView, FlagView, ToggledView},
            flag_change::{CreateFlag, ToggleFlag, UpdateFlag, flag_change as read_change, new_flag},
            sort::Sort,
        },
    },
};

pub(super) struct FlagsApi(pub(super) Arc<App>);

/// What a list shows of a page of flags.
async fn items(
    app: &Arc<App>,
    person: &Person,
    environment: EnvironmentId,
    include: &[Extra],
    mut page: Page<ShownFlag>,
) -> Result<Page<FlagItemView>, ApiError> {
    let (control, now) = (&app.control, person.call.now);
    let observed = observe(control, environment, page.rows.iter().map(|shown| &*shown.flag), now)?;
    for shown in &mut page.rows {
        shown.last_evaluated_at = observed.last_evaluated_in(environment, &shown.flag);
    }
    let days = if include.contains(&Extra::Activity) {
        let (app, caller) = (Arc::clone(app), Arc::clone(&person.caller));
        let flags: Vec<_> = page.rows.iter().map(|shown| shown.flag.id).collect();
        let days = spawn_blocking(move || stats::of_a_day(&app.control, &caller, environment, &flags, now));
        Some(days.await.map_err(ApiError::internal)??)
    } else {
        None
    };
    let places =
        |shown: &ShownFlag| observed.elsewhere(&shown.flag).into_iter().map(FlagPlaceView::of).collect();
    Ok(page.map(|shown| {
        let mut item = FlagItemView::of(&shown, observed.lifecycle(&shown.flag));
        item.environments = include.contains(&Extra::Environments).then(|| places(&shown));
        item.activity = days.as_ref().and_then(|days| Some(days.get(&shown.flag.id)?.to_vec()));
        item
    }))
}

#[OpenApi(prefix_path = "/api/v1/flags", tag = "Tag::Flags")]
impl FlagsApi {
    /// List flags
    ///
    /// The flags of a project as one of its environments shows them, without their rules.
    #[oai(path = "/", method = "get", operation_id = "listFlags")]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the published API")]
    async fn list(
        &self,
        person: Person,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
        /// Only flags of this status; where absent, active and inactive ones.
        status: Query<Optional<FlagStatus>>,
        /// Only flags of this type.
        flag_type: Query<Optional<FlagType>>,
        /// Only flags with this text in their name or key, in upper or lower case.
        search: Query<Optional<String>>,
        /// Only flags with this tag.
        tag: Query<Optional<String>>,
        /// Only flags that are stale, or only those that are not.
        stale: Query<Optional<bool>>,
        /// What each flag shows beside itself: `environments`, `activity`, or both with a comma between them.
        include: Query<Optional<String>>,
        /// What the list is sorted by; where absent, `created_at`.
        sort: Query<Optional<Sort>>,
        /// Which way; where absent, `desc`.
        order: Query<Optional<Direction>>,
        /// The number of the page. Not together with `cursor`.
        page: Query<Optional<PageNumber>>,
        /// How many rows a page holds.
        per_page: Query<Optional<PerPage>>,
        /// The `meta.next_cursor` of the page before: continues exactly after it, in the same order.
        cursor: Query<Optional<String>>,
    ) -> Result<FastJson<Listed<FlagItemView>>, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let filter = Filter {
            status: reader.word("status", &status, FlagStatus::ALL),
            flag_type: reader.word("flag_type", &flag_type, FlagType::ALL),
            search: search.text().map(str::to_owned),
            tag: tag.text().map(str::to_owned),
            stale: reader.read("stale", &stale, Staleness::parse, "must be true or false"),
        };
        let include = reader.words("include", &include, Extra::ALL);
        let sort = reader.word("sort", &sort, Sort::ALL).unwrap_or(Sort::CreatedAt);
        let direction = reader.word("order", &order, Direction::ALL).unwrap_or(Direction::Descending);
        let order = format!("{}.{}", sort.as_str(), direction.as_str());
        let request = page::request(&mut reader, &order, &page, &per_page, &cursor);
        let (environment, request) = reader.finish((environment, request))?;

        let (control, environment) = (&self.0.control, super::environment_id(&environment)?);
        let flags = flag::list(control, &person.caller, environment, &filter, person.call.now)?;
        let page = paginate(flags, direction, &request, |shown| place(sort, shown));
        Ok(FastJson(page::listed(items(&self.0, &person, environment, &include, page).await?, &order)))
    }

    /// Create a flag
    ///
    /// It belongs to the project of the environment, and gets a configuration in each environment of the project. Of
    /// those, only the one in this address takes `enabled`, `targeting_rules` and `prerequisites` from the body; the
    /// others begin off and without rules. `warnings` says what is probably not meant. Needs the role `editor`.
    #[oai(path = "/", method = "post", operation_id = "createFlag")]
    async fn create(
        &self,
        person: Person,
        /// The environment, by its id. Required, unless the body names it.
        environment_id: Query<Optional<String>>,
        body: Strict<CreateFlag>,
    ) -> Result<Tagged<Created<Data<FlagView>>>, ApiError> {
        let draft = body.draft(|body, faults| {
            let environment = named(environment_id.text(), body.environment_id.as_deref(), faults);
            new_flag(body, faults).map(|new| (environment, new))
        })?;
        let Draft { value: (environment, new), faults } = draft;
        let environment = super::environment_id(&environment)?;
        let new = Draft { value: new, faults };
        let shown =
            flag_change::create(&self.0.control, &person.call, &person.caller, environment, new).await?;
        tagged_flag(&self.0.control, &shown, person.call.now, Created)
    }

    /// Get a flag
    ///
    /// As one environment shows it, with its rules and with what is probably not meant about them; also if it is
    /// archived.
    #[oai(path = "/:flag_id", method = "get", operation_id = "getFlag")]
    async fn get(
        &self,
        person: Person,
        request: &Request,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id.
        environment_id: Query<Required<String>>,
    ) -> Result<Tagged<FastJson<Data<FlagView>>>, ApiError> {
        let environment = required_environment(&environment_id)?;
        let name = FlagName(flag_id.0);
        let shown = flag::get(&self.0.control, &person.caller, environment, &name)?;
        let answer = tagged_flag(&self.0.control, &shown, person.call.now, FastJson)?;
        Ok(answer.unless_known(request.headers()))
    }

    /// Change a flag
    ///
    /// A field that is absent stays; a list replaces the whole list. Name, description, classification, tags, status,
    /// variations and bucketing are shared by all environments; the rest is of this environment alone. Needs the role
    /// `editor`.
    #[oai(path = "/:flag_id", method = "put", operation_id = "updateFlag")]
    async fn update(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id. Required, unless the body names it.
        environment_id: Query<Optional<String>>,
        body: Strict<UpdateFlag>,
    ) -> Result<Tagged<FastJson<Data<FlagView>>>, ApiError> {
        let draft = body.draft(|body, faults| {
            let environment = named(environment_id.text(), body.environment_id.as_deref(), faults);
            read_change(body, faults).map(|change| (environment, change))
        })?;
        let Draft { value: (environment, change), faults } = draft;
        let environment = super::environment_id(&environment)?;
        let (name, change) = (FlagName(flag_id.0), Draft { value: change, faults });
        let shown =
            flag_change::update(&self.0.control, &person.call, &person.caller, environment, name, change)
                .await?;
        tagged_flag(&self.0.control, &shown, person.call.now, FastJson)
    }

    /// Archive a flag, or delete an archived one for good
    ///
    /// An archived flag leaves every ruleset and keeps its key; it can be restored. A flag that others require cannot be
    /// archived. That needs the role `editor`. With `permanent=true` an archived flag is deleted with its configurations,
    /// its revisions and its statistics, and its key is free again; what was done with it stays in the audit log. That
    /// needs the role `admin`, and no other flag, archived or not, may require it.
    #[oai(path = "/:flag_id", method = "delete", operation_id = "archiveFlag")]
    async fn archive(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// Any environment of the project, by its id.
        environment_id: Query<Required<String>>,
        /// Whether to delete it for good; where absent, `false`.
        permanent: Query<Optional<bool>>,
    ) -> Result<NoContent, ApiError> {
        let mut reader = Reader::default();
        let environment = reader.required("environment_id", &environment_id);
        let permanent = reader.truth("permanent", &permanent);
        let environment = super::environment_id(&reader.finish(environment)?)?;
        let (control, name) = (&self.0.control, FlagName(flag_id.0));
        if permanent {
            flag_life::delete(control, &person.call, &person.caller, environment, name).await?;
        } else {
            flag_change::archive(control, &person.call, &person.caller, environment, name).await?;
        }
        Ok(NoContent)
    }

    /// Turn a flag on or off
    ///
    /// In this environment alone; rules are not touched. Needs the role `editor`.
    #[oai(path = "/:flag_id/toggle", method = "post", operation_id = "toggleFlag")]
    async fn toggle(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        /// The environment, by its id. Required, unless the body names it.
        environment_id: Query<Optional<String>>,
        body: Strict<ToggleFlag>,
    ) -> Result<Tagged<FastJson<Data<ToggledView>>>, ApiError> {
        let (environment, enabled) = body.parse(|body, faults| {
            Some((named(environment_id.text(), body.environment_id.as_deref(), faults), body.enabled))
        })?;
        let environment = super::environment_id(&environment)?;
        let (name, change) = (FlagName(flag_id.0), FlagChange::toggle(enabled));
        let shown =
            flag_change::toggle(&self.0.control, &person.call, &person.caller, environment, name, change)
                .await?;
        Ok(Tagged::new(shown.revision(), FastJson(Data { data: ToggledView::from(&shown) })))
    }

    /// Explain an evaluation
    ///
    /// What the flag serves to a context, with every step: each demand on another flag, each rule, each condition with
    /// the actual value and its verdict, the bucket and the thresholds. Nothing is counted.
    #[oai(path = "/:flag_id/explain", method = "post", operation_id = "explainFlag")]
    async fn explain(
        &self,
        person: Person,
        /// The flag's id or key.
        flag_id: Path<String>,
        /// The environment's id.
        environment_id: Query<Required<String>>,
        body: Strict<ExplainBody>,
    ) -> Result<FastJson<Data<Explanation>>, ApiError> {
        let context = body.parse(explain::context)?;
        let environment = required_environment(&environment_id)?;
        let (name, now) = (FlagName(flag_id.0), person.call.now);
        let explained = flag::explain(&self.0.control, &person.caller, environment, &name, &context, now)?;
        Ok(FastJson(Data { data: explained.into() }))
    }
}

/// The flag as it is at the moment `now`, under its tag, in an answer of this kind.
pub(super) fn tagged_flag<A>(
    control: &Control,
    shown: &ShownFlag,
    now: Timestamp,
    kind: impl FnOnce(Data<FlagView>) -> A,
) -> Result<Tagged<A>, ApiError> {
    Ok(Tagged::new(shown.revision(), kind(Data { data: flag_view(control, shown, now)? })))
}

/// The flag with what is known of it at the moment `now`.
pub(super) fn flag_view(control: &Control, shown: &ShownFlag, now: Timestamp) -> Result<FlagView, ApiError> {
    let observed = observe(control, shown.environment, std::iter::once(&*shown.flag), now)?;
    Ok(FlagView::of(shown, observed.lifecycle(&shown.flag), flag::warnings(control, shown)))
}

/// The environment that a change names, in its address or in its body.
fn named(query: Option<&str>, body: Option<&str>, faults: &mut Violations) -> String {
    match (query, body) {
        (Some(query), Some(body)) if query != body => {
            faults.malformed("environment_id", "is not the one in the address");
        }
        (None, None) => faults.malformed("environment_id", "is required"),
        (Some(_), _) | (None, Some(_)) => {}
    }
    query.or(body).unwrap_or_default().to_owned()
}

fn place(sort: Sort, shown: &ShownFlag) -> Place {
    let flag = &shown.flag;
    let key = match sort {
        Sort::Name => SortKey::Text(flag.name.as_str().to_lowercase()),
        Sort::Key => SortKey::Text(flag.key.as_str().to_owned()),
        Sort::CreatedAt => SortKey::Number(flag.created_at.millis()),
        Sort::UpdatedAt => SortKey::Number(flag.shown_update(&shown.configuration).millis()),
    };
    (key, flag.id.bits())
}
