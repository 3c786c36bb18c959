//! The rules. Each gives what breaks it, in words that say where.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{code_of, has_word, marked_in, names_crate, sql_tokens};
use super::tree::{Crate, Kind, Tree};

/// What an `-api` crate may be made of, beside the kernel.
const VALUE_CRATES: [&str; 5] = ["mockall", "schemars", "serde", "serde_json", "thiserror"];

/// What only the app and the host may name.
const EDGE_CRATES: [&str; 7] = ["actix-web", "actix-http", "actix-rt", "awc", "config", "reqwest", "tera"];

/// Rule 1: an `-api` crate depends on the kernel without its store, and on small value crates.
pub(super) fn api_crates_are_plain(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for package in tree.crates.iter().filter(|package| package.name.ends_with("-api")) {
        for dependency in &package.dependencies {
            let (from, to) = (&package.name, dependency.name.as_str());
            if to != "kernel" && !VALUE_CRATES.contains(&to) {
                violations
                    .push(format!("rule 1: {from} depends on {to}; a contract is the kernel's words and plain values"));
            }
            if to == "kernel" && !dependency.features.is_empty() {
                violations.push(format!("rule 1: {from} switches on {:?} of the kernel", dependency.features));
            }
        }
        for (feature, parts) in &package.features {
            if parts.iter().any(|part| part.starts_with("kernel/") || part.starts_with("kernel?/")) {
                violations.push(format!(
                    "rule 1: the feature {feature} of {} switches on features of the kernel",
                    package.name
                ));
            }
        }
    }
    let kernel = tree.crates.iter().find(|package| package.name == "kernel");
    if kernel.and_then(|kernel| kernel.features.get("default")).is_some_and(|parts| !parts.is_empty()) {
        violations.push("rule 1: the kernel has default features, which every contract would get".to_owned());
    }
    violations
}

/// Rule 2: a module depends on the kernel and on `-api` crates. Only the app names implementations and the edge, only the
/// app and a module's own binary name the host.
pub(super) fn modules_are_apart(tree: &Tree) -> Vec<String> {
    let modules = tree.modules();
    let mut violations = Vec::new();
    for package in tree.crates.iter().filter(|package| package.name != "freestone") {
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            let forbidden = if modules.contains(&to) {
                Some("an implementation, which only the app may name")
            } else if modules.contains(&package.name.as_str()) {
                forbidden_to_a_module(to, dependency.optional && dependency.kind == Kind::Normal)
            } else {
                forbidden_to_the_ground(package, to)
            };
            violations.extend(forbidden.map(|why| format!("rule 2: {} depends on {to}, {why}", package.name)));
        }
    }
    for module in &modules {
        violations.extend(own_binary_only(tree, module));
        violations.extend(borrowed_code(tree, module));
    }
    violations
}

fn forbidden_to_a_module(to: &str, optional: bool) -> Option<&'static str> {
    match to {
        "host" if optional => None,
        "host" => Some("which only its own binary may name: make it optional, behind the feature `service`"),
        _ if EDGE_CRATES.contains(&to) => Some("which only the app may name"),
        _ => None,
    }
}

/// The kernel and the host know no module, and the kernel not the host either.
fn forbidden_to_the_ground(package: &Crate, to: &str) -> Option<&'static str> {
    match package.name.as_str() {
        "kernel" | "kernel-macros" if to == "host" || EDGE_CRATES.contains(&to) => Some("which is above it"),
        "kernel" | "kernel-macros" | "host" if to.ends_with("-api") => Some("but serves all modules and knows none"),
        _ => None,
    }
}

