//! Whose code a file is, and the names of modules.

pub use memprof_recorder::origin::Origin;
use memprof_recorder::origin::is_python_folder;

/// The dotted name of the module that a file holds, as far as its path tells. `folder` is where
/// the program was started.
pub fn module(file: &str, folder: &str) -> String {
    if let Some(frozen) = file.strip_prefix("<frozen ") {
        return frozen.trim_end_matches('>').to_owned();
    }
    if file.starts_with('<') || file.is_empty() {
        return file.to_owned();
    }
    let parts: Vec<&str> = file.split('/').collect();
    let packages = parts
        .iter()
        .rposition(|part| matches!(*part, "site-packages" | "dist-packages"));
    let library = parts
        .windows(2)
        .rposition(|pair| matches!(pair[0], "lib" | "lib64") && is_python_folder(pair[1]));
    let inside = match (packages, library) {
        (Some(place), _) => parts[place + 1..].join("/"),
        (None, Some(place)) => parts[place + 2..].join("/"),
        (None, None) => match file
            .strip_prefix(folder)
            .and_then(|rest| rest.strip_prefix('/'))
        {
            Some(rest) => rest.to_owned(),
            None => (*parts.last().unwrap_or(&file)).to_owned(),
        },
    };
    let stem = inside.strip_suffix(".py").unwrap_or(&inside);
    stem.strip_suffix("/__init__")
        .unwrap_or(stem)
        .replace('/', ".")
}

#[cfg(test)]
mod tests {
    use super::module;

    #[test]
    fn modules_are_named_as_they_are_imported() {
        for (file, name) in [
            ("/home/me/app/models.py", "app.models"),
            ("/home/me/script.py", "script"),
            ("/elsewhere/tool.py", "tool"),
            ("/usr/lib/python3.11/json/decoder.py", "json.decoder"),
            (
                "/venv/lib/python3.11/site-packages/numpy/__init__.py",
                "numpy",
            ),
            ("<frozen importlib._bootstrap>", "importlib._bootstrap"),
            ("<string>", "<string>"),
        ] {
            assert_eq!(module(file, "/home/me"), name, "{file}");
        }
    }
}
