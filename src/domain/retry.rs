//! When something is tried again that did not work elsewhere: soon at first, then ever more rarely, for more than a day.
//! Pure: the moment and the randomness are arguments.

use super::time::Timestamp;

/// How long to wait after the first failure, the second one and so on, in seconds. All of them together are 25 hours
/// and 42 minutes: who repairs their machine within a day misses nothing.
pub const DELAYS_SECONDS: [i64; 10] =
    [5, 30, 2 * 60, 10 * 60, 30 * 60, 60 * 60, 2 * 60 * 60, 4 * 60 * 60, 8 * 60 * 60, 10 * 60 * 60];

/// How much longer than that it may be, in percent: those who failed together are not to come again together.
const JITTER_PERCENT: i64 = 20;

/// How far a receiver may put off the next attempt, in seconds.
pub const MAX_WISH_SECONDS: i64 = 12 * 60 * 60;

/// When to try again after the attempt at `now`, which was the `failures`th one to fail; `None` if it is given up. A
/// receiver may wish that nobody comes before `wish`: that is heard if it is later, within bounds. An earlier one is
/// not, or who says "at once" each time would have used up all attempts in a minute.
pub fn next_attempt(
    now: Timestamp,
    failures: u32,
    random: u32,
    wish: Option<Timestamp>,
) -> Option<Timestamp> {
    let place = usize::try_from(failures.saturating_sub(1)).ok()?;
    let seconds = DELAYS_SECONDS.get(place)?;
    let most = seconds * 1_000 * JITTER_PERCENT / 100;
    let jitter = (most * i64::from(random)) >> u32::BITS;
    let own = Timestamp::from_millis(now.plus_seconds(*seconds).millis().saturating_add(jitter));
    let heard = wish.map_or(own, |wish| wish.min(now.plus_seconds(MAX_WISH_SECONDS)));
    Some(own.max(heard))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    /// How long is waited, in milliseconds.
    fn delay(failures: u32, random: u32, wish: Option<i64>) -> Option<i64> {
        let wish = wish.map(|seconds| NOW.plus_seconds(seconds));
        next_attempt(NOW, failures, random, wish).map(|next| next.millis() - NOW.millis())
    }

    #[test]
    fn it_grows_from_seconds_to_hours_and_ends_after_more_than_a_day() {
        let mut total = 0;
        for (failures, seconds) in (1..).zip(DELAYS_SECONDS) {
            assert_eq!(delay(failures, 0, None), Some(seconds * 1_000));
            let latest = delay(failures, u32::MAX, None).unwrap();
            assert!(latest > seconds * 1_190 && latest <= seconds * 1_200, "{latest}");
            total += seconds;
        }
        assert!((24 * 3_600..30 * 3_600).contains(&total), "{total}");
        assert!(DELAYS_SECONDS.is_sorted());
        assert_eq!(delay(11, 0, None), None);
        assert_eq!(delay(u32::MAX, 0, Some(1)), None);
    }

    #[test]
    fn a_receiver_may_put_it_off_within_bounds_and_not_hurry_it() {
        assert_eq!(delay(1, 0, Some(60)), Some(60_000));
        assert_eq!(delay(1, 0, Some(0)), Some(5_000));
        assert_eq!(delay(1, 0, Some(-60)), Some(5_000));
        assert_eq!(delay(1, 0, Some(i64::MAX / 2_000)), Some(MAX_WISH_SECONDS * 1_000));
        assert_eq!(delay(9, 0, Some(60)), Some(8 * 3_600_000));
    }
}
