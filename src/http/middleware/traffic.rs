//! What was asked of a path and how it was answered: one counter for each method and status, and how long answers
//! took. The cells are there before the first request, so that noting one is three additions.

use std::time::Duration;

use poem::http::{Method, StatusCode};

use crate::tally::{Counter, Durations};

/// The statuses that are told apart; whatever else is answered counts as [`OTHER`].
const STATUSES: [u16; 30] = [
    101, 200, 201, 202, 204, 206, 301, 303, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 412, 413,
    415, 422, 423, 428, 429, 500, 503, 504, 507,
];

/// How a method or a status that is not told apart is called.
pub const OTHER: &str = "other";

const CELLS: usize = STATUSES.len() + 1;

/// The requests of one path.
#[derive(Debug)]
pub struct Traffic {
    /// Methods that are told apart, with a counter for each status.
    methods: Vec<(Method, [Counter; CELLS])>,
    others: [Counter; CELLS],
    /// How long answers took, up to their head.
    pub durations: Durations,
}

impl Traffic {
    /// Of a path where these methods are told apart.
    pub fn of(methods: impl IntoIterator<Item = Method>) -> Self {
        Self {
            methods: methods.into_iter().map(|method| (method, Default::default())).collect(),
            others: Default::default(),
            durations: Durations::default(),
        }
    }

    /// A request was answered.
    pub fn note(&self, method: &Method, status: StatusCode, took: Duration) {
        let known = self.methods.iter().find(|(known, _)| known == method);
        known.map_or(&self.others, |(_, cells)| cells)[cell(status)].one();
        self.durations.note(took);
    }

    /// How many requests there were of each method, with which status; none that there never were.
    pub fn requests(&self) -> impl Iterator<Item = (&str, String, u64)> {
        let known = self.methods.iter().map(|(method, cells)| (method.as_str(), cells));
        known.chain([(OTHER, &self.others)]).flat_map(|(method, cells)| {
            let names = STATUSES.iter().map(ToString::to_string).chain([OTHER.to_owned()]);
            let counted = names.zip(cells).map(move |(status, counter)| (method, status, counter.total()));
            counted.filter(|(.., total)| *total > 0)
        })
    }
}

fn cell(status: StatusCode) -> usize {
    STATUSES.binary_search(&status.as_u16()).unwrap_or(STATUSES.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::error::Code;

    #[test]
    fn every_status_of_the_table_of_errors_is_told_apart() {
        assert!(STATUSES.is_sorted());
        let other = cell(StatusCode::IM_A_TEAPOT);
        assert_eq!(other, CELLS - 1);
        for code in Code::ALL {
            assert_ne!(cell(code.status()), other, "{}", code.status());
        }
    }

    #[test]
    fn requests_are_told_apart_by_method_and_status() {
        let traffic = Traffic::of([Method::GET]);
        for (method, status) in [
            (Method::GET, 200),
            (Method::GET, 200),
            (Method::GET, 503),
            (Method::PUT, 405),
            (Method::TRACE, 405),
            (Method::GET, 418),
        ] {
            traffic.note(&method, StatusCode::from_u16(status).unwrap(), Duration::ZERO);
        }
        let noted: Vec<_> = traffic.requests().collect();
        let noted: Vec<_> =
            noted.iter().map(|(method, status, total)| (*method, status.as_str(), *total)).collect();
        assert_eq!(noted, [("GET", "200", 2), ("GET", "503", 1), ("GET", "other", 1), ("other", "405", 2)]);
    }
}
