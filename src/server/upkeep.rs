//! What a server does by itself: from time to time, and in the end.

use std::sync::Arc;
use std::time::Duration;

use crate::{
    control::{call::Call, outbox, usage},
    domain::revision::Expected,
    http::app::App,
};

/// How often counters of usage are written down, at least.
const FLUSH_INTERVAL: Duration = Duration::from_secs(10);
/// How often rate limits forget keys that are not in use.
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);
/// How often streams give a sign of life: twice as often as the contract (A9) says.
const BEAT_INTERVAL: Duration = Duration::from_secs(15);
/// How often old statistics and old deliveries are forgotten.
const FORGET_INTERVAL: Duration = Duration::from_hours(1);
/// How often keys whose time is over are looked for, to end their streams.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(1);

/// What is done from time to time.
pub(super) async fn upkeep(app: Arc<App>, stats_retention_days: u32) {
    let mut flush = tokio::time::interval(FLUSH_INTERVAL);
    let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
    let mut beat = tokio::time::interval(BEAT_INTERVAL);
    let mut forget = tokio::time::interval(FORGET_INTERVAL);
    let mut expiry = tokio::time::interval(EXPIRY_INTERVAL);
    loop {
        tokio::select! {
            _ = flush.tick() => write_down_usage(&app).await,
            _ = sweep.tick() => app.limits.sweep((app.clock)()),
            _ = beat.tick() => app.control.live().beat(),
            _ = forget.tick() => {
                forget_usage(&app, stats_retention_days).await;
                forget_deliveries(&app).await;
            }
            _ = expiry.tick() => app.control.live().end_expired((app.clock)()),
        }
    }
}

pub(super) fn upkeep_call(app: &App) -> Call {
    Call {
        now: (app.clock)(),
        request_id: "upkeep".into(),
        address: None,
        break_glass: None,
        expected: Expected::Any,
        trace: None,
    }
}

async fn forget_usage(app: &App, days: u32) {
    if let Err(error) = usage::forget(&app.control, &upkeep_call(app), days).await {
        tracing::error!(?error, "old statistics could not be forgotten; they are tried again in an hour");
    }
}

async fn forget_deliveries(app: &App) {
    if let Err(error) = outbox::forget(&app.control, &upkeep_call(app)).await {
        tracing::error!(?error, "old deliveries could not be forgotten; they are tried again in an hour");
    }
}

async fn write_down_usage(app: &App) {
    let call = upkeep_call(app);
    if let Err(error) = usage::flush(&app.control, &call).await {
        tracing::error!(
            ?error,
            "counters of usage could not be written down; they are kept for the next time"
        );
    }
}

/// Writes down what is left, waits for the last change, and closes the data file.
pub(super) async fn close(app: Arc<App>) {
    write_down_usage(&app).await;
    let Some(app) = Arc::into_inner(app) else {
        tracing::error!("something still uses the data; it is closed with the process");
        return;
    };
    if let Some(control) = Arc::into_inner(app.control) {
        let closed = tokio::task::spawn_blocking(move || control.close()).await;
        if let Err(error) = closed {
            tracing::error!(%error, "the data file was not closed well");
        }
    }
}
