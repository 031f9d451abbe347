//! The interval map against a model that knows each page by itself.

use super::{Change, Pages, Taken};
use crate::profile::Totals;
use crate::replay::ledger::Stamp;
use crate::replay::rows::RowId;
use memprof_wire::event::MappingKind;
use memprof_wire::units::{Address, Size};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: u64 = 4096;

/// What the model knows of a page.
#[derive(Clone, Copy, Debug, PartialEq)]
struct ModelPage {
    mapping: usize,
    kind: MappingKind,
    bytes: i64,
    born: u64,
}

#[derive(Clone, Debug)]
enum Step {
    Map(u64, u64, MappingKind),
    Unmap(u64, u64),
    UnmapAndCancel(u64, u64),
    Protect(u64, u64, bool),
}

fn steps() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        3 => Just(MappingKind::Anonymous),
        1 => Just(MappingKind::File),
        1 => Just(MappingKind::Reserved)
    ];
    let page = 0u64..24;
    // lengths in bytes, so that last pages are used in part
    let length = 1u64..10 * PAGE;
    prop_oneof![
        4 => (page.clone(), length.clone(), kind).prop_map(|(at, length, kind)| Step::Map(at, length, kind)),
        3 => (page.clone(), length.clone()).prop_map(|(at, length)| Step::Unmap(at, length)),
        1 => (page.clone(), length.clone()).prop_map(|(at, length)| Step::UnmapAndCancel(at, length)),
        2 => (page, length, any::<bool>()).prop_map(|(at, length, usable)| Step::Protect(at, length, usable)),
    ]
}

#[derive(Default)]
struct Model {
    pages: BTreeMap<u64, ModelPage>,
}

impl Model {
    fn apply(&mut self, number: usize, step: &Step) {
        match *step {
            Step::Map(at, length, kind) => {
                for page in 0..length.div_ceil(PAGE) {
                    let bytes = (length - page * PAGE).min(PAGE) as i64;
                    let born = number as u64;
                    self.pages.insert(
                        at + page,
                        ModelPage {
                            mapping: number,
                            kind,
                            bytes,
                            born,
                        },
                    );
                }
            }
            Step::Unmap(at, length) => {
                for page in 0..length.div_ceil(PAGE) {
                    self.pages.remove(&(at + page));
                }
            }
            Step::UnmapAndCancel(..) => {}
            Step::Protect(at, length, usable) => {
                let (from, to) = if usable {
                    (MappingKind::Reserved, MappingKind::Anonymous)
                } else {
                    (MappingKind::Anonymous, MappingKind::Reserved)
                };
                for page in 0..length.div_ceil(PAGE) {
                    if let Some(page) = self.pages.get_mut(&(at + page))
                        && page.kind == from
                    {
                        page.kind = to;
                        page.born = number as u64;
                    }
                }
            }
        }
    }

    fn bytes(&self, kind: MappingKind) -> i64 {
        self.pages
            .values()
            .filter(|page| page.kind == kind)
            .map(|page| page.bytes)
            .sum()
    }

    fn heap(&self) -> Totals {
        let heap = self
            .pages
            .values()
            .filter(|page| page.kind == MappingKind::Anonymous);
        let mappings: BTreeSet<_> = heap.map(|page| page.mapping).collect();
        Totals {
            bytes: self.bytes(MappingKind::Anonymous),
            blocks: mappings.len() as i64,
        }
    }

    /// Bytes by mapping and birth.
    fn shares(&self) -> BTreeMap<(u32, u64), i64> {
        let mut shares = BTreeMap::new();
        for page in self
            .pages
            .values()
            .filter(|page| page.kind == MappingKind::Anonymous)
        {
            *shares.entry((page.mapping as u32, page.born)).or_default() += page.bytes;
        }
        shares
    }
}

fn apply(pages: &mut Pages, number: usize, step: &Step, changes: &mut Vec<Change>) {
    let born = Stamp(number as u64);
    let row = RowId(number as u32);
    match *step {
        Step::Map(at, length, kind) => {
            pages.map(Address(at * PAGE), Size(length), kind, row, born, changes);
        }
        Step::Unmap(at, length) => {
            let taken = pages.unmap(Address(at * PAGE), Size(length), changes);
            pages.forget(taken);
        }
        Step::UnmapAndCancel(at, length) => {
            let taken: Taken = pages.unmap(Address(at * PAGE), Size(length), changes);
            pages.restore(taken, None, changes);
        }
        Step::Protect(at, length, usable) => {
            pages.protect(Address(at * PAGE), Size(length), usable, born, changes);
        }
    }
}

