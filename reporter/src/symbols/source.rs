//! The text of source lines, as far as it may be shown and is still what ran.

use super::Origin;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Which source lines a report may show. Reports are sent to others, who may not be meant to read the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourcePolicy {
    /// None at all.
    None,
    /// Those of the user's own files.
    #[default]
    Own,
    /// Those of every file that can be read.
    All,
}

/// Longer lines are cut: they are generated, and nobody reads them.
const LONGEST: usize = 300;
/// Larger files are left alone, for the same reason.
const LARGEST: u64 = 4 << 20;

/// Reads source files, each once.
#[derive(Debug)]
pub struct SourceLines {
    policy: SourcePolicy,
    folder: String,
    ran: Option<SystemTime>,
    files: HashMap<String, Vec<String>>,
}

impl SourceLines {
    /// For a program that was started in `folder` at the time `ran`: files that were changed later are not shown, because
    /// their lines are not those that ran. (Without a time, every file is taken for unchanged.)
    pub fn new(policy: SourcePolicy, folder: &str, ran: Option<SystemTime>) -> Self {
        Self {
            policy,
            folder: folder.to_owned(),
            ran,
            files: HashMap::new(),
        }
    }

    /// The text of a line, counted from 1; `None` where it may not be shown or is not known.
    pub fn line(&mut self, file: &str, line: u32) -> Option<String> {
        let allowed = match self.policy {
            SourcePolicy::None => false,
            SourcePolicy::Own => Origin::of(file) == Origin::Own,
            SourcePolicy::All => !file.starts_with('<'),
        };
        let index = (line as usize).checked_sub(1)?;
        if !allowed {
            return None;
        }
        if !self.files.contains_key(file) {
            let lines = self.read(file).unwrap_or_default();
            self.files.insert(file.to_owned(), lines);
        }
        let text = self.files.get(file)?.get(index)?;
        let text: String = text.chars().take(LONGEST).collect();
        (!text.trim().is_empty()).then_some(text)
    }

    /// Lines of a file that can be read, is text, and is what it was.
    fn read(&self, file: &str) -> Option<Vec<String>> {
        let path = Path::new(&self.folder).join(file);
        let facts = fs::metadata(&path).ok()?;
        let changed = match (self.ran, facts.modified()) {
            (Some(ran), Ok(modified)) => modified > ran,
            _ => false,
        };
        if !facts.is_file() || facts.len() > LARGEST || changed {
            return None;
        }
        let text = String::from_utf8(fs::read(path).ok()?).ok()?;
        Some(text.lines().map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::{SourceLines, SourcePolicy};
    use std::fs;
    use std::path::PathBuf;
    use std::time::{Duration, SystemTime};

    /// A folder of its own for each test, with a file of the user's and one of a package.
    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("memprof-source-{name}-{}", std::process::id()));
        let package = folder.join("site-packages");
        fs::create_dir_all(&package).expect("the temporary folder can be written");
        fs::write(folder.join("app.py"), "import sys\n\nmain()\n").expect("it can be written");
        fs::write(package.join("lib.py"), "def helper():\n").expect("it can be written");
        folder
    }

    #[test]
    fn the_policy_decides_whose_lines_are_shown() {
        let folder = folder("policy");
        let root = folder.to_str().expect("it is text");
        let package = format!("{root}/site-packages/lib.py");
        let read = |policy, file: &str, line| SourceLines::new(policy, root, None).line(file, line);
        assert_eq!(read(SourcePolicy::None, "app.py", 1), None);
        assert_eq!(
            read(SourcePolicy::Own, "app.py", 3).as_deref(),
            Some("main()")
        );
        assert_eq!(read(SourcePolicy::Own, &package, 1), None);
        assert_eq!(
            read(SourcePolicy::All, &package, 1).as_deref(),
            Some("def helper():")
        );
        for (file, line) in [
            ("app.py", 0),
            ("app.py", 2),
            ("app.py", 99),
            ("gone.py", 1),
            ("<string>", 1),
        ] {
            assert_eq!(read(SourcePolicy::All, file, line), None, "{file}:{line}");
        }
        fs::remove_dir_all(folder).expect("it is ours");
    }

    #[test]
    fn a_file_that_was_changed_since_is_not_shown() {
        let folder = folder("changed");
        let root = folder.to_str().expect("it is text");
        let hour = Duration::from_secs(3600);
        let line = |ran| SourceLines::new(SourcePolicy::Own, root, Some(ran)).line("app.py", 1);
        assert_eq!(
            line(SystemTime::now() + hour).as_deref(),
            Some("import sys")
        );
        assert_eq!(line(SystemTime::now() - hour), None);
        fs::remove_dir_all(folder).expect("it is ours");
    }
}