/// The host is named in `main.rs` alone, and switched on by `service` alone.
fn own_binary_only(tree: &Tree, module: &str) -> Vec<String> {
    let mut violations = Vec::new();
    let (folder, main) = (format!("modules/{module}/src"), format!("modules/{module}/src/main.rs"));
    for (path, text) in tree.rust(&folder).filter(|(path, _)| *path != main) {
        if names_crate(&code_of(text), "host") {
            violations.push(format!("rule 2: {path} names the host, which only {main} may"));
        }
    }
    for (feature, parts) in
        tree.crates.iter().filter(|package| package.name == module).flat_map(|package| &package.features)
    {
        if feature != "service" && feature != "host" && parts.iter().any(|part| part.contains("host")) {
            violations.push(format!("rule 2: the feature {feature} of {module} switches on the host"));
        }
    }
    violations
}

/// Files of others, taken in by their path.
fn borrowed_code(tree: &Tree, module: &str) -> Vec<String> {
    let mut violations = Vec::new();
    for (path, text) in tree.rust(&format!("modules/{module}")) {
        for (number, line) in text.lines().enumerate() {
            let takes_in =
                ["#[path", "include!", "include_str!", "include_bytes!"].iter().any(|word| line.contains(word));
            if takes_in && line.contains("..") {
                violations.push(format!("rule 2: {path}:{} takes in a file from outside of its crate", number + 1));
            }
        }
    }
    violations
}

/// What a contract may offer, beside the audit that every module has.
const METHODS: usize = 15;

/// Rule 9: contracts stay small. They say what the shop does, and do not mirror tables.
pub(super) fn contracts_are_small(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for module in tree.modules() {
        let path = format!("modules/{module}/api/src/lib.rs");
        let Some(code) = tree.files.get(&path).map(|text| code_of(text)) else { continue };
        let methods = code.lines().filter_map(|line| line.trim().strip_prefix("async fn "));
        let count = methods.filter(|method| !method.starts_with("audit(")).count();
        if count > METHODS {
            violations.push(format!("rule 9: {path} offers {count} methods; {METHODS} are enough for a module"));
        }
    }
    violations
}

/// Rule 3: only stores, schemas and what the kernel has under its feature `store` speak to databases.
pub(super) fn diesel_stays_in_stores(tree: &Tree) -> Vec<String> {
    let in_kernel = kernel_store(tree);
    let mut violations = Vec::new();
    for (path, text) in tree.files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        let Some((_, inside)) = path.split_once("/src/") else { continue };
        let is_store = inside == "schema.rs" || inside == "store.rs" || inside.starts_with("store/");
        let is_kernel_store = path.starts_with("modules/kernel/src/")
            && in_kernel.iter().any(|part| inside == format!("{part}.rs") || inside.starts_with(&format!("{part}/")));
        if is_store || is_kernel_store {
            continue;
        }
        let code = code_of(text);
        for word in ["diesel", "diesel_migrations", "libsqlite3_sys", "pq_sys", "r2d2"] {
            if has_word(&code, word) {
                violations.push(format!("rule 3: {path} names {word}; queries belong into store.rs or store/"));
            }
        }
    }
    violations
}

/// The modules of the kernel that exist only with its feature `store` or `testing`.
fn kernel_store(tree: &Tree) -> Vec<String> {
    let text = tree.files.get("modules/kernel/src/lib.rs").map(String::as_str).unwrap_or_default();
    let mut parts = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == "#[cfg(feature = \"store\")]" || line == "#[cfg(feature = \"testing\")]" {
            let part = lines.next().and_then(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
            parts.extend(part.map(str::to_owned));
        }
    }
    parts
}

