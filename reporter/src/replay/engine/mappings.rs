//! Mappings are booked: part of them is heap, part are files, part is only set aside.

use super::super::observer::{Context, Lost, Observer};
use super::super::pages::{Change, Taken};
use super::super::rows::RowId;
use super::Replay;
use memprof_wire::event::MappingKind;
use memprof_wire::units::{Address, Size};

impl<O: Observer> Replay<O> {
    pub(super) fn map(&mut self, address: Address, length: Size, kind: MappingKind, row: RowId) {
        let born = self.ledger.birth();
        self.space
            .pages
            .map(address, length, kind, row, born, &mut self.changes);
        self.apply_changes();
        if kind == MappingKind::Anonymous && born > self.space.silent_until {
            self.rows.count(row, length.0 as i64);
            let context = Context::of(&self.ledger, &self.rows);
            self.observer.allocated(context, row, length.0, born);
        }
    }

    /// What a stream unmaps last may turn out to be still mapped.
    pub(super) fn unmap(&mut self, address: Address, length: Size) {
        let taken = self.take(address, length);
        let at = self.ledger.births;
        if let Some((older, _)) = self.unmapped.insert(self.stream.0, (taken, at)) {
            self.space.pages.forget(older);
        }
        self.apply_changes();
    }

    pub(super) fn remap(
        &mut self,
        (old, old_length): (Address, Size),
        (new, new_length): (Address, Size),
        row: RowId,
    ) {
        let known = self.space.pages.at(old);
        let kind = known.map_or(MappingKind::Anonymous, |(kind, _)| kind);
        let taken = self.take(old, old_length);
        self.space.pages.forget(taken);
        self.map(new, new_length, kind, row);
    }

    pub(super) fn protect(&mut self, address: Address, length: Size, usable: bool) {
        let born = self.ledger.birth();
        let pages = &mut self.space.pages;
        pages.protect(address, length, usable, born, &mut self.changes);
        self.apply_changes();
    }

    /// Takes a mapping away; the changes are still to be applied.
    fn take(&mut self, address: Address, length: Size) -> Taken {
        let taken = self.space.pages.unmap(address, length, &mut self.changes);
        self.ledger.frees += u64::from(!self.changes.is_empty() && self.space.counts());
        taken
    }

    /// Books what a call did to the mappings, in the order in which it did.
    fn apply_changes(&mut self) {
        self.count_files();
        for change in self.changes.drain(..) {
            let (Change::Lost(share) | Change::Gained(share)) = change;
            if share.born <= self.space.silent_until {
                continue;
            }
            match change {
                Change::Lost(share) => {
                    self.ledger.lose(share.totals);
                    let context = Context::of(&self.ledger, &self.rows);
                    self.observer.lost(context, share, None);
                }
                Change::Gained(share) => {
                    self.ledger.gain(share.totals);
                    let context = Context::of(&self.ledger, &self.rows);
                    self.observer.mapped(context, share);
                }
            }
        }
    }

    /// Notes what mapped files and addresses set aside have become.
    pub(super) fn count_files(&mut self) {
        if !self.space.counts() {
            return;
        }
        let space = &mut self.space;
        let files = (space.pages.files() - space.silent_files).max(0);
        self.ledger.files += files - std::mem::replace(&mut space.counted_files, files);
        let reserved = (space.pages.reserved() - space.silent_reserved).max(0);
        self.ledger.reserved += reserved - std::mem::replace(&mut space.counted_reserved, reserved);
    }

    /// What this stream unmapped last is still mapped.
    pub(super) fn cancel_unmap(&mut self) {
        let Some((taken, at)) = self.unmapped.remove(&self.stream.0) else {
            return;
        };
        let reborn = (self.ledger.births != at).then(|| self.ledger.birth());
        self.space.pages.restore(taken, reborn, &mut self.changes);
        self.ledger.frees -= u64::from(!self.changes.is_empty() && self.space.counts());
        for change in &self.changes {
            if let (Change::Gained(share), None) = (change, reborn)
                && share.born > self.space.silent_until
            {
                let context = Context::of(&self.ledger, &self.rows);
                self.observer.restored(
                    context,
                    Lost {
                        share: *share,
                        type_id: None,
                        at,
                    },
                );
            }
        }
        self.apply_changes();
    }
}
