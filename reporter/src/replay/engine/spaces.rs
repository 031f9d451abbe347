//! The replay goes from one address space to another; they come by forks and go with their processes.

use super::super::ledger::Share;
use super::super::observer::{Context, Observer};
use super::super::rows::Rows;
use super::super::source::StreamSource;
use super::super::space::{Space, SpaceIndex, SpacePlan, ends, forks};
use super::super::stream::StreamIndex;
use super::Replay;
use memprof_wire::event::MAIN_END;
use memprof_wire::units::Turn;

impl<O: Observer> Replay<O> {
    /// Empty heaps, for the events of these streams in these address spaces.
    pub fn of_spaces(
        page: u64,
        observer: O,
        streams: &[StreamSource],
        plans: &[SpacePlan],
    ) -> Self {
        let mut replay = Self::new(page, observer);
        let space = |plan: &SpacePlan| {
            if plan.counts {
                Space::new(page)
            } else {
                Space::silent(page)
            }
        };
        if plans.len() > 1 || plans.iter().any(|plan| !plan.counts) {
            replay.parked = plans.iter().map(space).collect();
            let first = Space::new(page);
            replay.space = match replay.parked.first_mut() {
                Some(place) => std::mem::replace(place, first),
                None => first,
            };
            replay.spaces = streams.iter().map(|stream| stream.space).collect();
            replay.reading.forks = forks(plans);
            replay.ends = ends(plans);
            replay.plans = plans.to_vec();
        }
        replay
    }

    /// The forks that are still to come, for whoever reads the events.
    pub(in crate::replay) fn take_forks(&mut self) -> Vec<(Turn, SpaceIndex, SpaceIndex)> {
        std::mem::take(&mut self.reading.forks)
    }

    /// The events that follow are of this stream.
    pub(super) fn enter(&mut self, stream: StreamIndex) {
        while let Some(&(due, space)) = self.ends.last()
            && due < self.ledger.now
        {
            self.ends.pop();
            self.park();
            if !self.parked[space.0 as usize].is_over {
                self.end(space);
            }
            self.park();
        }
        let space = self.spaces.get(stream.0 as usize).copied();
        let space = space.unwrap_or_default();
        if space != self.current {
            self.switch(space);
        }
    }

    #[inline(never)]
    fn switch(&mut self, to: SpaceIndex) {
        self.park();
        std::mem::swap(&mut self.space, &mut self.parked[to.0 as usize]);
        self.current = to;
        self.end_earlier_programs(to);
    }

    /// Puts the current space into its place, so that all can be looked at; and back again.
    fn park(&mut self) {
        std::mem::swap(&mut self.space, &mut self.parked[self.current.0 as usize]);
    }

    /// A process that runs another program has no memory of the one before.
    fn end_earlier_programs(&mut self, now: SpaceIndex) {
        let process = self.plans[now.0 as usize].process;
        for earlier in 0..now.0 {
            if self.plans[earlier as usize].process == process
                && !self.parked[earlier as usize].is_over
            {
                self.end(SpaceIndex(earlier));
            }
        }
    }

    /// Whether a mark is none of the report's. The end of the program is that of the one which was
    /// started, and not of the first child that ends.
    pub(super) fn ignores_mark(&self, name: &str) -> bool {
        let first = self.plans.iter().find(|plan| plan.counts);
        let process = self.plans.get(self.current.0 as usize);
        let elsewhere = first.map(|plan| plan.process) != process.map(|plan| plan.process);
        !self.space.counts() || elsewhere && name == MAIN_END
    }

    /// A child has its parent's memory. What the report counts in the parent it does not count
    /// again in the child: until somebody writes there it is the same memory.
    pub(super) fn fork(&mut self, parent: SpaceIndex, child: SpaceIndex) {
        self.park();
        self.fork_parked(parent, child);
        self.park();
    }

    fn fork_parked(&mut self, parent: SpaceIndex, child: SpaceIndex) {
        let (parent, child) = (parent.0 as usize, child.0 as usize);
        if parent == child {
            return;
        }
        let born = self.ledger.birth();
        let mut space = std::mem::replace(&mut self.parked[child], Space::new(self.page));
        let from = &self.parked[parent];
        space.inherit(from, born);
        if space.counts() && from.counts() {
            space.silent_until = born;
            space.silent_files = space.pages.files();
            space.silent_reserved = space.pages.reserved();
        }
        let inherited = space.counted(&self.rows).map(|(share, _)| share.totals);
        self.ledger.gain(inherited.sum());
        for (share, _) in space.counted(&self.rows) {
            let context = Context {
                ledger: &self.ledger,
                rows: &self.rows,
            };
            self.observer.mapped(context, share);
        }
        std::mem::swap(&mut self.space, &mut space);
        self.count_files();
        std::mem::swap(&mut self.space, &mut space);
        self.parked[child] = space;
    }

    /// A process has ended, and its memory is nobody's any more. Its space is parked.
    fn end(&mut self, space: SpaceIndex) {
        let place = &mut self.parked[space.0 as usize];
        let counts = place.counts();
        let mut space = std::mem::replace(place, Space::silent(self.page));
        place.is_over = true;
        if !counts {
            return;
        }
        self.ledger.files -= std::mem::take(&mut space.counted_files);
        self.ledger.reserved -= std::mem::take(&mut space.counted_reserved);
        for (share, type_id) in space.counted(&self.rows) {
            self.ledger.lose(share.totals);
            let context = Context {
                ledger: &self.ledger,
                rows: &self.rows,
            };
            self.observer.ended(context, share, type_id);
            self.left.push((share, type_id));
        }
    }
}

impl Space {
    /// What is alive and counts.
    pub(super) fn counted(
        &self,
        rows: &Rows,
    ) -> impl Iterator<Item = (Share, Option<memprof_wire::units::TypeId>)> {
        let blocks = self.heap.iter().map(|(address, block)| {
            let type_id = self.census.type_of(address, block, rows);
            (super::share(block), type_id)
        });
        let mappings = self.pages.iter().map(|share| (share, None));
        let silent_until = self.silent_until;
        blocks
            .chain(mappings)
            .filter(move |(share, _)| share.born > silent_until)
    }
}
