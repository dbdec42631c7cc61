//! redb without anything around it.

use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

use redb::{Database, TableDefinition};

use super::Outcome;

/// Where a row of a commit goes.
pub(crate) enum Place {
    /// Behind all that are there.
    Last,
    /// In place of the one that was written before.
    Same,
}

/// What a commit writes into a table.
pub(crate) struct Row {
    table: &'static str,
    bytes: usize,
    place: Place,
}

const fn row(table: &'static str, bytes: usize, place: Place) -> Row {
    Row { table, bytes, place }
}

/// One row, about as long as the record of a configuration.
pub(crate) const ONE_ROW: [Row; 1] = [row("rows", 256, Place::Last)];

/// What the server writes when a flag is switched: rows as long as its own, on the average.
pub(crate) const SWITCH: [Row; 8] = [
    row("meta", 40, Place::Same),
    row("environments", 120, Place::Same),
    row("configurations", 56, Place::Same),
    row("flag_configurations", 64, Place::Last),
    row("flag_revisions", 108, Place::Last),
    row("audit", 264, Place::Last),
    row("audit_of", 0, Place::Last),
    row("audit_search", 1_424, Place::Same),
];

/// A database of its own.
pub(crate) struct Alone {
    database: Database,
    rows: &'static [Row],
    /// How many commits were made.
    made: Cell<u64>,
}

impl Alone {
    pub(crate) fn open(path: &Path, rows: &'static [Row]) -> Outcome<Self> {
        Ok(Self { database: Database::create(path)?, rows, made: Cell::new(0) })
    }

    /// Durable commits per second, each with all of its rows.
    pub(crate) fn commits(&self, time: Duration) -> Outcome<f64> {
        let before = self.made.get();
        let began = Instant::now();
        while began.elapsed() < time {
            let change = self.database.begin_write()?;
            for Row { table, bytes, place } in self.rows {
                let table: TableDefinition<'_, u64, &[u8]> = TableDefinition::new(table);
                let key = match place {
                    Place::Last => self.made.get(),
                    Place::Same => 0,
                };
                change.open_table(table)?.insert(key, &*vec![0x5a; *bytes])?;
            }
            change.commit()?;
            self.made.set(self.made.get() + 1);
        }
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        Ok((self.made.get() - before) as f64 / began.elapsed().as_secs_f64())
    }
}