/// Rule 4: a module's migrations name its own tables only, and each has a twin for the other database.
pub(super) fn migrations_stay_at_home(tree: &Tree) -> Vec<String> {
    let mut violations = twins(tree);
    let migrations = tree.files.iter().filter(|(path, _)| path.starts_with("migrations/") && path.ends_with(".sql"));
    let mut own: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, sql) in migrations.clone() {
        own.entry(module_of(path)).or_default().extend(tables_made(&sql_tokens(sql)));
    }
    let of_kernel = own.get("kernel").cloned().unwrap_or_default();
    for (path, sql) in migrations {
        let (module, tokens) = (module_of(path), sql_tokens(sql));
        for table in tables_named(&tokens) {
            if !own[module].contains(&table) {
                violations.push(format!("rule 4: {path} names {table}, which is no table of {module}"));
            } else if module != "kernel" && of_kernel.contains(&table) {
                violations.push(format!("rule 4: {path} names {table}, which belongs to the kernel"));
            }
        }
        let leaves = ["attach", "search_path", "dblink", "set_config"];
        violations.extend(
            tokens
                .iter()
                .filter(|token| leaves.contains(&token.as_str()))
                .map(|token| format!("rule 4: {path} uses {token}")),
        );
    }
    violations.extend(foreign_migrations(tree));
    violations
}

fn module_of(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

/// `migrations/<module>/<database>/<name>/{up,down}.sql`, complete for both databases.
fn twins(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for path in tree.files.keys().filter(|path| path.starts_with("migrations/")) {
        let parts: Vec<&str> = path.split('/').collect();
        let [_, module, database @ ("postgres" | "sqlite"), name, "up.sql" | "down.sql"] = parts[..] else {
            violations.push(format!("rule 4: {path} is no migrations/<module>/<database>/<name>/up.sql or down.sql"));
            continue;
        };
        let other = if database == "postgres" { "sqlite" } else { "postgres" };
        for twin in [format!("migrations/{module}/{other}/{name}"), format!("migrations/{module}/{database}/{name}")] {
            for file in ["up.sql", "down.sql"] {
                if !tree.files.contains_key(&format!("{twin}/{file}")) {
                    violations.push(format!("rule 4: {path} has no {twin}/{file}"));
                }
            }
        }
    }
    violations
}

fn tables_made(tokens: &[String]) -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |at| tokens[at].as_str());
        let makes = token == "table" && ["create", "virtual", "temp", "temporary", "unlogged"].contains(&before);
        if makes || (token == "to" && before == "rename") {
            made.extend(name_at(tokens, at + 1));
        }
    }
    made
}

/// What stands where SQL names a table. A name with a dot is kept whole, since it belongs to nobody.
fn tables_named(tokens: &[String]) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map_or("", |at| tokens[at].as_str());
        let names = match token.as_str() {
            "table" | "into" | "join" | "references" => true,
            "from" => before != "distinct",
            "update" => !["before", "after", "on", "of", "or", "do"].contains(&before),
            "on" => tokens
                .get(at + 1)
                .is_some_and(|next| !["conflict", "delete", "update", "(", "commit"].contains(&next.as_str())),
            _ => false,
        };
        let name = if names { name_at(tokens, at + 1) } else { None };
        named.extend(name.filter(|name| !is_function_or_keyword(tokens, at, name)));
    }
    named
}

/// `FROM json_each (…)`, `ON o.id = …` in a join, and words that stand there without being a table.
fn is_function_or_keyword(tokens: &[String], at: usize, name: &str) -> bool {
    let after = tokens.get(at + 2).map_or("", String::as_str);
    let word = tokens[at].as_str();
    let is_condition = word == "on" && ["=", "<", ">", "."].contains(&after);
    let is_function = (word == "from" || word == "join") && after == "(";
    // The catalog of the module's own file: no other file is open, and what a table accepts is changed there.
    let is_catalog = word == "update" && name == "sqlite_schema";
    is_condition || is_function || is_catalog || ["select", "set", "lateral", "public"].contains(&name)
}

fn name_at(tokens: &[String], at: usize) -> Option<String> {
    let mut rest = tokens
        .get(at..)?
        .iter()
        .map(String::as_str)
        .skip_while(|token| ["if", "not", "exists", "only"].contains(token));
    let name = rest.next().filter(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))?;
    if rest.next() != Some(".") {
        return Some(name.to_owned());
    }
    Some(format!("{name}.{}", rest.next().unwrap_or_default()))
}

