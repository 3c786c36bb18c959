//! The values of keys, read from the files, the environment and the flags.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use super::{KEYS, Key, MODULES, SettingsError, Source, variable, wrong};

/// Values by key, the last one set wins.
#[derive(Default)]
pub(super) struct Values(pub(super) BTreeMap<String, (String, Source)>);

impl Values {
    pub(super) fn set(&mut self, name: &str, value: String, source: Source) {
        self.0.insert(name.to_owned(), (value, source));
    }

    pub(super) fn read_file(&mut self, path: &Path, required: bool) -> Result<(), SettingsError> {
        if !required && !path.exists() {
            return Ok(());
        }
        let shown = path.display().to_string();
        let file = config::File::from(path.to_owned()).format(config::FileFormat::Toml);
        let read =
            config::Config::builder().add_source(file).build().map_err(|error| wrong(&shown, error.to_string()))?;
        let mut flat = BTreeMap::new();
        flatten("", read.cache, &mut flat);
        for (name, value) in flat {
            if !is_known(&name) {
                return Err(wrong(format!("{shown}: {name}"), did_you_mean(&name, |known| known.to_owned())));
            }
            self.set(&name, value, Source::File(path.to_owned()));
        }
        Ok(())
    }

    pub(super) fn read_environment(&mut self, environment: &BTreeMap<String, String>) -> Result<(), SettingsError> {
        for key in KEYS {
            if let Some(alias) = key.alias
                && let Some(value) = environment.get(alias)
            {
                self.set(key.name, value.clone(), Source::Environment(alias.to_owned()));
            }
        }
        for (spelled, value) in environment {
            let Some(name) = spelled.strip_prefix("FREESTONE_").map(str::to_lowercase) else { continue };
            // Variables of the test suites are not the shop's.
            if (name.starts_with("test_") && name != "test_payments") || name == "bin" {
                continue;
            }
            let from_file = name.strip_suffix("_file").filter(|name| is_known(name));
            let (name, value) = match from_file {
                Some(name) if environment.contains_key(&variable(name)) => {
                    return Err(wrong(spelled, format!("set either this or {}", variable(name))));
                }
                Some(name) => {
                    let content =
                        std::fs::read_to_string(value).map_err(|error| wrong(spelled, format!("{value}: {error}")))?;
                    (name.to_owned(), content.trim_end().to_owned())
                }
                None => (name, value.clone()),
            };
            if !is_known(&name) {
                return Err(wrong(spelled, did_you_mean(&name, variable)));
            }
            self.set(&name, value, Source::Environment(spelled.clone()));
        }
        Ok(())
    }

    /// The value of a key, and how its source names it.
    pub(super) fn get(&self, name: &'static str) -> (String, String) {
        let default = KEYS.iter().find(|key| key.name == name).map_or("", |key| key.default);
        match self.0.get(name) {
            None => (default.to_owned(), name.to_owned()),
            Some((value, Source::Environment(variable))) => (value.clone(), variable.clone()),
            Some((value, _)) => (value.clone(), name.to_owned()),
        }
    }

    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, name: &'static str) -> Result<T, SettingsError> {
        let (value, spelled) = self.get(name);
        value.parse().map_err(|error: T::Err| wrong(spelled, format!("{value:?}: {error}")))
    }

    pub(super) fn optional(&self, name: &'static str) -> Option<String> {
        Some(self.get(name).0).filter(|value| !value.is_empty())
    }

    pub(super) fn one_of(&self, name: &'static str, choices: &[&str]) -> Result<String, SettingsError> {
        let (value, spelled) = self.get(name);
        if choices.contains(&value.as_str()) {
            Ok(value)
        } else {
            Err(wrong(spelled, format!("{value:?}: write {}", choices.join(" or "))))
        }
    }

    /// Where the value of a key comes from.
    pub(super) fn source(&self, name: &str) -> Source {
        self.0.get(name).map_or(Source::Default, |(_, source)| source.clone())
    }

    pub(super) fn shown(&self) -> Vec<(String, String, Source)> {
        let hidden =
            |key: &Key, value: String| if key.secret && !value.is_empty() { "(hidden)".to_owned() } else { value };
        let keys =
            KEYS.iter().map(|key| (key.name.to_owned(), hidden(key, self.get(key.name).0), self.source(key.name)));
        let modules = self.0.iter().filter(|(name, _)| module_of_key(name).is_some());
        keys.chain(modules.map(|(name, (value, source))| (name.clone(), value.clone(), source.clone()))).collect()
    }
}

fn flatten(prefix: &str, value: config::Value, into: &mut BTreeMap<String, String>) {
    match value.kind {
        config::ValueKind::Table(table) => {
            for (name, value) in table {
                let name = if prefix.is_empty() { name } else { format!("{prefix}_{name}") };
                flatten(&name, value, into);
            }
        }
        config::ValueKind::Array(items) => {
            let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
            into.insert(prefix.to_owned(), items.join(","));
        }
        _ => {
            into.insert(prefix.to_owned(), value.to_string());
        }
    }
}

pub(super) fn module_of_key(name: &str) -> Option<&str> {
    let module = name.strip_prefix("module_")?.strip_suffix("_url")?;
    MODULES.contains(&module).then_some(module)
}

fn is_known(name: &str) -> bool {
    KEYS.iter().any(|key| key.name == name) || module_of_key(name).is_some()
}

fn did_you_mean(name: &str, spell: impl Fn(&str) -> String) -> String {
    let modules = MODULES.iter().map(|module| format!("module_{module}_url"));
    let known = KEYS.iter().map(|key| key.name.to_owned()).chain(modules);
    let nearest = known.map(|known| (distance(name, &known), known)).min();
    match nearest {
        Some((distance, known)) if distance <= 4 => format!("there is no such key; did you mean {}?", spell(&known)),
        _ => "there is no such key; `freestone config show` lists all".to_owned(),
    }
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
