//! Evaluation: the hot path. No lock is held, nothing is read from disk, and no ruleset is copied.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use poem::{Endpoint, IntoResponse, Request, RequestBody, Response};
use poem_openapi::{ApiExtractor, ExtractParamOptions, OpenApi};

use super::Tag;
use crate::{
    domain::{context::Context, time::Timestamp},
    engine::{Evaluation, Ruleset, evaluate, evaluate_all},
    http::{
        app::App,
        error::{ApiError, Code},
        guard::Sdk,
        payload::{RawJson, to_bytes},
        wire::{
            evaluate::{ALL_FLAGS, Asked, EvaluateBody, read},
            evaluation::{Answered, EvaluateAnswer, Evaluations, Flat},
        },
    },
};

pub(super) struct EvaluateApi(pub(super) Arc<App>);

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Evaluation")]
impl EvaluateApi {
    /// Evaluate flags
    ///
    /// What flags of the API key's environment serve to a context, and why. The body has one of two forms.
    ///
    /// - `flags`: an evaluation for each key. `*` stands for every flag that is not archived. A key of no flag is
    ///   `FLAG_NOT_FOUND` inside of a 200. `context.user_key` is required.
    /// - `flag_key`, as the published SDKs send it: one flat evaluation. A key of no flag is a 404. The user key
    ///   may come as `user_key`, `user_id`, `userId`, `session_id` or `sessionId`.
    #[oai(path = "/evaluate", method = "post", operation_id = "evaluate")]
    async fn evaluate(
        &self,
        sdk: Sdk,
        body: RawJson<EvaluateBody>,
    ) -> Result<RawJson<EvaluateAnswer>, ApiError> {
        answer(&self.0, &sdk, &body)
    }
}

/// The same operation without the router: what its declaration does, by hand.
pub(super) struct Direct(pub(super) Arc<App>);

impl Endpoint for Direct {
    type Output = Response;

    fn call(&self, mut request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let mut body = RequestBody::new(request.take_body());
        // Not an `async fn`, which has room for its argument twice.
        async move {
            let sdk = Sdk::from_request(&request, &mut body, ExtractParamOptions::default()).await?;
            let body = RawJson::from_request(&request, &mut body, ExtractParamOptions::default()).await?;
            Ok(answer(&self.0, &sdk, &body)?.into_response())
        }
    }
}

fn answer(app: &App, sdk: &Sdk, body: &RawJson<EvaluateBody>) -> Result<RawJson<EvaluateAnswer>, ApiError> {
    let request = read(&body.bytes)?;
    let (live, environment) = (app.control.live(), &sdk.key.environment);
    let ruleset = sdk.key.environment.ruleset();
    let now = sdk.call.now;
    let answer = match &request.asked {
        Asked::Flags(keys) => {
            let answered = answered(&ruleset, keys, &request.context, now);
            let served = answered.iter().filter_map(|answered| match answered {
                Answered::Served(outcome) => Some(outcome),
                Answered::NotFound(_) => None,
            });
            live.count(environment, served, now);
            let evaluations = Evaluations { answered, evaluated_at: now.with_millis() };
            evaluations.json().map_err(ApiError::internal)?.into()
        }
        Asked::One(key) => {
            let outcome = evaluate(&ruleset, key, &request.context, now);
            let outcome = outcome.ok_or_else(|| not_found(key, sdk.key.environment.key.as_str()))?;
            live.count(environment, [&outcome], now);
            to_bytes(&Flat(&outcome))?
        }
    };
    Ok(RawJson::new(answer))
}

/// What is answered to each key, in the order in which they are asked for, each key once.
fn answered<'a>(
    ruleset: &'a Ruleset,
    keys: &'a [Cow<'_, str>],
    context: &Context<'_>,
    now: Timestamp,
) -> Vec<Answered<'a>> {
    let mut answered = Vec::with_capacity(keys.len());
    let mut seen: HashSet<&str> = HashSet::new();
    if keys.iter().any(|key| key == ALL_FLAGS) {
        answered.extend(evaluate_all(ruleset, context, now).into_iter().map(Answered::Served));
        if keys.len() == 1 {
            return answered;
        }
        seen.extend(ruleset.live_flags().map(|flag| flag.key()));
    }
    let mut evaluation = Evaluation::new(ruleset, context, now);
    // A single key, which is what most requests ask for, cannot be a repetition.
    let mut is_new = |key| keys.len() == 1 || seen.insert(key);
    for key in keys.iter().filter(|key| *key != ALL_FLAGS && is_new(key)) {
        answered.push(evaluation.flag(key).map_or(Answered::NotFound(key), Answered::Served));
    }
    answered
}

/// The refusal that the published SDKs read at the top level, beside our own envelope.
fn not_found(key: &str, environment: &str) -> ApiError {
    let sentence = format!("there is no flag '{key}' in the environment '{environment}'");
    ApiError::new(Code::FlagNotFound, sentence.clone()).with_beside("detail", sentence)
}
