//! Pages of lists: by number, or by a cursor that continues exactly after a row, whatever is inserted meanwhile.

use std::cmp::Ordering;

use super::{id::Bits, named::named};

/// Rows of a page where nothing else is said.
pub const DEFAULT_PER_PAGE: u32 = 50;
/// Rows of a page, at most.
pub const MAX_PER_PAGE: u32 = 200;

named! {
    /// Which way a list is sorted.
    Direction {
        /// Smallest first.
        Ascending = "asc",
        /// Largest first.
        Descending = "desc",
    }
}

/// What a list is sorted by; rows of equal keys are told apart by identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    /// A moment, or a place in the audit log.
    Number(i64),
    /// A name or a key.
    Text(String),
}

/// The place of a row in its list.
pub type Place = (SortKey, Bits);

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the page of this number, from 1.
    Page(u32),
    /// After the row that was at this place.
    After(Cursor),
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The number of the page that it continues with.
    pub page: u32,
    /// The last row before it.
    pub place: Place,
}

/// Which rows of a list are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows, at most: 1 to [`MAX_PER_PAGE`].
    pub per_page: u32,
    /// From where on.
    pub start: Start,
}

impl PageRequest {
    /// As many rows from the first one on, or from the cursor on, tell what is on the page and whether there are more.
    pub fn reach(&self) -> usize {
        let size = self.per_page as usize;
        let pages = match self.start {
            Start::Page(page) => page as usize,
            Start::After(_) => 1,
        };
        pages.saturating_mul(size).saturating_add(1)
    }
}

/// Some rows of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The number of this page, from 1.
    pub page: u32,
    /// Rows, at most.
    pub per_page: u32,
    /// Rows of the whole list.
    pub total: u64,
    /// Continues after the last row, if there are more.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The same page with these rows in the place of its own.
    pub fn with<U>(self, rows: Vec<U>) -> Page<U> {
        Page { rows, page: self.page, per_page: self.per_page, total: self.total, next: self.next }
    }

    /// The same page of other rows.
    pub fn map<U>(mut self, convert: impl FnMut(T) -> U) -> Page<U> {
        let rows = std::mem::take(&mut self.rows);
        self.with(rows.into_iter().map(convert).collect())
    }
}

/// Sorts `rows` by their places and cuts out the page that is asked for.
pub fn paginate<T>(
    rows: Vec<T>,
    direction: Direction,
    request: &PageRequest,
    place: impl Fn(&T) -> Place,
) -> Page<T> {
    let mut placed: Vec<(Place, T)> = rows.into_iter().map(|row| (place(&row), row)).collect();
    placed.sort_by(|(left, _), (right, _)| direction.compare(left, right));
    window(placed.into_iter(), direction, request)
}

/// Cuts the page that is asked for out of rows that come in their order. All of them are counted, and only those of
/// the page are kept.
pub fn window<T>(
    sorted: impl Iterator<Item = (Place, T)>,
    direction: Direction,
    request: &PageRequest,
) -> Page<T> {
    let size = request.per_page as usize;
    let (page, mut skip) = match &request.start {
        Start::Page(page) => (*page, (*page as usize - 1).saturating_mul(size)),
        Start::After(cursor) => (cursor.page, 0),
    };
    let (mut rows, mut total, mut last, mut more) = (Vec::with_capacity(size), 0, None, false);
    for (place, row) in sorted {
        total += 1;
        let seen = match &request.start {
            Start::Page(_) => false,
            Start::After(cursor) => direction.compare(&place, &cursor.place) != Ordering::Greater,
        };
        if seen {
            continue;
        }
        if skip > 0 {
            skip -= 1;
        } else if rows.len() < size {
            last = Some(place);
            rows.push(row);
        } else {
            more = true;
        }
    }
    let next = last.filter(|_| more).map(|place| Cursor { page: page.saturating_add(1), place });
    Page { rows, page, per_page: request.per_page, total, next }
}

impl Direction {
    fn compare(self, left: &Place, right: &Place) -> Ordering {
        match self {
            Self::Ascending => left.cmp(right),
            Self::Descending => right.cmp(left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(per_page: u32, start: Start) -> PageRequest {
        PageRequest { per_page, start }
    }

    fn place(row: &u128) -> Place {
        (SortKey::Number(i64::try_from(*row / 10).unwrap()), *row)
    }

    #[test]
    fn pages_by_number_cover_the_list_once() {
        let rows: Vec<u128> = vec![30, 11, 10, 12, 25];
        let page = |number| paginate(rows.clone(), Direction::Ascending, &ask(2, Start::Page(number)), place);
        assert_eq!(page(1).rows, [10, 11]);
        assert_eq!(page(2).rows, [12, 25]);
        assert_eq!((page(3).rows, page(3).next, page(3).total), (vec![30], None, 5));
        assert!(page(4).rows.is_empty() && page(u32::MAX).rows.is_empty());
    }

    #[test]
    fn a_cursor_neither_repeats_nor_skips_while_rows_are_inserted() {
        let mut rows: Vec<u128> = (10..40).collect();
        let mut seen = Vec::new();
        let mut start = Start::Page(1);
        for round in 0.. {
            let page = paginate(rows.clone(), Direction::Descending, &ask(7, start), place);
            assert_eq!(page.page, round + 1);
            seen.extend(page.rows);
            // New rows appear before and behind the place that was reached.
            rows.push(100 + u128::from(round));
            let Some(next) = page.next else { break };
            start = Start::After(next);
        }
        assert_eq!(seen, (10..40).rev().collect::<Vec<u128>>());
    }
}
