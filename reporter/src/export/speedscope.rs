//! `memprof export speedscope`: for <https://www.speedscope.app>.

use crate::profile::{Profile, Stacks, Totals};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    exporter: &'static str,
    name: &'a str,
    active_profile_index: usize,
    shared: Shared<'a>,
    profiles: [Sampled<'a>; 2],
}

#[derive(Serialize)]
struct Shared<'a> {
    frames: Vec<Frame<'a>>,
}

#[derive(Serialize)]
struct Frame<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sampled<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    unit: &'static str,
    start_value: i64,
    end_value: i64,
    samples: &'a [Vec<u32>],
    weights: Vec<i64>,
}

/// Writes two profiles of the same stacks, one of bytes and one of blocks.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn write(profile: &Profile, name: &str, out: &mut dyn Write) -> io::Result<()> {
    let stacks = &profile.stacks;
    let mut sums: BTreeMap<_, Totals> = BTreeMap::new();
    for row in &profile.rows {
        *sums.entry(row.stack).or_default() += row.totals;
    }
    let samples: Vec<Vec<u32>> = sums
        .keys()
        .map(|&stack| {
            stacks
                .outward(stack)
                .into_iter()
                .map(|frame| frame.0)
                .collect()
        })
        .collect();
    let sampled = |name, unit, weight: fn(&Totals) -> i64| {
        let weights: Vec<i64> = sums.values().map(weight).collect();
        let end_value = weights.iter().sum();
        Sampled {
            kind: "sampled",
            name,
            unit,
            start_value: 0,
            end_value,
            samples: &samples,
            weights,
        }
    };
    let file = File {
        schema: "https://www.speedscope.app/file-format-schema.json",
        exporter: concat!("memprof ", env!("CARGO_PKG_VERSION")),
        name,
        active_profile_index: 0,
        shared: Shared {
            frames: frames(stacks),
        },
        profiles: [
            sampled("Bytes", "bytes", |totals| totals.bytes),
            sampled("Blocks", "none", |totals| totals.blocks),
        ],
    };
    serde_json::to_writer(&mut *out, &file)?;
    writeln!(out)
}

fn frames(stacks: &Stacks) -> Vec<Frame<'_>> {
    let frames = stacks.frames().iter();
    frames
        .map(|frame| Frame {
            name: stacks.name(frame.function),
            file: stacks.name(frame.file),
            line: (frame.line != 0).then_some(frame.line),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::profile::sample;

    #[test]
    fn two_profiles_share_their_frames() {
        let mut out = Vec::new();
        write(&sample::branches(), "a.bin", &mut out).expect("in memory");
        let json: serde_json::Value = serde_json::from_slice(&out).expect("it is JSON");
        assert_eq!(json["shared"]["frames"][0]["name"], "main");
        let [bytes, blocks] = [&json["profiles"][0], &json["profiles"][1]];
        assert_eq!(
            bytes["samples"],
            serde_json::json!([[0], [0, 1, 2], [0, 3]])
        );
        assert_eq!(bytes["weights"], serde_json::json!([12, 1000, 100]));
        assert_eq!(bytes["endValue"], 1112);
        assert_eq!(blocks["weights"], serde_json::json!([2, 1, 1]));
    }
}
