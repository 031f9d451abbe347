//! Whole-program behaviour. Everything is in `tests/it`; see `BEHAVIOURS.md` for what is shown where.
