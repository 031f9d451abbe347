//! `memprof export gprof2dot`: for `gprof2dot -f json`, which draws who called whom.

use crate::profile::group::NO_FRAME;
use crate::profile::{Profile, Totals};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

#[derive(Serialize)]
struct File<'a> {
    version: u32,
    functions: Vec<Function<'a>>,
    costs: [Cost; 1],
    events: Vec<Event>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    module: &'a str,
}

#[derive(Serialize)]
struct Cost {
    description: &'static str,
    unit: &'static str,
}

#[derive(Serialize)]
struct Event {
    callchain: Vec<usize>,
    cost: [i64; 1],
}

/// Writes the functions of a profile, and each stack from its innermost frame with its bytes.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn write(profile: &Profile, out: &mut dyn Write) -> io::Result<()> {
    let stacks = &profile.stacks;
    let mut functions = vec![Function {
        name: NO_FRAME,
        module: "",
    }];
    let mut known = HashMap::new();
    let mut of_frame = Vec::new();
    for frame in stacks.frames() {
        let id = *known
            .entry((frame.function, frame.file))
            .or_insert(functions.len());
        if id == functions.len() {
            functions.push(Function {
                name: stacks.name(frame.function),
                module: stacks.name(frame.file),
            });
        }
        of_frame.push(id);
    }
    let mut sums: BTreeMap<_, Totals> = BTreeMap::new();
    for row in &profile.rows {
        *sums.entry(row.stack).or_default() += row.totals;
    }
    let events = sums
        .into_iter()
        .map(|(stack, totals)| {
            let mut callchain: Vec<usize> = stacks
                .inward(stack)
                .map(|frame| of_frame[frame.0 as usize])
                .collect();
            if callchain.is_empty() {
                callchain.push(0);
            }
            Event {
                callchain,
                cost: [totals.bytes],
            }
        })
        .collect();
    let file = File {
        version: 0,
        functions,
        costs: [Cost {
            description: "Memory",
            unit: "bytes",
        }],
        events,
    };
    serde_json::to_writer(&mut *out, &file)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::profile::sample;

    #[test]
    fn call_chains_begin_inside() {
        let mut out = Vec::new();
        write(&sample::branches(), &mut out).expect("in memory");
        let json: serde_json::Value = serde_json::from_slice(&out).expect("it is JSON");
        assert_eq!(json["version"], 0);
        let names = &json["functions"];
        let chain = json["events"][1]["callchain"].as_array().expect("a list");
        let name = |place: &serde_json::Value| {
            let place = place.as_u64().expect("a number") as usize;
            names[place]["name"].as_str().expect("a text").to_owned()
        };
        let chain: Vec<String> = chain.iter().map(name).collect();
        assert_eq!(chain, ["deep", "big", "main"]);
        assert_eq!(json["events"][1]["cost"][0], 1000);
    }
}