fn sum(changes: &[Change]) -> Totals {
    changes
        .iter()
        .map(|change| match change {
            Change::Gained(share) => share.totals,
            Change::Lost(share) => -share.totals,
        })
        .sum()
}

proptest! {
    #[test]
    fn every_byte_and_block_is_as_in_the_model(steps in proptest::collection::vec(steps(), 1..60)) {
        let mut pages = Pages::new(PAGE);
        let mut model = Model::default();
        let mut changes = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            apply(&mut pages, number, step, &mut changes);
            model.apply(number, step);
            prop_assert_eq!(sum(&changes), model.heap(), "after {:?}", step);
            prop_assert_eq!(pages.files(), model.bytes(MappingKind::File));
            prop_assert_eq!(pages.reserved(), model.bytes(MappingKind::Reserved));
            let mut shares = BTreeMap::new();
            for share in pages.iter().filter(|share| share.totals.bytes != 0) {
                *shares.entry((share.row.0, share.born.0)).or_default() += share.totals.bytes;
            }
            prop_assert_eq!(shares, model.shares());
            prop_assert_eq!(pages.iter().map(|share| share.totals).sum::<Totals>(), model.heap());
        }
        let before = changes.len();
        let rest = pages.unmap(Address(0), Size(100 * PAGE), &mut changes);
        pages.forget(rest);
        prop_assert!(changes.len() >= before);
        prop_assert_eq!(sum(&changes), Totals::ZERO);
        prop_assert_eq!(pages.unused.len(), pages.mappings.len());
    }
}

#[test]
fn a_mapping_counts_what_was_asked_for_and_is_one_block_until_its_last_page() {
    let mut pages = Pages::new(PAGE);
    let mut changes = Vec::new();
    let anonymous = MappingKind::Anonymous;
    pages.map(
        Address(0x10000),
        Size(2048),
        anonymous,
        RowId(1),
        Stamp(1),
        &mut changes,
    );
    assert_eq!(
        sum(&changes),
        Totals {
            bytes: 2048,
            blocks: 1
        }
    );

    let mut changes = Vec::new();
    pages.map(
        Address(0x20000),
        Size(4 * PAGE),
        anonymous,
        RowId(1),
        Stamp(2),
        &mut changes,
    );
    let taken = pages.unmap(Address(0x21000), Size(PAGE), &mut changes);
    pages.forget(taken);
    assert_eq!(
        sum(&changes),
        Totals {
            bytes: 3 * PAGE as i64,
            blocks: 1
        }
    );
    let taken = pages.unmap(Address(0), Size(1 << 20), &mut changes);
    pages.forget(taken);
    assert_eq!(
        sum(&changes),
        Totals {
            bytes: -2048,
            blocks: -1
        }
    );
}

#[test]
fn what_was_mapped_over_an_unmapping_that_failed_stays() {
    let mut pages = Pages::new(PAGE);
    let mut changes = Vec::new();
    let [anonymous, file] = [MappingKind::Anonymous, MappingKind::File];
    pages.map(
        Address(0),
        Size(4 * PAGE),
        anonymous,
        RowId(1),
        Stamp(1),
        &mut changes,
    );
    let taken = pages.unmap(Address(0), Size(4 * PAGE), &mut changes);
    pages.map(
        Address(PAGE),
        Size(PAGE),
        file,
        RowId(2),
        Stamp(2),
        &mut changes,
    );
    pages.restore(taken, None, &mut changes);
    assert_eq!(
        sum(&changes),
        Totals {
            bytes: 3 * PAGE as i64,
            blocks: 1
        }
    );
    assert_eq!(pages.at(Address(PAGE)), Some((file, RowId(2))));
    assert_eq!(pages.at(Address(2 * PAGE)), Some((anonymous, RowId(1))));
    assert_eq!(pages.at(Address(4 * PAGE)), None);
}
