//! The total order of a recording that still grows.
//!
//! What was read stays read: new chunks are added to their streams, and the merge goes on where it
//! stopped. It may only go on to a turn below which nothing is missing; which that is the caller
//! knows, by the turns and times that the recorder wrote on its chunks.

use super::super::error::{Damage, ReplayError};
use super::super::source::Source;
use super::super::space::SpaceIndex;
use super::super::stream::{Pause, Stream, StreamIndex};
use super::Visitor;
use memprof_wire::units::Turn;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Streams that grow, on their way into one order.
#[derive(Debug, Default)]
pub struct Following {
    streams: Vec<Stream>,
    waiting: BinaryHeap<Reverse<(Turn, StreamIndex)>>,
    /// Whether each stream is among those that wait.
    is_waiting: Vec<bool>,
    damage: Vec<Damage>,
    scratch: Vec<u8>,
}

impl Following {
    /// A new stream, of an address space. Its number is its place in the order of these calls.
    pub fn begin_stream(&mut self, space: SpaceIndex) -> StreamIndex {
        let index = StreamIndex(self.streams.len() as u32);
        self.streams.push(Stream::growing(index, space));
        self.is_waiting.push(false);
        index
    }

    /// The next chunk of a stream.
    pub fn extend(&mut self, stream: StreamIndex, chunk: usize) {
        let place = stream.0 as usize;
        self.streams[place].extend(chunk);
        self.wait(stream);
    }

    /// Tells `visitor` everything up to and including the turn `last`. What belongs to an earlier
    /// turn and comes later, against the word of the caller, is told when it comes.
    ///
    /// # Errors
    ///
    /// When a chunk cannot be read. A chunk that holds no events ends its stream only, see
    /// [`Following::damage`].
    pub fn drive(
        &mut self,
        source: &impl Source,
        last: Turn,
        visitor: &mut impl Visitor,
    ) -> Result<(), ReplayError> {
        while let Some(&Reverse((turn, index))) = self.waiting.peek() {
            if turn > last {
                break;
            }
            self.waiting.pop();
            let place = index.0 as usize;
            if turn == Turn::default() && !self.streams[place].has_begun() {
                // nobody is to hear of a stream before its turn
                let first = self.streams[place].first_turn(source, &mut self.scratch)?;
                if first > turn {
                    self.waiting.push(Reverse((first, index)));
                    continue;
                }
            }
            self.is_waiting[place] = false;
            let next = self.waiting.peek().map_or(last, |Reverse((turn, _))| *turn);
            match self.streams[place].run(source, next.min(last), visitor)? {
                Pause::Until(turn) => {
                    self.is_waiting[place] = true;
                    self.waiting.push(Reverse((turn, index)));
                }
                Pause::Finished => {}
                Pause::Stopped => break,
                Pause::Damaged(damage) => self.damage.push(damage),
            }
        }
        Ok(())
    }

    /// Streams that could not be read on.
    pub fn damage(&self) -> &[Damage] {
        &self.damage
    }

