//! What everything was at a moment, kept in memory, and the way back to it: for servers that tests set back.

use redb::{Database, Key, ReadableDatabase, TableDefinition, Value};

use super::{
    Error, Reader, Writer,
    backup::{Companion, walk},
    tables,
};

/// Everything that a store had at a moment.
pub struct Snapshot(Database);

/// Nobody wants to hear of it.
struct Alone;

impl Companion for Alone {
    fn digest(&mut self, _: &[u8]) {}
    fn progress(&mut self, _: u64, _: u64) {}
}

impl Snapshot {
    /// Keeps everything that `reader` sees.
    pub fn take(reader: &Reader) -> Result<Self, Error> {
        let backend = redb::backends::InMemoryBackend::new();
        let database = Database::builder()
            .create_with_backend(backend)
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let tx = database.begin_write()?;
        walk(&reader.0.transaction, Some(&tx), &mut Alone)?;
        tx.commit()?;
        Ok(Self(database))
    }

    /// Makes everything what it was.
    pub fn put_back(&self, writer: &Writer) -> Result<(), Error> {
        tables::each(&mut Emptying(&writer.0))?;
        walk(&self.0.begin_read()?, Some(&writer.0), &mut Alone)?;
        Ok(())
    }
}

struct Emptying<'w>(&'w redb::WriteTransaction);

impl tables::Visitor for Emptying<'_> {
    fn visit<K: Key + 'static, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'static, K, V>,
    ) -> Result<(), Error> {
        // Readers count on every table being there.
        self.0.delete_table(table)?;
        self.0.open_table(table)?;
        Ok(())
    }
}
