//! The reports: each is plain data, `Serialize` for `--json` and `Display` for people.

mod base64;
pub mod columns;
mod content;
pub mod cut;
pub mod diff;
pub mod endings;
pub mod flamegraph;
pub mod growth;
pub mod info;
pub mod leaks;
pub mod lines;
pub mod measure;
pub mod notes;
pub mod page_data;
pub mod partition;
pub mod processes;
pub mod stats;
pub mod summary;
pub mod table;
pub mod timeline;
pub mod timeline_data;
pub mod tree;
pub mod trend;
pub mod versions;