    fn wait(&mut self, stream: StreamIndex) {
        let place = stream.0 as usize;
        if !self.is_waiting[place] && self.streams[place].has_more() {
            self.is_waiting[place] = true;
            // the run that goes on, or one that is later
            let turn = self.streams[place].turn();
            self.waiting.push(Reverse((turn, stream)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Visitor;
    use super::Following;
    use crate::replay::order::Order;
    use crate::replay::recorded::{Recorded, allocation, free};
    use crate::replay::{Replay, SpaceIndex, StackTable, StreamIndex};
    use memprof_wire::event::Event;
    use memprof_wire::units::{Microseconds, Turn};
    use proptest::prelude::*;
    use std::ops::ControlFlow;

    /// Who speaks, and when.
    #[derive(Default)]
    struct Runs(Vec<(u32, u64)>);

    impl Visitor for Runs {
        fn run(&mut self, stream: StreamIndex, turn: Turn, _: Microseconds) {
            self.0.push((stream.0, turn.0));
        }

        fn event(&mut self, _: StreamIndex, _: &mut StackTable, _: Event<'_>) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
    }

    #[test]
    fn nobody_hears_of_a_stream_before_its_turn() {
        let mut recorded = Recorded::default();
        recorded.turn(0, 1).event(0, allocation(0x10, 1));
        recorded.turn(0, 4).event(0, allocation(0x20, 10));
        recorded.turn(1, 9).event(1, allocation(0x30, 100));
        let mut following = Following::default();
        for stream in 0..2 {
            let index = following.begin_stream(SpaceIndex(0));
            following.extend(index, stream);
        }
        let mut runs = Runs::default();
        following
            .drive(&recorded, Turn(8), &mut runs)
            .expect("in memory");
        assert!(
            runs.0.iter().all(|(stream, _)| *stream == 0),
            "{:?}",
            runs.0
        );
        following
            .drive(&recorded, Turn(9), &mut runs)
            .expect("in memory");
        assert_eq!(runs.0.last(), Some(&(1, 9)));
    }

    #[test]
    fn nothing_is_told_beyond_the_cut() {
        let mut recorded = Recorded::default();
        recorded.turn(0, 1).event(0, allocation(0x10, 1));
        recorded.turn(0, 4).event(0, allocation(0x20, 10));
        recorded.turn(1, 2).event(1, allocation(0x30, 100));
        let mut following = Following::default();
        let [one, two] = [0, 0].map(|space| following.begin_stream(SpaceIndex(space)));
        let mut replay = Replay::new(4096, ());
        following.extend(one, 0);
        following.extend(two, 1);
        let mut bytes = |following: &mut Following, last| {
            following
                .drive(&recorded, Turn(last), &mut replay)
                .expect("in memory");
            replay.catch_up();
            replay.ledger.heap().bytes
        };
        assert_eq!(bytes(&mut following, 1), 1);
        assert_eq!(bytes(&mut following, 3), 101);
        assert_eq!(bytes(&mut following, 3), 101);
        assert_eq!(bytes(&mut following, u64::MAX), 111);
    }

    proptest! {
        #[test]
        fn following_ends_where_a_whole_replay_does(
            steps in proptest::collection::vec((0u32..5, 1u64..60, any::<bool>()), 1..300),
            cut in 1usize..30,
            look in 1usize..8,
        ) {
            let mut recorded = Recorded::default();
            let mut alive = std::collections::HashSet::new();
            // of each chunk, its stream and the turn that all of it is below
            let mut written: Vec<(u32, u64)> = Vec::new();
            let mut chunks: std::collections::HashMap<usize, (u32, u64)> =
                std::collections::HashMap::default();
            for (number, (stream, address, begins)) in steps.into_iter().enumerate() {
                let turn = number as u64 + 1;
                recorded.turn(stream, turn);
                let address = address * 16;
                if begins && alive.insert(address) {
                    recorded.event(stream, allocation(address, turn));
                } else if alive.remove(&address) {
                    recorded.event(stream, free(address));
                }
                let chunk = *recorded.streams()[stream as usize].chunks.last().expect("written");
                chunks.insert(chunk, (stream, turn));
                if number % cut == 0 {
                    (0..5).for_each(|stream| {
                        if (stream as usize) < recorded.streams().len() {
                            recorded.cut(stream);
                        }
                    });
                }
            }
            for chunk in 0..chunks.len() {
                written.push(chunks[&chunk]);
            }
            let mut whole = Replay::new(4096, ());
            let mut order = Order::new(&recorded, recorded.streams()).expect("in memory");
            order.drive(&mut whole).expect("in memory");
            whole.finish();

            let mut following = Following::default();
            let streams: Vec<_> =
                recorded.streams().iter().map(|it| following.begin_stream(it.space)).collect();
            let mut replay = Replay::new(4096, ());
            for (chunk, (stream, _)) in written.iter().enumerate() {
                following.extend(streams[*stream as usize], chunk);
                if chunk % look == 0 {
                    // nothing that is still to come has a smaller turn
                    let later = written[chunk + 1..].iter().enumerate();
                    let safe = later
                        .map(|(place, _)| first_turn(&recorded, chunk + 1 + place))
                        .min()
                        .unwrap_or(u64::MAX);
                    following
                        .drive(&recorded, Turn(safe - 1), &mut replay)
                        .expect("in memory");
                }
            }
            following.drive(&recorded, Turn(u64::MAX), &mut replay).expect("in memory");
            replay.finish();
            prop_assert_eq!(replay.ledger.heap(), whole.ledger.heap());
            prop_assert_eq!(replay.ledger.peak, whole.ledger.peak);
            prop_assert_eq!(replay.ledger.unknown_frees, 0);
            prop_assert_eq!(replay.ledger.overwritten, 0);
        }
    }

    fn first_turn(recorded: &Recorded, chunk: usize) -> u64 {
        use crate::replay::source::Source;
        use memprof_wire::codec::Decoder;
        let mut bytes = Vec::new();
        recorded.read(chunk, &mut bytes).expect("in memory");
        match Decoder::new().next(&mut &bytes[..], &mut StackTable::default()) {
            Ok(Event::Turn { turn, .. }) => turn.0,
            other => panic!("{other:?}"),
        }
    }
}
