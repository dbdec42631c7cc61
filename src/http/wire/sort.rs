//! Words that only the addresses of requests use.

use crate::{control::stats::Window, domain::named::named, words};

named! {
    /// What a list of flags is sorted by.
    Sort {
        /// The name, in any case.
        Name = "name",
        /// The key.
        Key = "key",
        /// When the flag was made.
        CreatedAt = "created_at",
        /// When what the environment shows of it last changed.
        UpdatedAt = "updated_at",
    }

    /// How far back statistics go.
    Period {
        /// This hour of the clock.
        Hour = "1h",
        /// 24 hours.
        Day = "24h",
        /// 7 days.
        Week = "7d",
        /// 30 days.
        Month = "30d",
    }

    /// How a list is written.
    Format {
        /// One page, in the envelope of all lists.
        Json = "json",
        /// All of it, one thing a line.
        Lines = "ndjson",
    }
}

words! {
    Sort as "FlagSort",
    Period as "Period",
    Format as "ListFormat",
}

impl Period {
    /// Hours of the clock, this one included: 24 points of an hour, 28 of six hours, or 30 of a day.
    pub fn window(self) -> Window {
        let (hours, step) = match self {
            Self::Hour => (1, 1),
            Self::Day => (24, 1),
            Self::Week => (7 * 24, 6),
            Self::Month => (30 * 24, 24),
        };
        Window { hours, step }
    }
}
