//! A whole replay on two cores: one decodes and merges, the other one books.
//!
//! The halves meet in [`Batch`]es that travel in a circle, so that the memory of a few is used again
//! and again and stays in the cache that the cores share. What is booked, and in which order, is the
//! same as on one core: nothing is decided by who is faster.

use super::batch::Batch;
use super::definitions::Definitions;
use super::engine::Replay;
use super::error::ReplayError;
use super::observer::Observer;
use super::order::Order;
use super::reading::{Reader, Reading};
use super::source::Source;
use super::window::{Answer, Window, Windowed};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::thread;

/// Steps that travel together: 96 KiB of them.
const STEPS: usize = 4096;
/// Batches on the way, so that neither half waits for a hiccup of the other.
const BATCHES: usize = 8;

/// Drives `order` through `replay`, to the end.
///
/// # Errors
///
/// When a chunk cannot be read.
pub fn drive<S: Source, O: Observer + Send>(
    order: &mut Order<'_, S>,
    replay: &mut Replay<O>,
) -> Result<(), ReplayError> {
    drive_in(STEPS, replay, |reader| order.drive(reader))
}

/// Drives what a window needs of `order` through `replay`, on two cores or on this one alone.
///
/// # Errors
///
/// When a chunk cannot be read.
pub fn drive_window<S: Source, O: Observer + Send>(
    order: &mut Order<'_, S>,
    replay: &mut Replay<O>,
    window: &Window,
    two_cores: bool,
) -> Result<Answer, ReplayError> {
    replay.watch(window.signal());
    order.skim(window.skimmed());
    let answer = if two_cores {
        drive_in(STEPS, replay, |reader| {
            let mut windowed = Windowed::new(reader, window);
            order.drive(&mut windowed).map(|()| windowed.answer())
        })?
    } else {
        let mut windowed = Windowed::new(replay, window);
        order.drive(&mut windowed).map(|()| windowed.answer())?
    };
    replay.catch_up();
    Ok(window.final_answer(answer))
}

/// Books what `read` has read, in batches of so many steps.
fn drive_in<O: Observer + Send, T>(
    steps: usize,
    replay: &mut Replay<O>,
    read: impl FnOnce(&mut Decoding) -> Result<T, ReplayError>,
) -> Result<T, ReplayError> {
    let (full, booked) = (bounded(BATCHES), bounded(BATCHES));
    let definitions = std::mem::take(&mut replay.definitions);
    let mut reader = Decoding::new(definitions, full.0, booked.1, steps);
    reader.reading.forks = replay.take_forks();
    let result = thread::scope(|scope| {
        scope.spawn(|| {
            // moved in here: when the reader is done, so is this loop
            let (full, booked) = (full.1, booked.0);
            for mut batch in full {
                replay.apply(&mut batch);
                batch.clear();
                // nobody takes the last ones back
                let _ = booked.send(batch);
            }
        });
        let result = read(&mut reader);
        reader.send();
        let definitions = std::mem::take(&mut reader.definitions);
        drop(reader);
        result.map(|value| (value, definitions))
    });
    let (value, definitions) = result?;
    replay.definitions = definitions;
    Ok(value)
}

/// The half that decodes.
struct Decoding {
    definitions: Definitions,
    reading: Reading,
    full: Sender<Batch>,
    booked: Receiver<Batch>,
    /// How many batches there are.
    made: usize,
    /// How many steps fill a batch.
    steps: usize,
}

impl Decoding {
    fn new(
        definitions: Definitions,
        full: Sender<Batch>,
        booked: Receiver<Batch>,
        steps: usize,
    ) -> Self {
        Self {
            definitions,
            reading: Reading::default(),
            full,
            booked,
            made: 1,
            steps,
        }
    }

    fn send(&mut self) {
        let empty = if self.made < BATCHES {
            self.made += 1;
            Batch::with_room(self.steps)
        } else {
            // it fails only when the other half is gone, and then nothing matters any more
            self.booked.recv().unwrap_or_default()
        };
        let _ = self.full.send(self.reading.take(empty));
    }
}

impl Reader for Decoding {
    #[inline(always)]
    fn parts(&mut self) -> (&mut Definitions, &mut Reading) {
        (&mut self.definitions, &mut self.reading)
    }

    #[inline(always)]
    fn steps_at_once(&self) -> usize {
        self.steps
    }

    fn hand_on(&mut self) {
        self.send();
    }
}

#[cfg(test)]
mod tests {
    use super::{Replay, drive_in};
    use crate::replay::engine::tests::{recorded, steps};
    use crate::replay::observer::Observer;
    use crate::replay::order::Order;
    use crate::replay::recorded::Recorded;
    use crate::replay::{Bound, Detail, Lifetimes, Series, Snapshot, Span, Temporary};
    use memprof_wire::units::Microseconds;
    use proptest::prelude::*;

    type Everything = (Snapshot, ((Temporary, Lifetimes), (Snapshot, Series)));

    fn everything() -> Everything {
        let snapshot = |until| Snapshot::new(Span::at(until), Detail::TypeAndSize);
        let lives = (Temporary::new(2), Lifetimes::new(Microseconds(200_000), 8));
        let rest = (snapshot(Bound::Mark("b".into())), Series::new(16));
        (snapshot(Bound::Peak), (lives, rest))
    }

    /// All that a replay knows in the end.
    fn told(replay: &Replay<Everything>) -> String {
        let (peak, ((temporary, lifetimes), (mark, series))) = &replay.observer;
        let rows: Vec<_> = replay.rows.iter().collect();
        let mut lived: Vec<_> = lifetimes
            .lived()
            .map(|lived| format!("{lived:?}"))
            .collect();
        lived.sort_unstable();
        let alive: Vec<_> = peak.totals().chain(mark.totals()).collect();
        let short: Vec<_> = temporary.totals().collect();
        let (ledger, marks) = (&replay.ledger, &replay.marks);
        format!("{ledger:?} {marks:?} {rows:?} {alive:?} {short:?} {lived:?} {series:?}")
    }

    fn replayed<O: Observer>(
        recorded: &Recorded,
        observer: O,
        drive: impl FnOnce(&mut Order<'_, Recorded>, &mut Replay<O>),
    ) -> Replay<O> {
        let mut order = Order::new(recorded, recorded.streams()).expect("in memory");
        let mut replay = Replay::new(4096, observer);
        drive(&mut order, &mut replay);
        replay.finish();
        replay
    }

    proptest! {
        #[test]
        fn two_cores_tell_what_one_tells(
            steps in steps(),
            marks in any::<[proptest::sample::Index; 2]>(),
            batch in 1usize..50,
        ) {
            let mut marks = marks.map(|mark| mark.index(steps.len()));
            marks.sort_unstable();
            let recorded = recorded(&steps, marks);
            let one = replayed(&recorded, everything(), |order, replay| {
                order.drive(replay).expect("in memory");
            });
            let two = replayed(&recorded, everything(), |order, replay| {
                drive_in(batch, replay, |reader| order.drive(reader)).expect("in memory");
            });
            prop_assert_eq!(told(&one), told(&two));
            prop_assert_eq!(one.definitions.calls.count(), two.definitions.calls.count());
            prop_assert_eq!(format!("{:?}", one.definitions.interpreter), format!("{:?}", two.definitions.interpreter));
        }
    }
}
