//! From places in code to names and lines.

pub mod native;
pub mod origin;
pub mod python;
pub mod source;

pub use native::{Mapped, NativeNames, Settings};
pub use origin::Origin;
pub use source::{SourceLines, SourcePolicy};
