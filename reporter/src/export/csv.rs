//! `memprof export csv`: one row for each stack, thread, allocator and type.

use super::frame_text;
use crate::profile::Profile;
use std::io::{self, Write};

/// Writes the rows of a profile, after a heading. Frames come from the root, joined by `;`.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn write(profile: &Profile, out: &mut dyn Write) -> io::Result<()> {
    let stacks = &profile.stacks;
    let names: Vec<String> = stacks
        .frames()
        .iter()
        .map(|&frame| frame_text(stacks, frame).replace(';', ":"))
        .collect();
    writeln!(out, "allocator,blocks,bytes,thread,thread_name,type,stack")?;
    for row in &profile.rows {
        let thread = &profile.threads[row.thread as usize];
        let kind = row.kind.map_or("", |kind| stacks.name(kind));
        let frames: Vec<&str> = stacks
            .outward(row.stack)
            .into_iter()
            .map(|frame| names[frame.0 as usize].as_str())
            .collect();
        writeln!(
            out,
            "{},{},{},{},{},{},{}",
            row.allocator.name(),
            row.totals.blocks,
            row.totals.bytes,
            thread.id,
            quoted(&thread.name),
            quoted(kind),
            quoted(&frames.join(";"))
        )?;
    }
    Ok(())
}

/// A field with what separates fields in it is put in quotes, and its own quotes are doubled. So is
/// one that a spreadsheet would take for a formula.
fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) || field.starts_with(['=', '+', '-', '@']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{quoted, write};
    use crate::profile::sample;

    #[test]
    fn one_row_for_each_of_the_profile() {
        let mut out = Vec::new();
        write(&sample::profile(), &mut out).expect("in memory");
        let expected = "\
allocator,blocks,bytes,thread,thread_name,type,stack
malloc,1,50,7,MainThread,,
mem.malloc,2,400,8,,,<module> (/home/me/app/main.py:3);load (/home/me/app/models.py:12)
obj.malloc,10,10240,7,MainThread,dict,<module> (/home/me/app/main.py:3);load (/home/me/app/models.py:12);decode (/usr/lib/python3.11/json/decoder.py:355)
";
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }

    #[test]
    fn fields_cannot_break_out() {
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(quoted("plain"), "plain");
    }
}
