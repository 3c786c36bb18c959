//! One message for the next page, carried by a cookie. It is shown as text, whatever it says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::storefront::views::{Notice, Tone};

#[derive(Serialize, Deserialize)]
struct Flash(u8, String, String, Option<(String, String)>);

const TONES: [Tone; 5] = [Tone::Ok, Tone::Info, Tone::Warn, Tone::Bad, Tone::Plain];

/// The value of the cookie.
pub fn write(notice: &Notice) -> String {
    let tone = TONES.iter().position(|tone| *tone == notice.tone).unwrap_or_default();
    let action = notice.action.as_ref().map(|link| (link.text.clone(), link.href.clone()));
    let flash = Flash(u8::try_from(tone).unwrap_or_default(), notice.heading.clone(), notice.text.clone(), action);
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&flash).unwrap_or_default())
}

/// The message in a cookie, when it is one of ours in form. Its link stays in the shop.
pub fn read(text: &str) -> Option<Notice> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() < 3_000)?;
    let Flash(tone, heading, text, action) = serde_json::from_slice(&bytes).ok()?;
    let notice = Notice::new(TONES.get(usize::from(tone)).copied().unwrap_or_default(), heading, text);
    Some(match action {
        Some((text, href)) if is_local_path(&href) => notice.with(text, href),
        _ => notice,
    })
}

/// Whether a browser that is sent to `path` stays in the shop.
pub fn is_local_path(path: &str) -> bool {
    let mut bytes = path.bytes();
    bytes.next() == Some(b'/')
        && !matches!(path.as_bytes().get(1), Some(b'/' | b'\\'))
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !path.contains("%2f%2f")
        && !path.contains("%2F%2F")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_as_it_was() {
        let notice = Notice::new(Tone::Warn, "Only 2 left", "We added 2.").with("To the cart", "/cart");
        let read = read(&write(&notice)).expect("reads");
        assert_eq!((read.tone, read.heading, read.text), (Tone::Warn, notice.heading, notice.text));
        assert_eq!(read.action.map(|link| link.href).as_deref(), Some("/cart"));
    }

    #[test]
    fn paths_that_leave_the_shop_are_none() {
        for path in ["https://x", "//x", "/\\x", "/%2f%2fx", "javascript:a", "data:,", "@x", "", "/a\nb", "x"] {
            assert!(!is_local_path(path), "{path}");
        }
        assert!(is_local_path("/admin/orders?view=to_pack"));
    }
}
