//! One file with machine code: its symbols and its debug information.

use super::NativeName;
use super::debug_file;
use super::settings::Settings;
use addr2line::{Loader, demangle_auto};
use object::{Object as _, ObjectSegment as _, ReadCache};
use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A file that is open.
pub struct Object {
    segments: Vec<Segment>,
    /// The file itself.
    own: Option<Loader>,
    /// The separate file with its debug information.
    debug: Option<Loader>,
}

impl fmt::Debug for Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Object")
            .field("segments", &self.segments)
            .finish_non_exhaustive()
    }
}

/// A part of the file that is loaded.
#[derive(Clone, Copy, Debug)]
struct Segment {
    offset: u64,
    bytes: u64,
    address: u64,
}

impl Object {
    /// Finds the file of a module: below the sysroot, at its own path, or else by its build id.
    /// `None` when there is none. (A file with nothing but debug information is not enough: where
    /// its code was in the file that was mapped stands in that one only.)
    pub fn find(path: &str, build_id: Option<&str>, settings: &Settings) -> Option<Self> {
        let path = Path::new(path);
        let below = |root: &PathBuf| root.join(path.strip_prefix("/").unwrap_or(path));
        let moved = settings.sysroot.as_ref().map(below);
        let own = moved
            .iter()
            .map(PathBuf::as_path)
            .chain([path])
            .find_map(|path| Self::open(path, build_id, settings));
        own.or_else(|| {
            let same = debug_file::by_build_id(build_id?, settings)?;
            Self::open(&same, build_id, settings)
        })
    }

    /// Opens a file; `None` when it cannot be read, or is another one than was recorded.
    fn open(path: &Path, build_id: Option<&str>, settings: &Settings) -> Option<Self> {
        let cache = ReadCache::new(File::open(path).ok()?);
        let file = object::File::parse(&cache).ok()?;
        let id = file.build_id().ok().flatten().map(debug_file::hexadecimal);
        if build_id.is_some() && id.is_some() && build_id != id.as_deref() {
            return None;
        }
        let segments = file
            .segments()
            .map(|segment| {
                let (offset, bytes) = segment.file_range();
                Segment {
                    offset,
                    bytes,
                    address: segment.address(),
                }
            })
            .collect();
        let has_lines = file.section_by_name(".debug_info").is_some();
        let debug = if has_lines {
            None
        } else {
            debug_file::find(&file, path, settings)
        };
        Some(Self {
            segments,
            own: Loader::new(path).ok(),
            debug: debug.and_then(|path| Loader::new(path).ok()),
        })
    }

    /// The functions at an offset in the file, innermost first; none where nothing is known.
    pub fn frames(&self, in_file: u64, path: &str) -> Vec<NativeName> {
        let Some(address) = self.address(in_file) else {
            return Vec::new();
        };
        let loaders = || self.debug.iter().chain(&self.own);
        let found = loaders()
            .map(|loader| described(loader, address, path))
            .find(|frames| !frames.is_empty());
        found.unwrap_or_else(|| {
            let symbol = loaders().find_map(|loader| loader.find_symbol(address));
            let name = |symbol| NativeName {
                function: demangle_auto(Cow::Borrowed(symbol), None).into_owned(),
                file: path.to_owned(),
                line: 0,
            };
            symbol.map(name).into_iter().collect()
        })
    }

    /// The address that debug information knows an offset in the file by.
    fn address(&self, in_file: u64) -> Option<u64> {
        let segment = self.segments.iter().find(|segment| {
            in_file >= segment.offset && in_file - segment.offset < segment.bytes
        })?;
        Some(in_file - segment.offset + segment.address)
    }
}

/// What debug information says of an address.
fn described(loader: &Loader, address: u64, path: &str) -> Vec<NativeName> {
    let mut names = Vec::new();
    let Ok(mut frames) = loader.find_frames(address) else {
        return names;
    };
    while let Ok(Some(frame)) = frames.next() {
        let function = frame
            .function
            .as_ref()
            .and_then(|function| function.demangle().map(Cow::into_owned).ok());
        // lines without a function: the symbol table knows its name
        let function = function.or_else(|| {
            let symbol = loader.find_symbol(address)?;
            Some(demangle_auto(Cow::Borrowed(symbol), None).into_owned())
        });
        let Some(function) = function else { continue };
        let place = frame.location.as_ref();
        names.push(NativeName {
            function,
            file: place
                .and_then(|place| place.file)
                .map_or_else(|| path.to_owned(), str::to_owned),
            line: place.and_then(|place| place.line).unwrap_or(0),
        });
    }
    names
}
