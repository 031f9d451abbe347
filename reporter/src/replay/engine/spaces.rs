//! The replay goes from one address space to another; they come by forks and go with their processes.

use super::super::ledger::Share;
use super::super::observer::{Context, Observer};
use super::super::rows::Rows;
use super::super::source::StreamSource;
use super::super::space::{Space, SpaceIndex, SpacePlan};
use super::super::stream::StreamIndex;
use super::Replay;
use memprof_wire::event::MAIN_END;
use memprof_wire::units::{Microseconds, Turn};

impl<O: Observer> Replay<O> {
    /// Empty heaps, for the events of these streams in these address spaces.
    pub fn of_spaces(
        page: u64,
        observer: O,
        streams: &[StreamSource],
        plans: &[SpacePlan],
    ) -> Self {
        let mut replay = Self::new(page, observer);
        if plans.len() > 1 || plans.iter().any(|plan| !plan.counts) {
            for plan in plans {
                replay.begin_space(plan.clone());
            }
            replay.spaces = streams.iter().map(|stream| stream.space).collect();
        }
        replay
    }

    /// There is one more address space, which may have been forked from an earlier one. Before the
    /// first is begun all events are of one.
    pub fn begin_space(&mut self, plan: SpacePlan) -> SpaceIndex {
        let index = SpaceIndex(self.plans.len() as u32);
        let mut space = if plan.counts {
            Space::new(self.page)
        } else {
            Space::silent(self.page)
        };
        if index == self.current {
            std::mem::swap(&mut self.space, &mut space);
        }
        self.parked.push(space);
        if let Some((parent, turn)) = plan.inherits {
            self.forks(parent, index, turn);
        }
        if let Some(time) = plan.ended {
            self.ends(index, time);
        }
        self.plans.push(plan);
        index
    }

    /// There is one more stream, of events in this address space.
    pub fn begin_stream(&mut self, space: SpaceIndex) {
        self.spaces.push(space);
    }

    /// At this turn, or now if it is over, the child has what the parent has.
    pub fn forks(&mut self, parent: SpaceIndex, child: SpaceIndex, turn: Turn) {
        let forks = &mut self.reading.forks;
        let fork = (turn, parent, child);
        forks.insert(forks.partition_point(|&other| other > fork), fork);
    }

    /// At this time the process of an address space has ended.
    pub fn ends(&mut self, space: SpaceIndex, time: Microseconds) {
        let end = (time, space);
        let place = self.ends.partition_point(|&other| other > end);
        self.ends.insert(place, end);
    }

    /// All that happened before this time was seen: processes that had ended hold nothing any more,
    /// but the last ones, whose memory is what was left in the end.
    pub fn end_before(&mut self, time: Microseconds) {
        self.catch_up();
        let is_alive = |place: usize| {
            let ended = self.ends.iter().any(|(_, space)| space.0 as usize == place);
            !ended && !self.parked[place].is_over
        };
        if (0..self.plans.len()).any(is_alive) {
            self.end_those_before(time);
        }
    }

    /// The forks that are still to come, for whoever reads the events.
    pub(in crate::replay) fn take_forks(&mut self) -> Vec<(Turn, SpaceIndex, SpaceIndex)> {
        std::mem::take(&mut self.reading.forks)
    }

    fn end_those_before(&mut self, time: Microseconds) {
        while let Some(&(due, space)) = self.ends.last()
            && due < time
        {
            self.ends.pop();
            self.end_unless_over(space);
        }
    }

    /// The events that follow are of this stream.
    pub(super) fn enter(&mut self, stream: StreamIndex) {
        self.end_those_before(self.ledger.now);
        let space = self.spaces.get(stream.0 as usize).copied();
        let space = space.unwrap_or_default();
        // the last of all keeps what it has: that is what a recording ends with
        if let Some(exited) = self.exited.take_if(|exited| *exited != space) {
            self.end_unless_over(exited);
        }
        if space != self.current {
            self.switch(space);
        }
    }

    #[inline(never)]
    fn end_unless_over(&mut self, space: SpaceIndex) {
        self.park();
        if !self.parked[space.0 as usize].is_over {
            self.end(space);
        }
        self.park();
    }

    #[inline(never)]
    fn switch(&mut self, to: SpaceIndex) {
        self.park();
        std::mem::swap(&mut self.space, &mut self.parked[to.0 as usize]);
        self.current = to;
        self.observer.enters(to);
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
        self.observer.enters(SpaceIndex(child as u32));
        for (share, _) in space.counted(&self.rows) {
            let context = Context {
                ledger: &self.ledger,
                rows: &self.rows,
            };
            self.observer.mapped(context, share);
        }
        self.observer.enters(self.current);
        std::mem::swap(&mut self.space, &mut space);
        self.count_files();
        std::mem::swap(&mut self.space, &mut space);
        self.parked[child] = space;
    }

    /// A process has ended, and its memory is nobody's any more. Its space is parked.
    fn end(&mut self, index: SpaceIndex) {
        let place = &mut self.parked[index.0 as usize];
        let counts = place.counts();
        let mut space = std::mem::replace(place, Space::silent(self.page));
        place.is_over = true;
        if !counts {
            return;
        }
        self.ledger.files -= std::mem::take(&mut space.counted_files);
        self.ledger.reserved -= std::mem::take(&mut space.counted_reserved);
        self.observer.enters(index);
        for (share, type_id) in space.counted(&self.rows) {
            self.ledger.lose(share.totals);
            let context = Context {
                ledger: &self.ledger,
                rows: &self.rows,
            };
            self.observer.ended(context, share, type_id);
            self.left.push((share, type_id));
        }
        self.observer.enters(self.current);
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
