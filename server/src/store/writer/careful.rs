//! Batches that the database cannot take as they are: with damaged data each request stands for itself,
//! without space none is stored.

use rusqlite::Result;
use tracing::warn;

use super::batch::Batch;
use super::login::recognise;
use super::thread::Writer;
use crate::store::damage::Subject;
use crate::store::values::{Fault, Refused, Write, WriteResult};

impl Writer {
    /// Commits the requests of a batch that meet no damage. The others are reported and refused.
    ///
    /// `SQLite` prohibits writing for the rest of a transaction that met damage, so that savepoints are
    /// of no use: each request is tried first in a transaction that is rolled back, which needs no sync.
    pub(super) fn commit_undamaged(&mut self, batch: &[Write]) -> Result<Vec<WriteResult>> {
        let mut refused = Vec::with_capacity(batch.len());
        for write in batch {
            let tried = self.try_alone(write);
            refused.push(self.refused_for_damage(write, tried)?.err());
        }
        let good = batch.iter().zip(&refused);
        let good: Vec<_> = good
            .filter(|(_, refused)| refused.is_none())
            .map(|(write, _)| write.clone())
            .collect();
        let mut written = match self.transact(&good) {
            // A request met damage only behind another one.
            Err(error) if Fault::of(&error) == Fault::Damage => self.commit_each(&good)?,
            written => written?,
        }
        .into_iter();
        let results = refused
            .into_iter()
            .map(|refused| refused.or_else(|| written.next()));
        Ok(results.flatten().collect())
    }

    fn commit_each(&mut self, writes: &[Write]) -> Result<Vec<WriteResult>> {
        let mut results = Vec::with_capacity(writes.len());
        for write in writes {
            let written = self.transact(std::slice::from_ref(write));
            match self.refused_for_damage(write, written)? {
                Ok(written) => results.extend(written),
                Err(refused) => results.push(refused),
            }
        }
        Ok(results)
    }

    fn try_alone(&mut self, write: &Write) -> Result<()> {
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let result = Batch::begin(&self.db, &mut self.rows, self.stamp).and_then(|mut batch| {
            batch.apply(self.log, write)?;
            batch.finish()
        });
        self.roll_back();
        result.map(drop)
    }

    /// Separates damage, which refuses the request, from other errors.
    fn refused_for_damage<T>(
        &self,
        write: &Write,
        result: Result<T>,
    ) -> Result<std::result::Result<T, WriteResult>> {
        match result {
            Err(error) if Fault::of(&error) == Fault::Damage => {
                self.damage
                    .report(&self.db, Subject::of_write(write), &error);
                Ok(Err(write.refused(Refused::Damaged, self.stamp)))
            }
            result => result.map(Ok),
        }
    }

    /// The results of a batch that found no space. Users of known devices are let in, to read.
    pub(super) fn refuse_for_space(&mut self, batch: &[Write]) -> Result<Vec<WriteResult>> {
        if !std::mem::replace(&mut self.lacks_space, true) {
            warn!("nothing can be written: the disk is full. Reading works; free some space");
        }
        batch
            .iter()
            .map(|write| match write {
                Write::Login(login) => Ok(WriteResult::Login {
                    session: login.session,
                    result: recognise(&self.db, self.log, self.stamp, login)?,
                }),
                write => Ok(write.refused(Refused::NoSpace, self.stamp)),
            })
            .collect()
    }
}

pub(super) fn fault_of<T>(result: &Result<T>) -> Option<Fault> {
    result.as_ref().err().map(Fault::of)
}
