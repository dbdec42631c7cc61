//! Moments. The clock itself is read in `server.rs` alone; everything below takes the moment as an argument.

use std::fmt;

use jiff::{
    Timestamp as Instant,
    fmt::{StdFmtWrite, rfc2822::DateTimeParser, temporal::DateTimePrinter},
};

const HTTP: DateTimeParser = DateTimeParser::new();

// Made once: parsing a format such as `{:.3}` takes longer than printing.
const SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
const MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// Bytes that every moment prints into; a string with less room is made twice.
const PRINTED_BYTES: usize = 64;

/// A moment in UTC, in whole milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `seconds` more.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Reads RFC 3339 with any offset; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<Instant>().ok().map(|instant| Self(instant.as_millisecond()))
    }

    /// Reads the date of an HTTP header, like `Sun, 06 Nov 1994 08:49:37 GMT`; `None` for anything else.
    pub fn parse_http(text: &str) -> Option<Self> {
        let instant = HTTP.parse_timestamp(text).ok()?;
        Some(Self(instant.as_millisecond()))
    }

    /// RFC 3339 in UTC with milliseconds, as `evaluated_at` prints.
    pub fn with_millis(self) -> String {
        self.printed(&MILLISECONDS)
    }

    fn printed(self, printer: &DateTimePrinter) -> String {
        let bounded = self.0.clamp(Instant::MIN.as_millisecond(), Instant::MAX.as_millisecond());
        let instant = Instant::from_millisecond(bounded).unwrap_or_default();
        let mut text = String::with_capacity(PRINTED_BYTES);
        // Printing into a string cannot fail.
        let _printed = printer.print_timestamp(&instant, StdFmtWrite(&mut text));
        text
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with whole seconds, as the API prints.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.printed(&SECONDS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_whole_seconds_and_milliseconds_in_utc() {
        let moment = Timestamp::from_millis(1_700_000_000_987);
        assert_eq!(moment.to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(moment.with_millis(), "2023-11-14T22:13:20.987Z");
        assert_eq!(Timestamp::from_millis(1_700_000_000_000).with_millis(), "2023-11-14T22:13:20.000Z");
        assert_eq!(Timestamp::parse("2023-11-15T00:13:20.987+02:00"), Some(moment));
        assert_eq!(Timestamp::parse("yesterday"), None);
        let header = Timestamp::parse_http("Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(header, Some(Timestamp::from_seconds(1_700_000_000)));
        assert_eq!(Timestamp::parse_http("120"), None);
    }

    #[test]
    fn never_panics_at_the_ends_of_time() {
        assert!(!Timestamp::from_millis(i64::MAX).to_string().is_empty());
        assert!(!Timestamp::from_millis(i64::MIN).with_millis().is_empty());
    }
}
