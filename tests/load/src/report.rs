//! The table of figures.

use std::fmt;

use crate::Options;

/// How a figure is judged.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// Said without a judgement.
    None,
}

impl Target {
    fn is_met(self, figure: f64) -> Option<bool> {
        match self {
            Self::AtLeast(target) => Some(figure >= target),
            Self::AtMost(target) => Some(figure <= target),
            Self::None => None,
        }
    }
}

struct Row {
    name: String,
    unit: &'static str,
    target: Target,
    /// On each database; one column when it does not depend on one.
    figures: Vec<(Option<&'static str>, f64)>,
}

/// Figures, and what has to be known to understand them.
pub(crate) struct Report {
    database: Option<&'static str>,
    rows: Vec<Row>,
    facts: Vec<(String, String)>,
}

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        let mut report = Self { database: None, rows: Vec::new(), facts: Vec::new() };
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        report.fact("cores, shared by shop, database and load", cores.to_string());
        report.fact("products, with three variants each", options.products().to_string());
        if options.quick {
            report.fact("QUICK", "a tenth of the time and of the goods; not to quote".to_owned());
        }
        report
    }

    /// Figures that follow are on this database.
    pub(crate) fn on(&mut self, database: &'static str) {
        self.database = Some(database);
    }

    pub(crate) fn fact(&mut self, name: &str, fact: String) {
        eprintln!("{name}: {fact}");
        self.facts.push((name.to_owned(), fact));
    }

    pub(crate) fn figure(&mut self, name: &str, unit: &'static str, target: Target, figure: f64) {
        eprintln!(
            "{}{name}: {}",
            self.database.map(|name| format!("{name}: ")).unwrap_or_default(),
            shown(figure, unit)
        );
        let database = self.database;
        match self.rows.iter_mut().find(|row| row.name == name) {
            Some(row) => row.figures.push((database, figure)),
            None => self.rows.push(Row { name: name.to_owned(), unit, target, figures: vec![(database, figure)] }),
        }
    }
}

fn shown(figure: f64, unit: &str) -> String {
    let digits = match figure.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 2,
        _ => 3,
    };
    format!("{figure:.digits$}{}{unit}", if unit.is_empty() { "" } else { " " })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n| figure | target | SQLite | PostgreSQL | met |\n|---|---|---|---|---|")?;
        for row in &self.rows {
            let target = match row.target {
                Target::AtLeast(target) => format!("≥ {}", shown(target, row.unit)),
                Target::AtMost(target) => format!("≤ {}", shown(target, row.unit)),
                Target::None => String::new(),
            };
            let on = |database: &str| {
                let found = row.figures.iter().find(|(on, _)| on.is_none_or(|on| on == database));
                found.map(|(_, figure)| shown(*figure, row.unit)).unwrap_or_default()
            };
            let judged: Vec<bool> = row.figures.iter().filter_map(|(_, figure)| row.target.is_met(*figure)).collect();
            let met = match (judged.is_empty(), judged.iter().all(|met| *met)) {
                (true, _) => "",
                (_, true) => "yes",
                (_, false) => "NO",
            };
            writeln!(f, "| {} | {target} | {} | {} | {met} |", row.name, on("SQLite"), on("PostgreSQL"))?;
        }
        writeln!(f)?;
        for (name, fact) in &self.facts {
            writeln!(f, "- {name}: {fact}")?;
        }
        Ok(())
    }
}
