//! The events of one thread, decoded as they are asked for.

mod skimming;

use super::calls::{CallId, Calls};
use super::error::{Damage, DamageKind, ReplayError};
use super::order::Visitor;
use super::rows::RowId;
use super::source::{Source, StreamSource};
use super::space::SpaceIndex;
use memprof_recorder::capture::CaptureError;
use memprof_wire::codec::{Common, Decoder, Sites};
use memprof_wire::event::Event;
use memprof_wire::predictor::SitePair;
use memprof_wire::units::{Microseconds, StackId, Turn};
use std::ops::ControlFlow;

/// A stream, counted within one replay from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamIndex(pub u32);

/// What is known of each stack that a stream has defined, by its number there.
///
/// Three of four stacks are but callers: what belongs to allocations is only kept for those that made any.
#[derive(Debug)]
pub struct StackTable {
    space: SpaceIndex,
    stacks: Vec<Stack>,
    /// The first one is shared by all stacks that were never defined, as only a damaged file has them.
    users: Vec<User>,
}

/// Where a stack leads.
#[derive(Clone, Copy, Debug, Default)]
struct Stack {
    call: CallId,
    /// Its place among those that allocated; 0 for one that did not.
    user: u32,
}

/// One stack that allocated: what the decoder remembers, and the row that was last used.
#[derive(Clone, Copy, Debug, Default)]
struct User {
    site: SitePair,
    row: RowId,
}

impl Default for StackTable {
    fn default() -> Self {
        Self {
            space: SpaceIndex::default(),
            stacks: vec![Stack::default()],
            users: vec![User::default()],
        }
    }
}

impl StackTable {
    /// No stacks yet, of a stream in this address space.
    pub fn of_space(space: SpaceIndex) -> Self {
        Self {
            space,
            ..Self::default()
        }
    }

    /// The address space of the stream.
    #[inline(always)]
    pub fn space(&self) -> SpaceIndex {
        self.space
    }

    /// The call that a stack of this stream stands for.
    #[inline(always)]
    pub fn call(&self, stack: StackId) -> CallId {
        self.stacks
            .get(stack.0 as usize)
            .map_or(Calls::ROOT, |stack| stack.call)
    }

    /// Notes what call a new stack stands for. Stacks come in the order of their numbers; one that
    /// does not is ignored, as nothing sane refers to it.
    pub fn define(&mut self, stack: StackId, call: CallId) {
        if stack.0 as usize == self.stacks.len() {
            self.stacks.push(Stack { call, user: 0 });
        }
    }

    /// The row that was last used at a stack, for the caller to change.
    #[inline(always)]
    pub fn row(&mut self, stack: StackId) -> &mut RowId {
        &mut self.user(stack).row
    }

    #[inline(always)]
    fn user(&mut self, stack: StackId) -> &mut User {
        let place = match self.stacks.get(stack.0 as usize) {
            Some(Stack { user: 0, .. }) => self.first_use(stack),
            Some(stack) => stack.user,
            None => 0,
        };
        &mut self.users[place as usize]
    }

    #[cold]
    fn first_use(&mut self, stack: StackId) -> u32 {
        let place = self.users.len() as u32;
        self.users.push(User::default());
        self.stacks[stack.0 as usize].user = place;
        place
    }
}

impl Sites for StackTable {
    #[inline(always)]
    fn site(&mut self, stack: StackId) -> &mut SitePair {
        &mut self.user(stack).site
    }
}

/// Why a stream stopped giving events.
pub(super) enum Pause {
    /// Its next run has this turn, and others are to be heard before.
    Until(Turn),
    /// It has no more events.
    Finished,
    /// The visitor has seen enough.
    Stopped,
    /// It cannot be read on.
    Damaged(Damage),
}

/// A stream and the place in it.
#[derive(Debug)]
pub(super) struct Stream {
    index: StreamIndex,
    chunks: Vec<usize>,
    /// How many chunks were begun.
    begun: usize,
    /// Of how many at the front only the definitions are wanted.
    skimmed: usize,
    /// Whether more chunks may come.
    grows: bool,
    bytes: Vec<u8>,
    position: usize,
    decoder: Decoder,
    stacks: StackTable,
    turn: Turn,
    time: Microseconds,
}

impl Stream {
    pub(super) fn new(index: StreamIndex, source: &StreamSource) -> Self {
        Self {
            index,
            chunks: source.chunks.clone(),
            begun: 0,
            skimmed: 0,
            grows: false,
            bytes: Vec::new(),
            position: 0,
            decoder: Decoder::new(),
            stacks: StackTable::of_space(source.space),
            turn: Turn::default(),
            time: Microseconds::default(),
        }
    }

    /// A stream of a recording that grows: chunks come by [`Stream::extend`].
    pub(super) fn growing(index: StreamIndex, space: SpaceIndex) -> Self {
        let source = StreamSource {
            space,
            ..StreamSource::default()
        };
        Self {
            grows: true,
            ..Self::new(index, &source)
        }
    }

