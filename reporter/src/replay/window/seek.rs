//! Where in the order a mark stands.

use super::super::definitions::MarkSeen;
use super::super::error::ReplayError;
use super::super::ledger::Stamp;
use super::super::order::{Order, Visitor};
use super::super::source::{Source, StreamSource};
use super::super::stream::{StackTable, StreamIndex};
use memprof_wire::event::Event;
use memprof_wire::units::{Microseconds, Turn};
use std::ops::ControlFlow;

/// The turn of the first mark with this [`MarkSeen::label`], whosever it is.
pub(super) fn turn_of_mark(
    source: &impl Source,
    streams: &[StreamSource],
    label: &str,
) -> Result<Option<Turn>, ReplayError> {
    let mut seeking = Seeking {
        label,
        turn: Turn::default(),
        found: None,
    };
    let mut order = Order::new(source, streams)?;
    let all: Vec<usize> = streams.iter().map(|stream| stream.chunks.len()).collect();
    order.skim(&all);
    order.drive(&mut seeking)?;
    Ok(seeking.found)
}

struct Seeking<'a> {
    label: &'a str,
    turn: Turn,
    found: Option<Turn>,
}

impl Visitor for Seeking<'_> {
    fn run(&mut self, _: StreamIndex, turn: Turn, _: Microseconds) {
        self.turn = turn;
    }

    fn event(
        &mut self,
        stream: StreamIndex,
        _: &mut StackTable,
        event: Event<'_>,
    ) -> ControlFlow<()> {
        let Event::Mark { kind, name } = event else {
            return ControlFlow::Continue(());
        };
        let mark = MarkSeen {
            kind,
            name: String::from_utf8_lossy(name).into_owned(),
            time: Microseconds::default(),
            stamp: Stamp::default(),
            stream,
        };
        if mark.label() != self.label {
            return ControlFlow::Continue(());
        }
        self.found = Some(self.turn);
        ControlFlow::Break(())
    }
}
