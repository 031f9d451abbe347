//! What a recording says about one moment: the immutable answer that every report is made from.
//!
//! A [`Profile`] is a list of rows, each with a stack, a thread, an allocator and a type where one
//! is known, and with how much of it there is. [`group`] adds rows up by what a report shows.

mod age;
mod build;
pub mod filter;
pub mod group;
mod growth;
mod label;
mod moment;
mod names;
pub mod nearest;
mod passing;
mod recursion;
mod replay_all;
mod request;
mod resolver;
mod site;
mod sources;
mod stacks;
mod starts;
mod take;
mod threads;
mod totals;
mod window;

pub use age::Age;
pub use filter::{Filter, Pattern};
pub use group::{By, Group, Grouping, NO_FRAME};
pub use growth::{Course, Development, Part};
pub use label::Label;
pub use moment::{Moment, NoMoment, Point, parse_time};
pub use names::NameId;
pub use passing::{Asking, Passing, in_words};
pub use recursion::Recursion;
pub use replay_all::{replay, replay_here};
pub use request::{ProfileError, Request};
pub use resolver::{Resolved, Resolver};
pub use sources::Sources;
pub use stacks::{Frame, FrameId, Language, StackId, Stacks};
pub use starts::Starts;
pub use take::{reached, take, take_beside, take_temporary};
pub use threads::{threads, wanted_threads};
pub use totals::Totals;

#[cfg(test)]
pub(crate) mod sample;

use memprof_wire::allocator::Allocator;
use memprof_wire::event::Note;

/// How much came from one stack of one thread by one allocator, of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    /// Where the program was.
    pub stack: StackId,
    /// The thread: an index into [`Profile::threads`].
    pub thread: u32,
    /// Who handed the blocks out.
    pub allocator: Allocator,
    /// The type of the objects, where it is known.
    pub kind: Option<NameId>,
    /// The size of each block, where it was asked for.
    pub size: Option<u64>,
    /// How old they are, where it was asked for.
    pub age: Option<Age>,
    /// How much.
    pub totals: Totals,
}

impl ProfileRow {
    /// Whether another row differs in nothing but how much it is.
    fn is_like(&self, other: &Self) -> bool {
        let totals = Totals::ZERO;
        Self { totals, ..*self } == Self { totals, ..*other }
    }
}

/// A thread of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// The kernel's number.
    pub id: u32,
    /// Its last name, empty where none is known.
    pub name: String,
    /// The process that it belonged to.
    pub process: u32,
}

impl Thread {
    /// Whether it is one: the stream of a mark that was asked for from outside has none.
    pub fn is_real(&self) -> bool {
        self.id != 0
    }
}

/// What was alive at a moment.
#[derive(Debug, Default)]
pub struct Profile {
    /// Which moment, as the user would write it.
    pub moment: String,
    /// When that was, in seconds from the start.
    pub time: f64,
    /// The sum of the rows.
    pub total: Totals,
    /// Bytes of mapped files at that moment, which are not in `total`.
    pub files: i64,
    /// Bytes of addresses that were only set aside, which are not in `total`.
    pub reserved: i64,
    /// The rows, each of another stack, thread, allocator or type.
    pub rows: Vec<ProfileRow>,
    /// The stacks of the rows.
    pub stacks: Stacks,
    /// The threads of the rows.
    pub threads: Vec<Thread>,
    /// Where its functions begin.
    pub starts: Starts,
    /// What the lines of its source files say; none unless asked for by [`Sources::new`].
    pub sources: Sources,
    /// Where the program was started.
    pub folder: String,
    /// Whether the recording holds everything that happened.
    pub complete: bool,
    /// Whether types of objects were recorded.
    pub has_types: bool,
    /// What the recording has to say about itself.
    pub notes: Vec<Note>,
}
