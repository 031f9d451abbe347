//! The reports: each is plain data, `Serialize` for `--json` and `Display` for people.

pub mod columns;
pub mod measure;
pub mod stats;
