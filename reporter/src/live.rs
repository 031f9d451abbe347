//! `memprof live`: the memory of a program, on the terminal, while it runs.
//!
//! ```text
//! Follower ─▶ Replay + Tally ─▶ Survey ─▶ State ─▶ view
//!    ▲ the file, as it grows                ▲ keys, mouse
//! ```
//!
//! There is no protocol of its own: it reads the file that the recorder writes, by the same replay
//! as every report, and never from the start again.

pub mod ask;
pub mod find;
pub mod follow;
pub mod input;
pub mod places;
pub mod resident;
pub mod state;
pub mod survey;
pub mod tally;
pub mod view;
pub mod watch;
