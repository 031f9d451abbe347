//! Marks that were asked for from outside.
//!
//! Each is a stream of its own with one event in it, of no thread: the turn was taken by who asked,
//! so the mark stands in the order where it was asked for, whatever the program was about to write.

use crate::capture::{ChunkHead, ChunkKind, StreamEnd, StreamStart};
use crate::session::Session;
use crate::writer::Writer;
use memprof_wire::codec::{Encoder, MAX_EVENT, MAX_TEXT};
use memprof_wire::event::{Event, MarkKind};
use memprof_wire::predictor::SitePair;
use memprof_wire::request::RequestKind;
use memprof_wire::units::{Microseconds, Turn};

/// Writes the mark that somebody asked for, if somebody did, as the stream `number`; `process` tells
/// which process an image runs in. Returns whether it did.
pub(super) fn write_asked(
    session: &Session,
    number: u32,
    now: Microseconds,
    process: impl Fn(u32) -> Option<u32>,
    writer: &Writer,
) -> bool {
    let request = &session.page().request;
    let Some(ticket) = request.take(RequestKind::Mark, 0) else {
        return false;
    };
    let image = request.image();
    let Some(process) = process(image) else {
        request.refuse(ticket);
        return false;
    };
    let (turn, time) = request.moment();
    // this memory is everybody's: what is no turn yet must not hold up all that follows
    let next = Turn(session.page().turn().0 + 1);
    if turn >= next || time > now {
        request.refuse(ticket);
        return false;
    }
    let start = StreamStart {
        stream: number,
        image,
        process,
        thread: 0,
        time: now.0,
    };
    let head = |kind| ChunkHead::at(kind, now).of_stream(number, image);
    writer.send_json(head(ChunkKind::Stream), &start);
    let mut bytes = writer.buffer();
    let mut encoder = Encoder::new();
    let mut name = [0; MAX_TEXT];
    let mark = Event::Mark {
        kind: MarkKind::Point,
        name: request.name(&mut name),
    };
    for event in [Event::Turn { turn, time }, mark] {
        let mut room = [0; MAX_EVENT];
        let mut unused = SitePair::EMPTY;
        bytes.extend_from_slice(encoder.write_to(&mut room, &event, &mut unused));
    }
    let events = ChunkHead {
        turn: next,
        ..head(ChunkKind::Events)
    };
    writer.send(events, bytes);
    let end = StreamEnd {
        stream: number,
        time: now.0,
        lost: 0,
    };
    writer.send_json(head(ChunkKind::StreamEnd), &end);
    request.done(ticket, Microseconds(0));
    true
}
