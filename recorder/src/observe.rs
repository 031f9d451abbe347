//! What the kernel tells about a running program: how much memory it uses, what it has mapped.

mod build_id;
mod identity;
mod memory;
mod memory_group;
mod modules;
mod relatives;

pub use build_id::BuildIds;
pub use identity::identify;
pub use memory::MemoryWatch;
pub use memory_group::{Deaths, MemoryGroup};
pub use modules::ModuleWatch;
pub use relatives::relatives;
