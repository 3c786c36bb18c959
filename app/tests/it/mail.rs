//! Mails as they lie in the folder `mail` of a shop without a mail server.

use std::path::Path;

use base64::Engine as _;

/// A mail.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// Names and contents of the files that are attached.
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

impl Mail {
    /// Whether an invoice is attached.
    pub(crate) fn has_invoice(&self) -> bool {
        self.files.iter().any(|(name, _)| name.starts_with("invoice"))
    }
}

/// All mails in a folder.
pub(crate) fn all_in(folder: &Path) -> Vec<Mail> {
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    let mails = paths.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
    mails.filter_map(|path| read(&std::fs::read_to_string(path).ok()?)).collect()
}

/// `None` while it is being written.
fn read(raw: &str) -> Option<Mail> {
    let raw = raw.replace("\r\n", "\n");
    let (head, body) = raw.split_once("\n\n")?;
    let mut parts = parts_of(&header(head, "Content-Type")?, body)?;
    // A mail with a file is one in which the words are a part, which has parts itself.
    if let Some((head, words)) = parts.iter().copied().find(|(head, _)| head.contains("multipart/alternative")) {
        parts.extend(parts_of(head, words)?);
    }
    let part = |kind: &str| parts.iter().find(|(head, _)| head.contains(kind)).map(|(head, body)| decoded(head, body));
    Some(Mail {
        to: header(head, "To")?,
        subject: header(head, "Subject")?,
        text: part("text/plain")?,
        html: part("text/html")?,
        files: parts.iter().filter_map(|(head, body)| file(head, body)).collect(),
    })
}

fn parts_of<'a>(content_type: &str, body: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let boundary = format!("--{}", content_type.split("boundary=\"").nth(1)?.split('"').next()?);
    Some(body.split(&boundary).filter_map(|part| part.trim_start().split_once("\n\n")).collect())
}

fn file(head: &str, body: &str) -> Option<(String, Vec<u8>)> {
    let name = head.split("attachment; filename=\"").nth(1)?.split('"').next()?;
    let letters: String = body.split_whitespace().collect();
    let content = base64::engine::general_purpose::STANDARD.decode(letters).ok()?;
    Some((name.to_owned(), content))
}

fn header(head: &str, name: &str) -> Option<String> {
    let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
    unfolded.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
}

fn decoded(head: &str, body: &str) -> String {
    match header(head, "Content-Transfer-Encoding").as_deref() {
        Some("base64") => {
            let letters: String = body.split_whitespace().collect();
            let bytes = base64::engine::general_purpose::STANDARD.decode(letters).expect("base64");
            String::from_utf8(bytes).expect("UTF-8")
        }
        Some("quoted-printable") => unquoted(&body.replace("=\n", "")),
        _ => body.to_owned(),
    }
}

fn unquoted(text: &str) -> String {
    let mut parts = text.split('=');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).expect("two digits"));
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).expect("UTF-8")
}
