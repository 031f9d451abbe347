//! Errors that need no recording; whole recordings are asked in the whole-program tests.

use super::{OutsideError, Recorded};
use std::process::{Command, Stdio};

#[test]
fn who_is_not_recorded_is_told_apart_from_who_is_not_there() {
    let nobody = Recorded::find(4_194_305).expect_err("no process has this number");
    assert_eq!(nobody.to_string(), "there is no process 4194305");
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .spawn()
        .expect("cat is there");
    let found = Recorded::find(child.id());
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
    assert!(
        matches!(found, Err(OutsideError::NotRecorded(_))),
        "{found:?}"
    );
}