    /// There is one more chunk of a stream that grows. One that is damaged takes none.
    pub(super) fn extend(&mut self, chunk: usize) {
        if self.grows {
            self.chunks.push(chunk);
        }
    }

    /// Whether there are chunks that were not begun.
    pub(super) fn has_more(&self) -> bool {
        self.begun < self.chunks.len()
    }

    /// Whether any chunk was begun.
    pub(super) fn has_begun(&self) -> bool {
        self.begun > 0
    }

    /// The run that goes on.
    pub(super) fn turn(&self) -> Turn {
        self.turn
    }

    /// The turn of the first run. Reads the first chunk, and keeps nothing of it: of thousands of
    /// threads few are alive at the same time.
    pub(super) fn first_turn(
        &self,
        source: &impl Source,
        scratch: &mut Vec<u8>,
    ) -> Result<Turn, ReplayError> {
        let Some(&chunk) = self.chunks.first() else {
            return Ok(Turn::default());
        };
        match source.read(chunk, scratch) {
            // `run` will meet it again, and say so
            Err(ReplayError::Capture(CaptureError::Damaged { .. })) => return Ok(Turn::default()),
            other => other?,
        }
        let event = Decoder::new().next(&mut &scratch[..], &mut StackTable::default());
        Ok(match event {
            Ok(Event::Turn { turn, .. } | Event::Restart { turn, .. }) => turn,
            _ => Turn::default(),
        })
    }

    /// Hands out events up to the first run whose turn is above `limit`.
    pub(super) fn run(
        &mut self,
        source: &impl Source,
        limit: Turn,
        visitor: &mut impl Visitor,
    ) -> Result<Pause, ReplayError> {
        visitor.run(self.index, self.turn, self.time);
        loop {
            let pause = if self.is_skimmed() || visitor.skims() {
                self.tell::<true>(limit, visitor)
            } else {
                self.tell::<false>(limit, visitor)
            };
            if let Some(pause) = pause {
                if matches!(pause, Pause::Damaged(_)) {
                    self.give_up(source);
                }
                return Ok(pause);
            }
            self.position = 0;
            self.pass_over(source, visitor.skims());
            let Some(&chunk) = self.chunks.get(self.begun) else {
                self.bytes.clear();
                if !self.grows {
                    self.close();
                }
                return Ok(Pause::Finished);
            };
            self.begun += 1;
            match source.read(chunk, &mut self.bytes) {
                Err(ReplayError::Capture(CaptureError::Damaged { .. })) => {
                    let pause = self.damaged(DamageKind::Chunk);
                    self.give_up(source);
                    return Ok(pause);
                }
                other => other?,
            }
        }
    }

    /// Hands out what is left of the chunk that was begun last, without the common forms of
    /// allocations and frees if it is to be skimmed. Nothing is returned at its end.
    #[inline(always)]
    fn tell<const SKIM: bool>(&mut self, limit: Turn, visitor: &mut impl Visitor) -> Option<Pause> {
        let mut input = &self.bytes[self.position..];
        loop {
            if SKIM {
                Decoder::skip_common(&mut input);
            }
            let &kind = input.first()?;
            let form = if SKIM {
                Common::Neither
            } else {
                Decoder::form(kind)
            };
            let stacks = &mut self.stacks;
            let told = match form {
                Common::Allocation => self
                    .decoder
                    .allocation(&mut input, stacks)
                    .map(|allocation| visitor.allocation(self.index, stacks, allocation)),
                Common::Free => self
                    .decoder
                    .free(&mut input)
                    .map(|free| visitor.free(self.index, stacks, free)),
                Common::Neither => match self.decoder.next(&mut input, stacks) {
                    Ok(Event::Turn { turn, time } | Event::Restart { turn, time, .. }) => {
                        self.turn = turn;
                        self.time = time;
                        if turn > limit {
                            self.position = self.bytes.len() - input.len();
                            return Some(Pause::Until(turn));
                        }
                        visitor.run(self.index, turn, time);
                        Ok(ControlFlow::Continue(()))
                    }
                    Ok(event) => Ok(visitor.event(self.index, stacks, event)),
                    Err(error) => Err(error),
                },
            };
            match told {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Some(Pause::Stopped),
                Err(error) => {
                    self.position = self.bytes.len() - input.len();
                    return Some(self.damaged(DamageKind::Event(error)));
                }
            }
        }
    }

    fn damaged(&self, kind: DamageKind) -> Pause {
        Pause::Damaged(Damage {
            stream: self.index,
            chunk: self.begun.saturating_sub(1),
            position: self.position,
            kind,
        })
    }

    /// Ends a stream in the chunk that was begun last, which is damaged.
    #[cold]
    fn give_up(&mut self, source: &impl Source) {
        if let Some(&chunk) = self.begun.checked_sub(1).and_then(|it| self.chunks.get(it)) {
            source.distrust(chunk);
        }
        self.close();
    }

    /// Gives the memory of a stream back that has ended.
    fn close(&mut self) {
        self.grows = false;
        self.position = 0;
        self.bytes = Vec::new();
        self.chunks = Vec::new();
        self.stacks = StackTable::default();
    }
}
