//! Forms: read strictly, field by field, and shown again with every problem named.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::problem::Problem;

/// A form as it was sent.
#[derive(Clone, Debug, Default)]
pub struct Form {
    values: BTreeMap<String, String>,
    problems: Vec<(String, String)>,
}

impl Form {
    /// Reads a form that has only these fields, each at most once. A field that ends in `*` stands for all that begin so.
    ///
    /// # Errors
    /// It cannot be read, or has other fields or one of them twice.
    pub fn read(body: &[u8], fields: &[&'static str]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body)
            .map_err(|_| Problem::BadRequest("The form cannot be read: it has to be UTF-8".to_owned()))?;
        if pairs.len() > 1_000 {
            return Err(Problem::BadRequest("The form has more than 1,000 fields".to_owned()));
        }
        let mut values = BTreeMap::new();
        for (name, value) in pairs {
            let known = name == "csrf"
                || fields.iter().any(|field| match field.strip_suffix('*') {
                    Some(prefix) => name.starts_with(prefix),
                    None => *field == name,
                });
            if !known {
                return Err(Problem::BadRequest(format!("{name:?} is no field of this form")));
            }
            if value.contains('\0') {
                return Err(Problem::BadRequest(format!("{name}: it holds a character that cannot be stored")));
            }
            if let Some((name, _)) = values.insert(name.clone(), value).map(|former| (name, former)) {
                return Err(Problem::BadRequest(format!("{name:?} was sent twice")));
            }
        }
        Ok(Self { values, problems: Vec::new() })
    }

    /// A form with these values, to show something for the first time.
    pub fn filled<'v>(values: impl IntoIterator<Item = (&'v str, String)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { values, problems: Vec::new() }
    }

    /// What was typed, as it was typed.
    pub fn raw(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// What was typed, without spaces around it; `None` when that is nothing.
    pub fn text(&self, name: &str) -> Option<String> {
        Some(self.raw(name).trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// What was typed, which must not be nothing: `missing` says what to enter.
    pub fn required(&mut self, name: &str, missing: &str) -> Option<String> {
        let text = self.text(name);
        if text.is_none() {
            self.problem(name, missing);
        }
        text
    }

    /// What was typed as a `T`: `wrong` says what to enter.
    pub fn parsed<T: FromStr>(&mut self, name: &str, wrong: &str) -> Option<T> {
        let value = self.text(name).and_then(|text| text.parse().ok());
        if value.is_none() {
            self.problem(name, wrong);
        }
        value
    }

    /// Fields whose names begin with `prefix`: the rest of the name, and the value.
    pub fn all<'f>(&'f self, prefix: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.values.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// Shows another value in a field than what was typed.
    pub fn set(&mut self, name: &str, value: String) {
        self.values.insert(name.to_owned(), value);
    }

    /// Notes what is wrong with a field.
    pub fn problem(&mut self, name: &str, problem: impl Into<String>) {
        self.problems.push((name.to_owned(), problem.into()));
    }

    /// What is wrong with a field.
    pub fn problem_of(&self, name: &str) -> Option<&str> {
        self.problems.iter().find(|(field, _)| field == name).map(|(_, problem)| problem.as_str())
    }

    /// Everything that is wrong, in the order found.
    pub fn problems(&self) -> &[(String, String)] {
        &self.problems
    }

    /// Whether nothing is wrong.
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_repeated_fields_are_named() {
        for (body, name) in [("a=1&total=0", "total"), ("a=1&a=2", "\"a\" was sent twice")] {
            let problem = Form::read(body.as_bytes(), &["a"]).expect_err("refused");
            assert!(matches!(problem, Problem::BadRequest(text) if text.contains(name)));
        }
    }

    #[test]
    fn a_star_stands_for_the_rest_of_a_name() {
        let form = Form::read(b"quantity_oln_1=2", &["quantity_*"]).expect("reads");
        assert_eq!(form.all("quantity_").collect::<Vec<_>>(), [("oln_1", "2")]);
    }
}
