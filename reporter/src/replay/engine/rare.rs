//! Whatever does not come in millions: mappings, marks, censuses, forks, and frees that did not happen.

use super::super::batch::Rare;
use super::super::definitions::MarkSeen;
use super::super::heap::Block;
use super::super::observer::{Context, Lost, Observer};
use super::super::space::Space;
use super::{Freed, Replay, share};
use memprof_wire::event::MarkKind;

impl<O: Observer> Replay<O> {
    /// Books one of them.
    #[inline(never)]
    pub(super) fn rare(&mut self, rare: &Rare) {
        match *rare {
            Rare::FreeCancelled => self.cancel_free(),
            Rare::UnmapCancelled => self.cancel_unmap(),
            Rare::Map {
                address,
                length,
                kind,
                row,
            } => self.map(address, length, kind, row),
            Rare::Unmap { address, length } => self.unmap(address, length),
            Rare::Remap {
                old,
                old_length,
                new,
                new_length,
                row,
            } => self.remap((old, old_length), (new, new_length), row),
            Rare::Protect {
                address,
                length,
                usable,
            } => self.protect(address, length, usable),
            Rare::Fork { parent, child } => self.fork(parent, child),
            Rare::Mark { ref name, .. } if self.ignores_mark(name) => {}
            Rare::Mark { kind, ref name } => self.mark(kind, name.clone()),
            Rare::Exits => self.exited = Some(self.current),
            Rare::CensusBegin => self.space.census.begin(self.ledger.births),
            Rare::CensusObject {
                address,
                type_id,
                waiting,
            } => self.space.census.add(address, type_id, waiting),
            Rare::CensusOwned {
                pointer,
                role,
                owner,
            } => self.space.census.add_owned(pointer, role, owner),
            Rare::CensusEnd { ref dicts } => {
                let Space { census, heap, .. } = &mut self.space;
                census.end(heap, &self.rows, dicts, &mut self.descriptions);
                if O::WANTS_CENSUS && self.space.counts() {
                    self.tell_census();
                }
            }
        }
    }

    /// Tells what a census found in the current space.
    fn tell_census(&mut self) {
        let context = Context::of(&self.ledger, &self.rows);
        self.observer.census(context);
        for (share, type_id) in self.space.counted(&self.rows) {
            self.observer.living(share, type_id);
        }
    }

    fn mark(&mut self, kind: MarkKind, name: String) {
        let mark = MarkSeen {
            kind,
            name,
            time: self.ledger.now,
            stamp: self.ledger.births,
            stream: self.stream,
        };
        let context = Context::of(&self.ledger, &self.rows);
        self.observer.mark(context, &mark);
        self.marks.push(mark);
    }

    /// The block that this stream freed last is alive after all.
    fn cancel_free(&mut self) {
        let Some(Freed {
            address,
            size,
            row,
            born,
            type_id,
            at,
        }) = self.freed.take()
        else {
            return;
        };
        let mut block = Block { size, row, born };
        self.ledger.frees -= u64::from(self.space.counts());
        if block.born <= self.space.silent_until {
            self.space.heap.insert(address, block);
            return;
        }
        let context = Context::of(&self.ledger, &self.rows);
        self.observer.restored(
            context,
            Lost {
                share: share(block),
                type_id,
                at,
            },
        );
        if self.ledger.births != at {
            block.born = self.ledger.birth();
        }
        if let Some(old) = self.space.heap.insert(address, block) {
            self.overwritten(old);
        }
        self.ledger.gain(share(block).totals);
    }
}
