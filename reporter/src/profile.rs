//! What a recording says about one moment.
mod totals;
pub use totals::Totals;
