//! Booking the events of a window, before which blocks were born that nobody saw.

use super::super::batch::{Batch, Step};
use super::super::observer::Observer;
use super::super::window::{Signal, Watch};
use super::Replay;
use memprof_wire::units::Address;
use std::sync::Arc;

impl<O: Observer> Replay<O> {
    /// Not all blocks will be seen; `signal` is told when no more are wanted.
    pub(in crate::replay) fn watch(&mut self, signal: &Arc<Signal>) {
        self.watch = Some(Watch::new(signal));
    }

    /// Whether nothing is booked any more.
    pub(super) fn is_over(&self) -> bool {
        self.watch.as_ref().is_some_and(Watch::is_over)
    }

    /// Books what anybody has read, until enough was seen.
    pub(super) fn apply_watched(&mut self, batch: &Batch) {
        for step in &batch.steps {
            if self.is_over() {
                return;
            }
            match step.what {
                Step::FREE => self.free(step),
                Step::RUN => self.begin_run(step),
                Step::RARE => self.rare(&batch.rare[step.size as usize]),
                _ => {
                    self.look_for_an_older(Address(step.address));
                    self.allocate(step);
                }
            }
            self.stop_if_done();
        }
    }

    /// When a block that is handed out twice is taken for freed depends on the blocks around it, see
    /// [`Heap`](super::super::heap::Heap), and here some of them are missing.
    fn look_for_an_older(&mut self, address: Address) {
        if self.space.heap.get(address).is_some()
            && let Some(watch) = &mut self.watch
        {
            watch.unknown();
        }
    }

    /// Tells what is alive if nobody wants to know what comes after.
    #[inline(always)]
    fn stop_if_done(&mut self) {
        if self.observer.is_done()
            && let Some(watch) = &mut self.watch
        {
            watch.enough();
            self.tell_survivors();
        }
    }
}
