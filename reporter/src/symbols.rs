//! From places in code to names and lines.

pub mod native;
pub mod origin;
pub mod python;

pub use native::NativeNames;
pub use origin::Origin;