/// A module that runs the migrations of another, and code that would open another file.
fn foreign_migrations(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    for (path, text) in tree.rust("app/src").chain(tree.rust("modules")).filter(|(path, _)| path.contains("src/")) {
        let owner = if path.starts_with("app/") { "app" } else { module_of(path) };
        for (_, rest) in text.match_indices("embed_migrations!(\"").map(|(at, start)| (at, &text[at + start.len()..])) {
            let folder = rest.split('"').next().unwrap_or_default();
            let module =
                folder.split("migrations/").nth(1).and_then(|below| below.split('/').next()).unwrap_or_default();
            if module != owner && module != "<module>" {
                violations.push(format!("rule 4: {path} runs the migrations of {module:?}"));
            }
        }
        if has_word(text, "ATTACH DATABASE") || has_word(&text.to_uppercase(), "\"ATTACH") {
            violations.push(format!("rule 4: {path} opens another file beside its own"));
        }
    }
    violations
}

/// Rule 8: every path that ARCHITECTURE.md or the canvas of a module names is there.
pub(super) fn maps_are_true(tree: &Tree) -> Vec<String> {
    let mut violations = Vec::new();
    let is_map = |path: &str| {
        path == "ARCHITECTURE.md"
            || path == "README.md"
            || (path.starts_with("modules/") && path.ends_with("/README.md"))
    };
    for (map, text) in tree.files.iter().filter(|(path, _)| is_map(path)) {
        let home = map.rsplit_once('/').map_or("", |(folder, _)| folder);
        for marked in marked_in(text).iter().flat_map(|marked| alternatives(marked)) {
            if looks_like_a_path(tree, home, &marked) && !exists(tree, home, &marked) {
                violations.push(format!("rule 8: {map} names {marked}, which is not there"));
            }
        }
    }
    for module in tree.modules() {
        if !tree.files.contains_key(&format!("modules/{module}/README.md")) {
            violations.push(format!("rule 8: modules/{module}/README.md, the canvas, is not there"));
        }
    }
    if !tree.files.contains_key("ARCHITECTURE.md") {
        violations.push("rule 8: ARCHITECTURE.md is not there".to_owned());
    }
    violations
}

/// `a/{b,c}/d` is `a/b/d` and `a/c/d`.
fn alternatives(path: &str) -> Vec<String> {
    let braces = path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match braces {
        Some((before, (inside, after))) if inside.contains(',') => {
            inside.split(',').flat_map(|one| alternatives(&format!("{before}{one}{after}"))).collect()
        }
        _ => vec![path.to_owned()],
    }
}

/// A path begins with a folder that is there, or ends like a file. URLs, placeholders and commands are none.
fn looks_like_a_path(tree: &Tree, home: &str, text: &str) -> bool {
    if text.starts_with(['/', '#', '-', '.']) && !text.starts_with("../") && !text.starts_with("./") {
        return false;
    }
    if text.contains(|c: char| c.is_whitespace() || "<>*{}()\"'=:?&|$…".contains(c)) {
        return false;
    }
    let is_file = [".rs", ".md", ".sql", ".toml", ".html", ".yml", ".css", ".js"].iter().any(|end| text.ends_with(end));
    let first = text.split('/').next().unwrap_or_default();
    is_file || (text.contains('/') && (exists(tree, "", first) || (!home.is_empty() && exists(tree, home, first))))
}

fn exists(tree: &Tree, home: &str, path: &str) -> bool {
    let mut places = vec![path.to_owned()];
    if !home.is_empty() {
        places.push(format!("{home}/{path}"));
        places.push(format!("{home}/src/{path}"));
    }
    places.iter().any(|place| {
        let place = normal(place);
        tree.files.contains_key(&place) || tree.files.keys().any(|file| file.starts_with(&format!("{place}/")))
    })
}

/// Without `.`, `..` and anchors.
fn normal(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('#').next().unwrap_or_default().split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
