//! Applies schedules at their time, one after the other. It compares the clock with the moment of the next one, which is
//! in memory; what was due while the server was down is due at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::upkeep::upkeep_call;
use crate::{
    control::{
        self,
        call::Call,
        schedule::{self, Ran},
    },
    domain::schedule::{Due, Failure},
    http::{ApiError, app::App},
};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(250);
/// How long a schedule waits that could not be applied for now.
const RETRY: Duration = Duration::from_secs(5);

/// Applies what is due, for as long as the server is there.
pub(super) async fn run(app: Arc<App>) {
    let mut next = schedule::due(&app.control);
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let due = *next.borrow_and_update();
        if let Some(due) = due.filter(|due| due.at <= (app.clock)()) {
            apply(&app, due).await;
            continue;
        }
        tokio::select! {
            _ = ticks.tick() => {}
            told = next.changed() => if told.is_err() { return },
        }
    }
}

async fn apply(app: &App, due: Due) {
    let call = Call { request_id: due.schedule.to_string().into(), ..upkeep_call(app) };
    match schedule::run(&app.control, &call, due, words).await {
        Ok(Ran::Applied | Ran::Gone) => {}
        Ok(Ran::Failed) => tracing::warn!(schedule = %due.schedule, "a schedule could not be applied"),
        Err(error) => {
            tracing::error!(?error, schedule = %due.schedule, "a schedule could not be applied yet; it is tried again");
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// What whoever asked for the change themselves would be told.
fn words(error: control::Error) -> Failure {
    let error = ApiError::from(error);
    Failure { code: error.code().text().to_owned(), message: error.message().to_owned() }
}
