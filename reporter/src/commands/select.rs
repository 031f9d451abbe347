//! What most reports have in common: a recording, a moment, and what of it.

use super::failure::Failure;
use super::input::{self, Input};
use crate::profile::{By, Filter, Grouping, Moment, Passing, Profile, Request};
use crate::recording::Recording;
use crate::replay::{Detail, Observer, Replay};
use std::env;

/// When this is in the environment, reports read the whole recording even where part of it would do.
/// Tests see by it that the answers are the same.
pub const WHOLE_REPLAY: &str = "MEMPROF_WHOLE_REPLAY";

/// What of a recording a report is about.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The recording.
    pub input: Input,
    /// The moment.
    pub moment: Moment,
    /// Only what this thread allocated, by number or name.
    pub thread: Option<String>,
    /// Only what passes this.
    pub filter: Option<Filter>,
    /// What rows are added up by; every report has an own idea if nothing is said.
    pub by: Option<Grouping>,
    /// How many rows are shown; every report has an own idea if nothing is said.
    pub top: Option<usize>,
    /// As JSON.
    pub json: bool,
}

impl Selection {
    /// Opens the recording and takes the profile.
    ///
    /// # Errors
    ///
    /// When the recording cannot be read, or does not know the moment or the thread.
    pub fn profile(&self) -> Result<(Recording, Profile), Failure> {
        let recording = self.input.open()?;
        let profile = input::profile(&recording, &self.request())?;
        Ok((recording, profile))
    }

    /// The same for a report that shows nothing but sums: by this grouping, or by stack alone.
    ///
    /// # Errors
    ///
    /// As [`Self::profile`].
    pub fn profile_of_sums(
        &self,
        grouping: Option<&Grouping>,
    ) -> Result<(Recording, Profile), Failure> {
        let mut request = self.request();
        let types = grouping.is_some_and(|by| by.properties().contains(&By::Type));
        if request.detail == Detail::Type && !types && self.filter.is_none() {
            request.detail = Detail::Neither;
        }
        let recording = self.input.open()?;
        let profile = input::profile(&recording, &request)?;
        Ok((recording, profile))
    }

    /// What is asked of a recording.
    pub fn request(&self) -> Request {
        let detail = self.by.as_ref().map(Grouping::detail).unwrap_or_default();
        // a filter may ask for the type, whatever is shown
        let detail = match (detail, &self.filter) {
            (Detail::Size, Some(_)) => Detail::TypeAndSize,
            (detail, _) => detail,
        };
        Request {
            moment: self.moment.clone(),
            thread: self.thread.clone(),
            detail,
            filter: self.filter.clone(),
            ages: self.groups_by_age(),
            whole_replay: env::var_os(WHOLE_REPLAY).is_some(),
        }
    }

    fn groups_by_age(&self) -> bool {
        let by = self.by.as_ref();
        by.is_some_and(|by| by.properties().contains(&By::Age))
    }

    /// What of the rows of a replay is asked for.
    ///
    /// # Errors
    ///
    /// When there is no such thread.
    pub fn passing<'a, O: Observer>(
        &'a self,
        recording: &'a Recording,
        replay: &'a Replay<O>,
    ) -> Result<Passing<'a>, Failure> {
        let (thread, filter) = (self.thread.as_deref(), self.filter.as_ref());
        let (definitions, rows) = (&replay.definitions, &replay.rows);
        Ok(Passing::new(recording, definitions, rows, thread, filter)?)
    }

    /// What rows are added up by.
    pub fn grouping(&self, default: By) -> Grouping {
        self.by.clone().unwrap_or_else(|| Grouping::one(default))
    }

    /// Whether blocks have to be told apart by more than stack, thread and allocator.
    pub fn tells_apart(&self) -> bool {
        let properties = self.by.as_ref().map(Grouping::properties);
        let mut properties = properties.unwrap_or_default().iter();
        self.filter.is_some() || properties.any(|by| matches!(by, By::Type | By::Size | By::Age))
    }

    /// How many rows are shown: as many as was said, else all in JSON and `default` in text.
    pub fn rows(&self, default: usize) -> Option<usize> {
        self.top.or((!self.json).then_some(default))
    }
}
