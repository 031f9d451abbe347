//! The total order: the streams of one image, merged by turn.
//!
//! A thread's events are in runs, and each run has a turn that no other run has. So the merge
//! compares once a run and not once an event, and a single stream is never compared at all.

mod following;

pub use following::Following;

use super::error::{Damage, ReplayError};
use super::source::{Source, StreamSource};
use super::stream::{Pause, StackTable, Stream, StreamIndex};
use memprof_wire::codec::{Allocation, Free};
use memprof_wire::event::Event;
use memprof_wire::units::{Microseconds, Turn};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

/// Who is told what happened, one event at a time.
pub trait Visitor {
    /// The events that follow are of this stream and this turn.
    fn run(&mut self, stream: StreamIndex, turn: Turn, time: Microseconds);

    /// Something happened, neither [`Event::Turn`] nor [`Event::Restart`]. `stacks` are those of
    /// the stream. A visitor that has seen enough breaks.
    fn event(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        event: Event<'_>,
    ) -> ControlFlow<()>;

    /// [`Event::Allocation`]. Events come in millions: a visitor that is in a hurry takes the two
    /// commonest ones without a look at which it is.
    #[inline(always)]
    fn allocation(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        allocation: Allocation,
    ) -> ControlFlow<()> {
        self.event(stream, stacks, allocation.into())
    }

    /// [`Event::Free`].
    #[inline(always)]
    fn free(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        free: Free,
    ) -> ControlFlow<()> {
        self.event(stream, stacks, free.into())
    }

    /// Whether from now on nothing is wanted but what is defined.
    #[inline(always)]
    fn skims(&self) -> bool {
        false
    }
}

/// Streams on their way into one order.
#[derive(Debug)]
pub struct Order<'a, S> {
    source: &'a S,
    streams: Vec<Stream>,
    waiting: BinaryHeap<Reverse<(Turn, StreamIndex)>>,
    damage: Vec<Damage>,
}

impl<'a, S: Source> Order<'a, S> {
    /// The order of `streams`, whose [`StreamIndex`] is their place in the slice.
    ///
    /// # Errors
    ///
    /// When the first chunk of a stream cannot be read.
    pub fn new(source: &'a S, streams: &[StreamSource]) -> Result<Self, ReplayError> {
        let streams: Vec<Stream> = streams
            .iter()
            .enumerate()
            .map(|(index, stream)| Stream::new(StreamIndex(index as u32), stream))
            .collect();
        let mut waiting = BinaryHeap::with_capacity(streams.len());
        if streams.len() == 1 {
            waiting.push(Reverse((Turn::default(), StreamIndex(0))));
        } else {
            let mut scratch = Vec::new();
            for (index, stream) in streams.iter().enumerate() {
                let turn = stream.first_turn(source, &mut scratch)?;
                waiting.push(Reverse((turn, StreamIndex(index as u32))));
            }
        }
        Ok(Self {
            source,
            streams,
            waiting,
            damage: Vec::new(),
        })
    }

    /// Of so many chunks at the front of each stream only what they define is wanted. Chunks that
    /// define nothing are not read, see [`Outline`](super::Outline); in others, allocations and frees
    /// of the common forms are passed over.
    pub(super) fn skim(&mut self, chunks: &[usize]) {
        for (stream, &chunks) in self.streams.iter_mut().zip(chunks) {
            stream.skim(chunks);
        }
    }

    /// Tells `visitor` everything that happened, to the end or until it breaks.
    ///
    /// # Errors
    ///
    /// When a chunk cannot be read. A chunk that holds no events ends its stream only, see
    /// [`Order::damage`].
    pub fn drive(&mut self, visitor: &mut impl Visitor) -> Result<(), ReplayError> {
        while let Some(Reverse((_, index))) = self.waiting.pop() {
            let limit = self
                .waiting
                .peek()
                .map_or(Turn(u64::MAX), |Reverse((turn, _))| *turn);
            match self.streams[index.0 as usize].run(self.source, limit, visitor)? {
                Pause::Until(turn) => self.waiting.push(Reverse((turn, index))),
                Pause::Finished => {}
                Pause::Stopped => break,
                Pause::Damaged(damage) => self.damage.push(damage),
            }
        }
        Ok(())
    }

    /// Streams that could not be read to their end.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, Visitor};
    use crate::replay::recorded::{Recorded, allocation};
    use crate::replay::stream::{StackTable, StreamIndex};
    use memprof_wire::event::Event;
    use memprof_wire::units::{Microseconds, Turn};
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    #[derive(Default)]
    struct Seen {
        turn: Turn,
        addresses: Vec<(u64, u32, u64)>,
    }

    impl Visitor for Seen {
        fn run(&mut self, _: StreamIndex, turn: Turn, _: Microseconds) {
            self.turn = turn;
        }

        fn event(
            &mut self,
            stream: StreamIndex,
            _: &mut StackTable,
            event: Event<'_>,
        ) -> ControlFlow<()> {
            if let Event::Allocation { address, .. } = event {
                self.addresses.push((self.turn.0, stream.0, address.0));
            }
            ControlFlow::Continue(())
        }
    }

    fn seen(recorded: &Recorded) -> Vec<(u64, u32, u64)> {
        let mut order = Order::new(recorded, recorded.streams()).expect("in memory");
        let mut seen = Seen::default();
        order.drive(&mut seen).expect("in memory");
        assert_eq!(order.damage(), []);
        seen.addresses
    }

    #[test]
    fn runs_are_merged_by_turn_and_events_keep_their_order() {
        let mut recorded = Recorded::default();
        recorded
            .turn(0, 1)
            .event(0, allocation(0x10, 1))
            .event(0, allocation(0x20, 1));
        recorded.turn(1, 2).event(1, allocation(0x30, 1));
        recorded.turn(0, 3).event(0, allocation(0x40, 1));
        recorded.turn(1, 5).event(1, allocation(0x50, 1));
        recorded.turn(0, 6).event(0, allocation(0x60, 1));
        assert_eq!(
            seen(&recorded),
            [
                (1, 0, 0x10),
                (1, 0, 0x20),
                (2, 1, 0x30),
                (3, 0, 0x40),
                (5, 1, 0x50),
                (6, 0, 0x60)
            ]
        );
    }

    #[test]
    fn a_damaged_stream_ends_alone() {
        let mut recorded = Recorded::default();
        recorded
            .turn(0, 1)
            .event(0, allocation(0x10, 1))
            .bytes(0, &[0x3f]);
        recorded.turn(1, 2).event(1, allocation(0x20, 1));
        let mut order = Order::new(&recorded, recorded.streams()).expect("in memory");
        let mut seen = Seen::default();
        order.drive(&mut seen).expect("in memory");
        assert_eq!(seen.addresses, [(1, 0, 0x10), (2, 1, 0x20)]);
        assert_eq!(order.damage().len(), 1);
        assert_eq!(order.damage()[0].stream, StreamIndex(0));
        assert_eq!(recorded.distrusted(), [0]);
    }

    proptest! {
        #[test]
        fn any_interleaving_comes_back_in_order(owners in proptest::collection::vec(0u32..7, 1..200), cut in 1usize..40) {
            let mut recorded = Recorded::default();
            let mut expected = Vec::new();
            for (number, &owner) in owners.iter().enumerate() {
                let turn = number as u64 + 1;
                let address = turn * 16;
                recorded.turn(owner, turn).event(owner, allocation(address, 1));
                expected.push((turn, address));
                if number % cut == 0 {
                    recorded.cut(owner);
                }
            }
            let got: Vec<_> = seen(&recorded).into_iter().map(|(turn, _, address)| (turn, address)).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
