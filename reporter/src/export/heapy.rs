//! `memprof export heapy`: a `.hpy` file, as heapy's `heap().stat.dump(FILE)` writes and its
//! `hpy().load(FILE)` reads. The format is that of guppy3 3.1 (`guppy/heapy/Part.py`).
//!
//! As heapy counts, what belongs to an object is part of its size.

use crate::profile::Profile;
use crate::report::partition::Partition;
use std::io::{self, Write};

/// Writes the objects of a profile by their kind. `started` is when the recording began, in
/// seconds of the Unix clock.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn write(profile: &Profile, started: f64, out: &mut dyn Write) -> io::Result<()> {
    let partition = Partition::of_kinds(profile);
    let total = partition.total;
    writeln!(out, ".loader: _load_stat")?;
    writeln!(out, ".format: SetFormat")?;
    writeln!(out, ".timemade: {:.6}", started + profile.time)?;
    writeln!(out, ".count: {}", total.blocks)?;
    writeln!(out, ".size: {}", total.bytes)?;
    writeln!(out, ".kindname: ")?;
    writeln!(out, ".kindheader: {}", partition.heading)?;
    writeln!(out, ".numrows: {}", partition.rows.len())?;
    for row in &partition.rows {
        let kind = kind(&row.to_string());
        let totals = row.totals;
        writeln!(out, ".r: {} {} {kind}", totals.blocks, totals.bytes)?;
    }
    writeln!(out, ".end: .loader: _load_stat")
}

/// What heapy calls a kind: types without a public name by the one that `types` has for them. A line
/// of the file is one row, so names are kept to one line.
fn kind(name: &str) -> String {
    let name = name.replace(['\n', '\r'], " ");
    match name.strip_prefix("dict of ") {
        Some(owner) => format!("dict of {}", public(owner)),
        None => public(&name).to_owned(),
    }
}

fn public(name: &str) -> &str {
    match name {
        "async_generator" => "types.AsyncGeneratorType",
        "builtin_function_or_method" => "types.BuiltinMethodType",
        "cell" => "types.CellType",
        "classmethod_descriptor" => "types.ClassMethodDescriptorType",
        "code" => "types.CodeType",
        "coroutine" => "types.CoroutineType",
        "ellipsis" => "types.EllipsisType",
        "frame" => "types.FrameType",
        "generator" => "types.GeneratorType",
        "getset_descriptor" => "types.GetSetDescriptorType",
        "mappingproxy" => "types.MappingProxyType",
        "member_descriptor" => "types.MemberDescriptorType",
        "method" => "types.MethodType",
        "method-wrapper" => "types.MethodWrapperType",
        "method_descriptor" => "types.MethodDescriptorType",
        "traceback" => "types.TracebackType",
        "wrapper_descriptor" => "types.WrapperDescriptorType",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{kind, write};
    use crate::profile::sample;

    #[test]
    fn as_heapy_reads_it() {
        let mut out = Vec::new();
        write(&sample::profile(), 1_700_000_000.0, &mut out).expect("memory");
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "\
.loader: _load_stat
.format: SetFormat
.timemade: 1700000001.500000
.count: 13
.size: 10690
.kindname: 
.kindheader: Kind (class / dict of class)
.numrows: 3
.r: 10 10240 dict
.r: 2 400 <mem.malloc buffer>
.r: 1 50 <malloc>
.end: .loader: _load_stat
"
        );
        assert_eq!(kind("code"), "types.CodeType");
        assert_eq!(kind("dict of method"), "dict of types.MethodType");
        assert_eq!(kind("module"), "module");
    }
}
