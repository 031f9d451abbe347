//! What somebody outside asks of a recording while it runs: one request at a time, in the session
//! page.
//!
//! Who asks holds a lock (`flock`) of the session's file, writes the request and publishes it. Who
//! it is meant for takes it, does it, and says what came of it: the recorder for a mark, a thread of
//! the program for a census. Nobody has to look: what is not taken is withdrawn in the end.

use crate::codec::MAX_TEXT;
use crate::units::{Microseconds, Turn};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Words of a name.
const WORDS: usize = MAX_TEXT / 8;
/// The stage is in the low bits of a state; the others count requests, so that an answer is never
/// taken for that of another request.
const STAGES: u64 = 8;

const NOTHING: u64 = 0;
const ASKED: u64 = 1;
const TAKEN: u64 = 2;
const DONE: u64 = 3;
const REFUSED: u64 = 4;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum RequestKind {
    /// The recorder is to write a mark.
    Mark = 1,
    /// A thread of the program is to take a census, and to mark the moment.
    Census = 2,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// There is none.
    Nothing,
    /// Nobody has taken it yet.
    Asked,
    /// Somebody is at it.
    Taken,
    /// It was done.
    Done,
    /// It cannot be done.
    Refused,
}

/// Names one request among all of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

/// The request, as it lies in the session page; all zeros are none.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub struct Request {
    state: AtomicU64,
    kind: AtomicU32,
    image: AtomicU32,
    length: AtomicU32,
    turn: AtomicU64,
    time: AtomicU64,
    took: AtomicU64,
    name: [AtomicU64; WORDS],
}

impl Request {
    /// Asks for something, in place of whatever was asked before. The name is cut to
    /// [`MAX_TEXT`] bytes. To be called by who holds the lock.
    pub fn ask(
        &self,
        kind: RequestKind,
        image: u32,
        name: &[u8],
        turn: Turn,
        time: Microseconds,
    ) -> Ticket {
        let number = self.state.load(Ordering::Acquire) / STAGES + 1;
        self.state.store(number * STAGES, Ordering::Release);
        let name = &name[..name.len().min(MAX_TEXT)];
        for (place, bytes) in self.name.iter().zip(name.chunks(8)) {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            place.store(u64::from_ne_bytes(word), Ordering::Relaxed);
        }
        self.kind.store(kind as u32, Ordering::Relaxed);
        self.image.store(image, Ordering::Relaxed);
        self.length.store(name.len() as u32, Ordering::Relaxed);
        self.turn.store(turn.0, Ordering::Relaxed);
        self.time.store(time.0, Ordering::Relaxed);
        self.took.store(0, Ordering::Relaxed);
        self.state.store(number * STAGES + ASKED, Ordering::Release);
        Ticket(number)
    }

    /// How far a request is; [`Stage::Nothing`] where another one has taken its place.
    pub fn stage(&self, Ticket(number): Ticket) -> Stage {
        let state = self.state.load(Ordering::Acquire);
        match state % STAGES {
            _ if state / STAGES != number => Stage::Nothing,
            ASKED => Stage::Asked,
            TAKEN => Stage::Taken,
            DONE => Stage::Done,
            REFUSED => Stage::Refused,
            _ => Stage::Nothing,
        }
    }

    /// Takes a request back. False when somebody is at it already, or it is over.
    pub fn withdraw(&self, ticket: Ticket) -> bool {
        self.change(ticket, ASKED, NOTHING)
    }

    /// Whether something of this kind is asked, for one image or (0) for any.
    #[inline]
    pub fn is_asked(&self, kind: RequestKind, image: u32) -> bool {
        self.state.load(Ordering::Acquire) % STAGES == ASKED
            && self.kind.load(Ordering::Relaxed) == kind as u32
            && (image == 0 || self.image.load(Ordering::Relaxed) == image)
    }

