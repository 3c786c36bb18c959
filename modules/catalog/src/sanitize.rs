//! Descriptions: what is left of any HTML when only harmless, plain markup may stay.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

const TAGS: [&str; 20] = [
    "p", "br", "ul", "ol", "li", "strong", "em", "b", "i", "h3", "h4", "a", "table", "caption", "thead", "tbody",
    "tfoot", "tr", "th", "td",
];

static RULES: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut rules = Builder::empty();
    rules
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(["script", "style", "template", "title", "textarea", "noscript", "iframe"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("th", HashSet::from(["colspan", "rowspan", "scope"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("nofollow"))
        .strip_comments(true);
    rules
});

/// `html` without anything that could act, load, or break the page around it.
pub(crate) fn sanitized(html: &str) -> String {
    // Without these characters the parser would change nothing, and it is slow.
    if !html.contains(['<', '>', '&', '\r', '\0', '\u{a0}']) {
        return html.trim().to_owned();
    }
    RULES.clean(html).to_string().trim().to_owned()
}

/// The words of sanitized HTML, with a space where a tag was.
pub(crate) fn text_of(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        text.push(' ');
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_markup_stays() {
        let html = "<p>Oak &amp; <strong>linen</strong></p><ul><li>2 cm</li></ul>";
        assert_eq!(sanitized(html), html);
    }

    #[test]
    fn what_could_act_goes() {
        assert_eq!(sanitized("<p onclick=\"x()\">a</p><script>x()</script><img src=x onerror=x()>"), "<p>a</p>");
        assert_eq!(sanitized("<a href=\"javascript:x()\">a</a>"), "<a rel=\"nofollow\">a</a>");
        assert_eq!(
            sanitized("<a href=\"https://a.example/\" target=_blank>a</a>"),
            "<a href=\"https://a.example/\" rel=\"nofollow\">a</a>"
        );
        assert_eq!(sanitized("<iframe src=\"https://a.example\"></iframe><style>*{}</style>b"), "b");
    }

    #[test]
    fn doing_it_twice_changes_nothing() {
        for html in
            ["a < b & c > d", "<b><p>x</b>y</p>", "<table><td>x<p>y</table>z", "a\r\nb", "<h1>x</h1><math><mi>y"]
        {
            let once = sanitized(html);
            assert_eq!(sanitized(&once), once, "{html}");
        }
    }

    /// Payloads that other sanitizers got wrong once. Of tags only our own may be left, with no attribute that acts.
    #[test]
    fn hostile_html_becomes_harmless_and_stays_so() {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
        let folder = std::env::var("FREESTONE_TEST_DATA").unwrap_or_else(|_| beside.to_owned());
        let Ok(text) = std::fs::read_to_string(format!("{folder}/html/hostile-html.json")) else {
            eprintln!("NOT RUN with hostile HTML: there is no folder of test data; name it in FREESTONE_TEST_DATA");
            return;
        };
        let file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for case in file["cases"].as_array().expect("cases") {
            let clean = sanitized(case["payload"].as_str().expect("a payload"));
            for tag in clean.split('<').skip(1) {
                let tag = tag.split('>').next().unwrap_or_default();
                let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
                assert!(TAGS.contains(&name), "{}: {clean}", case["id"]);
                assert!(!tag.contains(" on") && !tag.contains("script:") && !tag.contains("data:"), "{clean}");
            }
            assert_eq!(sanitized(&clean), clean, "{}", case["id"]);
        }
    }

    #[test]
    fn only_words_are_left_for_the_search() {
        assert_eq!(
            text_of("<p>Salt &amp; pepper</p><p>mill</p>").split_whitespace().collect::<Vec<_>>(),
            ["Salt", "&", "pepper", "mill"]
        );
    }
}
