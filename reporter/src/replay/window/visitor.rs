//! What of the events of a recording gets into a replay of a window.

use super::super::order::Visitor;
use super::super::stream::{StackTable, StreamIndex};
use super::{Answer, Window};
use memprof_wire::codec::{Allocation, Free};
use memprof_wire::event::Event;
use memprof_wire::units::{Microseconds, Turn};
use std::ops::ControlFlow;

/// Where the events are that go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Before the window.
    Before,
    /// In it.
    Within,
    /// Behind it: nothing but definitions are wanted.
    Behind,
    /// A whole replay it has to be.
    Unknown,
}

/// A visitor that is told of blocks in a window only, and of all else.
pub(in crate::replay) struct Windowed<'w, V> {
    inner: &'w mut V,
    window: &'w Window,
    stage: Stage,
}

impl<'w, V: Visitor> Windowed<'w, V> {
    /// Stands between an order and a visitor.
    pub(in crate::replay) fn new(inner: &'w mut V, window: &'w Window) -> Self {
        Self {
            inner,
            window,
            stage: Stage::Before,
        }
    }

    /// Whether all was seen that has to be.
    pub(in crate::replay) fn answer(&self) -> Answer {
        match self.stage {
            Stage::Unknown => Answer::Unknown,
            _ => Answer::Known,
        }
    }

    #[cold]
    fn outside(&self) -> ControlFlow<()> {
        match self.stage {
            Stage::Unknown => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// Whether only a whole replay knows what an event in the window means.
    fn is_of_before(&self, event: &Event<'_>) -> bool {
        match event {
            // of something that may have been born before
            Event::FreeCancelled | Event::UnmapCancelled => true,
            // blocks belong to owners that may have been born before
            Event::CensusEnd => self.window.types,
            _ => false,
        }
    }
}

impl<V: Visitor> Visitor for Windowed<'_, V> {
    fn run(&mut self, stream: StreamIndex, turn: Turn, time: Microseconds) {
        let Window {
            opening,
            bound,
            signal,
            ..
        } = self.window;
        if self.stage == Stage::Before && opening.has_come(turn, time) {
            // what was skimmed may reach beyond it where a thread was slow to tell its time
            self.stage = if turn < *bound {
                Stage::Unknown
            } else {
                Stage::Within
            };
        }
        if self.stage == Stage::Within && signal.is_enough() {
            self.stage = Stage::Behind;
        }
        if signal.is_unknown() {
            self.stage = Stage::Unknown;
        }
        self.inner.run(stream, turn, time);
    }

    fn event(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        event: Event<'_>,
    ) -> ControlFlow<()> {
        let is_block = matches!(event, Event::Allocation { .. } | Event::Free { .. });
        match self.stage {
            Stage::Within if self.is_of_before(&event) => self.stage = Stage::Unknown,
            Stage::Before | Stage::Behind if is_block => return ControlFlow::Continue(()),
            _ => {}
        }
        if self.stage == Stage::Unknown {
            return ControlFlow::Break(());
        }
        self.inner.event(stream, stacks, event)
    }

    #[inline(always)]
    fn allocation(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        allocation: Allocation,
    ) -> ControlFlow<()> {
        if self.stage != Stage::Within {
            return self.outside();
        }
        self.inner.allocation(stream, stacks, allocation)
    }

    #[inline(always)]
    fn free(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        free: Free,
    ) -> ControlFlow<()> {
        if self.stage != Stage::Within {
            return self.outside();
        }
        self.inner.free(stream, stacks, free)
    }

    fn skims(&self) -> bool {
        self.stage == Stage::Behind
    }
}
