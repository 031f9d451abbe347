//! Lines as text and as a page.

use super::{Amounts, FunctionLines, Lines, SourceLine};
use crate::profile::Totals;

fn lines() -> Lines {
    let totals = |bytes, blocks| Totals { bytes, blocks };
    let amounts = Amounts {
        allocated: totals(3 << 20, 1234),
        alive: totals(2 << 20, 1000),
        net: totals(1 << 20, 500),
    };
    let line = |line, amounts, source: &str| SourceLine {
        line,
        amounts,
        source: Some(source.to_owned()),
    };
    Lines {
        title: "app.py".into(),
        moment: "peak".into(),
        complete: true,
        total: totals(4 << 20, 2000),
        functions: vec![FunctionLines {
            function: "load".into(),
            file: "/home/me/app.py".into(),
            line: 10,
            amounts,
            lines: vec![
                line(10, Amounts::default(), "def load():"),
                line(11, amounts, "    return [<b> for x in y]"),
                line(90, Amounts::default(), "    pass"),
            ],
        }],
        elided: 2,
    }
}

#[test]
fn text_has_the_familiar_shape() {
    let expected = "\
Allocated: 3.0 MiB in 1,234 blocks, with all that was called
Alive: 2.0 MiB at peak, 1.0 MiB at the end
File: /home/me/app.py
Function: load at line 10

Line #   Allocated       Blocks     At peak         Net  Line Contents
======================================================================
    10                                                   def load():
    11     3.0 MiB        1,234     2.0 MiB     1.0 MiB      return [<b> for x in y]
   ...
    90                                                       pass

<2 more functions. Use --top N to view.>
";
    assert_eq!(lines().to_string(), expected);
}

#[test]
fn json_has_plain_numbers() {
    let json = serde_json::to_value(lines()).expect("plain data");
    let line = &json["functions"][0]["lines"][1];
    assert_eq!(line["allocated_bytes"], 3 << 20);
    assert_eq!(line["blocks"], 1000);
    assert_eq!(line["net_bytes"], 1 << 20);
    assert_eq!(json["functions"][0]["bytes"], 2 << 20);
}

#[test]
fn the_page_escapes_source() {
    let page = lines().html();
    assert!(page.contains("return [&#60;b&#62; for"), "{page}");
    assert!(page.contains("<tr class=\"shade8\"><th scope=\"row\">11</th>"));
    assert!(!page.contains("<script"));
}
