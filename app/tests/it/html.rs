//! Reads pages as a browser without scripts does: words, links and forms.

/// Tags that do not part words.
const INLINE: [&str; 8] = ["span", "b", "i", "em", "strong", "code", "small", "abbr"];

/// A form with what its fields hold.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// What a field holds.
    pub(crate) fn value(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(field, _)| field == name);
        field.map_or_else(|| panic!("no field {name} in {self:?}"), |(_, value)| value.as_str())
    }

    /// The form with this in a field, whether it has one or not.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// One tag: `form`, `/form`, `input`…
struct Tag<'h> {
    name: &'h str,
    inside: &'h str,
    /// Where the text behind it begins.
    end: usize,
    start: usize,
}

impl Tag<'_> {
    fn attribute(&self, name: &str) -> Option<String> {
        let place = self.inside.find(&format!(" {name}=\""))?;
        let rest = &self.inside[place + name.len() + 3..];
        Some(decoded(&rest[..rest.find('"')?]))
    }

    fn has(&self, flag: &str) -> bool {
        self.inside.split(' ').any(|word| word == flag)
    }
}

fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + html[at..].find('<')?;
        let length = html[start..].find('>')?;
        let inside = &html[start + 1..start + length];
        at = start + length + 1;
        let name = inside.split([' ', '\n']).next().unwrap_or_default();
        Some(Tag { name, inside, end: at, start })
    })
}

/// The forms of a page.
pub(crate) fn forms(html: &str) -> Vec<Form> {
    let (mut forms, mut open, mut select): (Vec<Form>, Option<Form>, Option<String>) = (Vec::new(), None, None);
    for tag in tags(html) {
        let name = tag.attribute("name").filter(|_| tag.name != "form" && tag.name != "button");
        let value = || tag.attribute("value").unwrap_or_default();
        match (tag.name, &mut open, name) {
            ("form", ..) => {
                open = Some(Form { action: tag.attribute("action").unwrap_or_default(), fields: Vec::new() });
            }
            ("/form", Some(_), _) => forms.extend(open.take()),
            ("input", Some(form), Some(name)) => {
                let choice = matches!(tag.attribute("type").as_deref(), Some("radio" | "checkbox"));
                if !choice || tag.has("checked") {
                    form.fields.push((name, value()));
                }
            }
            ("select", Some(_), name) => select = name,
            ("option", Some(form), _) => {
                if let Some(name) = &select {
                    let first = form.fields.iter().all(|(field, _)| field != name);
                    if first || tag.has("selected") {
                        *form = form.clone().with(name, &value());
                    }
                }
            }
            ("/select", ..) => select = None,
            ("textarea", Some(form), Some(name)) => {
                let rest = &html[tag.end..];
                let typed = &rest[..rest.find("</textarea>").unwrap_or(0)];
                form.fields.push((name, decoded(typed.strip_prefix('\n').unwrap_or(typed))));
            }
            _ => {}
        }
    }
    forms
}

/// Where the links of a page lead.
pub(crate) fn links(html: &str) -> Vec<String> {
    tags(html).filter(|tag| tag.name == "a").filter_map(|tag| tag.attribute("href")).collect()
}

/// The words of a page, one space between them.
pub(crate) fn text(html: &str) -> String {
    let (mut text, mut at) = (String::new(), 0);
    for tag in tags(html) {
        text.push_str(&html[at..tag.start]);
        if !INLINE.contains(&tag.name.trim_start_matches('/')) {
            text.push(' ');
        }
        at = tag.end;
    }
    text.push_str(&html[at..]);
    decoded(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn decoded(text: &str) -> String {
    let names = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2F;", "/"),
        ("&amp;", "&"),
    ];
    names.iter().fold(text.to_owned(), |text, (name, letter)| text.replace(name, letter))
}
