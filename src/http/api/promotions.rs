//! Taking what one environment says to another.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use super::{Tag, environment_id};
use crate::{
    control::{
        flag::FlagName,
        promotion::{Chosen, Promotion, promote},
    },
    http::{
        app::App,
        envelope::Data,
        error::ApiError,
        guard::Person,
        payload::{FastJson, Strict},
        wire::promotion::{PromoteEnvironment, PromoteFlag, PromotionView, check_apart, chosen, parts, run},
    },
};

pub(super) struct PromotionsApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1")]
impl PromotionsApi {
    /// Promote a flag
    ///
    /// Takes what one environment says of the flag to another one of the same project: `enabled`, the default variation,
    /// the rules and the prerequisites, or those of them that `include` names. Rules keep their ids. What all
    /// environments share is not touched. Where both say the same already, nothing happens. Needs the role `editor`.
    #[oai(
        path = "/flags/:flag_id/promote",
        method = "post",
        operation_id = "promoteFlag",
        tag = "Tag::Flags"
    )]
    async fn flag(
        &self,
        person: Person,
        /// The flag, by its id or its key.
        flag_id: Path<String>,
        body: Strict<PromoteFlag>,
    ) -> Result<FastJson<Data<PromotionView>>, ApiError> {
        let (body, parts) = body.parse(|mut body, faults| {
            check_apart(&body.from_environment_id, &body.to_environment_id, faults);
            let parts = parts(body.include.take(), faults);
            Some((body, parts))
        })?;
        let flags = Chosen::One(FlagName(flag_id.0));
        let from = environment_id(&body.from_environment_id)?;
        let to = environment_id(&body.to_environment_id)?;
        self.promoted(&person, Promotion { from, to, flags, parts, run: run(body.dry_run) }).await
    }

    /// Promote an environment
    ///
    /// Takes what another environment of the same project says of its flags to this one, in one change with one new
    /// version: of the flags in `flags`, or of all that are not archived. Flags of which both say the same are left
    /// alone; more than 1,000 that differ are refused with `LIMIT_EXCEEDED`. With `dry_run` the answer is the same and
    /// nothing is changed; what would be refused is refused. Needs the role `editor`.
    #[oai(
        path = "/environments/:environment_id/promote",
        method = "post",
        operation_id = "promoteEnvironment",
        tag = "Tag::Environments"
    )]
    async fn environment(
        &self,
        person: Person,
        /// The environment that gets the configurations, by its id.
        #[oai(name = "environment_id")]
        to: Path<String>,
        body: Strict<PromoteEnvironment>,
    ) -> Result<FastJson<Data<PromotionView>>, ApiError> {
        let (body, flags, parts) = body.parse(|mut body, faults| {
            check_apart(&body.from_environment_id, &to, faults);
            let (flags, parts) = (chosen(body.flags.take(), faults), parts(body.include.take(), faults));
            Some((body, flags, parts))
        })?;
        let (from, to) = (environment_id(&body.from_environment_id)?, environment_id(&to)?);
        self.promoted(&person, Promotion { from, to, flags, parts, run: run(body.dry_run) }).await
    }
}

impl PromotionsApi {
    async fn promoted(
        &self,
        person: &Person,
        asked: Promotion,
    ) -> Result<FastJson<Data<PromotionView>>, ApiError> {
        let Promotion { from, to, run, .. } = asked;
        let found = promote(&self.0.control, &person.call, &person.caller, asked).await?;
        Ok(FastJson(Data { data: PromotionView::of(&found, from, to, run) }))
    }
}