    /// Takes a request, so that nobody else does it.
    pub fn take(&self, kind: RequestKind, image: u32) -> Option<Ticket> {
        let ticket = Ticket(self.state.load(Ordering::Acquire) / STAGES);
        (self.is_asked(kind, image) && self.change(ticket, ASKED, TAKEN)).then_some(ticket)
    }

    /// Says that it was done, and how long the program stood still for it.
    pub fn done(&self, ticket: Ticket, took: Microseconds) {
        self.took.store(took.0, Ordering::Relaxed);
        self.change(ticket, TAKEN, DONE);
    }

    /// Says that it cannot be done.
    pub fn refuse(&self, ticket: Ticket) {
        self.change(ticket, TAKEN, REFUSED);
    }

    /// How long the program stood still.
    pub fn took(&self) -> Microseconds {
        Microseconds(self.took.load(Ordering::Relaxed))
    }

    /// The image that is asked; any number, as this memory is everybody's.
    pub fn image(&self) -> u32 {
        self.image.load(Ordering::Relaxed)
    }

    /// The moment that was asked for.
    pub fn moment(&self) -> (Turn, Microseconds) {
        let time = self.time.load(Ordering::Relaxed);
        (Turn(self.turn.load(Ordering::Relaxed)), Microseconds(time))
    }

    /// The name of the moment, copied to `room`.
    pub fn name<'a>(&self, room: &'a mut [u8; MAX_TEXT]) -> &'a [u8] {
        let length = self.length.load(Ordering::Relaxed) as usize;
        for (place, bytes) in self.name.iter().zip(room.as_chunks_mut::<8>().0) {
            *bytes = place.load(Ordering::Relaxed).to_ne_bytes();
        }
        &room[..length.min(MAX_TEXT)]
    }

    fn change(&self, Ticket(number): Ticket, from: u64, to: u64) -> bool {
        let [from, to] = [from, to].map(|stage| number * STAGES + stage);
        self.state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Request, RequestKind, Stage};
    use crate::codec::MAX_TEXT;
    use crate::units::{Microseconds, Turn};

    #[test]
    fn a_request_is_taken_once_by_whom_it_is_meant_for() {
        let request = Request::default();
        assert!(!request.is_asked(RequestKind::Mark, 0));
        let asked = |kind, name: &[u8]| request.ask(kind, 3, name, Turn(7), Microseconds(9));
        let ticket = asked(RequestKind::Census, b"after the load");
        assert_eq!(request.stage(ticket), Stage::Asked);
        assert_eq!(request.take(RequestKind::Mark, 0), None);
        assert_eq!(request.take(RequestKind::Census, 4), None);
        let taken = request.take(RequestKind::Census, 3).expect("it is asked");
        assert_eq!(taken, ticket);
        assert_eq!(request.take(RequestKind::Census, 3), None);
        assert!(!request.withdraw(ticket));
        assert_eq!(request.name(&mut [0; MAX_TEXT]), b"after the load");
        assert_eq!(request.moment(), (Turn(7), Microseconds(9)));
        request.done(taken, Microseconds(1234));
        assert_eq!(request.stage(ticket), Stage::Done);
        assert_eq!(request.took(), Microseconds(1234));

        let second = asked(RequestKind::Mark, &[b'x'; 1000]);
        assert_eq!(request.stage(ticket), Stage::Nothing);
        assert_eq!(request.name(&mut [0; MAX_TEXT]), [b'x'; MAX_TEXT]);
        // whoever was still at the first one cannot answer the second
        request.done(taken, Microseconds(1));
        assert_eq!(request.stage(second), Stage::Asked);
        assert!(request.withdraw(second));
        assert_eq!(request.take(RequestKind::Mark, 0), None);

        let third = asked(RequestKind::Mark, b"");
        let taken = request.take(RequestKind::Mark, 0).expect("it is asked");
        request.refuse(taken);
        assert_eq!(request.stage(third), Stage::Refused);
    }
}
