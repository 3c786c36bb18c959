//! The workspace as data: its crates with what they depend on, and its files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Everything that the rules look at.
#[derive(Clone)]
pub(super) struct Tree {
    pub(super) crates: Vec<Crate>,
    /// By path from the workspace root. Text is kept of what the rules read, and is empty for the rest.
    pub(super) files: BTreeMap<String, String>,
}

#[derive(Clone)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) dependencies: Vec<Dependency>,
    /// What each of its features switches on.
    pub(super) features: BTreeMap<String, Vec<String>>,
}

#[derive(Clone)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) optional: bool,
    pub(super) features: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Build,
    Dev,
}

/// The root of the workspace.
pub(super) fn root() -> PathBuf {
    let app = Path::new(env!("CARGO_MANIFEST_DIR"));
    app.parent().expect("the app is a folder of the workspace").to_owned()
}

impl Tree {
    pub(super) fn of_this_workspace() -> Self {
        static TREE: LazyLock<Tree> = LazyLock::new(|| Tree { crates: crates(), files: files() });
        TREE.clone()
    }

    pub(super) fn package(&mut self, name: &str) -> &mut Crate {
        self.crates.iter_mut().find(|package| package.name == name).expect(name)
    }

    /// The names of the folders in `modules` that hold a module: those with an `-api` crate.
    pub(super) fn modules(&self) -> Vec<&str> {
        self.crates.iter().filter_map(|package| package.name.strip_suffix("-api")).collect()
    }

    /// Rust files below `folder`.
    pub(super) fn rust(&self, folder: &str) -> impl Iterator<Item = (&str, &str)> {
        let below = format!("{folder}/");
        let files = self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        files.filter(move |(path, _)| path.starts_with(&below) && path.ends_with(".rs"))
    }
}

fn crates() -> Vec<Crate> {
    let mut command = MetadataCommand::new();
    command.current_dir(root()).no_deps().other_options(["--offline".to_owned()]);
    let packages = command.exec().expect("cargo tells what the workspace holds").packages;
    packages.iter().map(package).collect()
}

fn package(package: &cargo_metadata::Package) -> Crate {
    let dependency = |dependency: &cargo_metadata::Dependency| Dependency {
        name: dependency.name.to_string(),
        kind: match dependency.kind {
            DependencyKind::Development => Kind::Dev,
            DependencyKind::Build => Kind::Build,
            _ => Kind::Normal,
        },
        optional: dependency.optional,
        features: dependency.features.clone(),
    };
    Crate {
        name: package.name.to_string(),
        dependencies: package.dependencies.iter().map(dependency).collect(),
        features: package.features.clone(),
    }
}

fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("the workspace can be read").flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                if !["target", "data", "node_modules", ".git"].contains(&name.as_str()) {
                    folders.push(path);
                }
                continue;
            }
            let read =
                ["rs", "sql", "md", "toml"].iter().any(|end| path.extension().is_some_and(|found| found == *end));
            let text = if read { std::fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
            let path = path.strip_prefix(root()).expect("it was found there").to_string_lossy().into_owned();
            files.insert(path, text);
        }
    }
    files
}
