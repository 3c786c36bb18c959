//! Rendered public pages, kept in memory until something that they show changes.
//!
//! A page is the same for everybody but for the number of units in the cart, which is filled in when it is sent.
//! Events name what changed, and the pages that show it are rendered anew when they are next asked for. When a module
//! does not answer then, the former page is sent for up to ten minutes.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Where the number of units in the cart goes.
pub const CART_COUNT_MARK: &str = "<!--cart-count-->";

/// A page is rendered anew after this time even when no event came: events may be late.
const FRESH: Duration = Duration::from_secs(60);
/// A page older than this is not sent, even when the module that would make a new one is away.
const USABLE: Duration = Duration::from_secs(600);
/// Of all pages together.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// About as many pages fit into that.
const PAGES: usize = 1_000;

/// A rendered page.
pub struct CachedPage {
    /// Without a count.
    plain: Bytes,
    /// Where the count goes; none on a page that does not show it.
    mark: Option<usize>,
    compressed: OnceLock<Bytes>,
    tag: String,
    /// The tag of the page without a count, ready to be sent.
    plain_etag: HeaderValue,
    made: Instant,
    outdated: AtomicBool,
}

impl CachedPage {
    fn new(mut html: String) -> Self {
        let mark = html.find(CART_COUNT_MARK);
        if let Some(mark) = mark {
            html.replace_range(mark..mark + CART_COUNT_MARK.len(), "");
        }
        let tag = kernel::secret::sha256_hex(html.as_bytes())[..16].to_owned();
        let (plain_etag, compressed) = (etag(&tag, 0), OnceLock::new());
        let (made, outdated) = (Instant::now(), AtomicBool::new(false));
        Self { plain: Bytes::from(html), mark, compressed, tag, plain_etag, made, outdated }
    }

    /// Of both forms, before the second is made.
    fn size(&self) -> u64 {
        u64::try_from(self.plain.len() + self.plain.len() / 3).unwrap_or(u64::MAX)
    }

    /// The page for a visitor with `count` units in the cart.
    pub fn body(&self, count: u32) -> Bytes {
        match self.mark {
            Some(mark) if count > 0 => {
                let (before, after) = self.plain.split_at(mark);
                Bytes::from([before, count.to_string().as_bytes(), after].concat())
            }
            _ => self.plain.clone(),
        }
    }

    /// The page for a visitor with an empty cart, compressed with Brotli once.
    pub fn compressed(&self) -> Bytes {
        self.compressed
            .get_or_init(|| {
                let mut out = Vec::new();
                let parameters = brotli::enc::BrotliEncoderParams { quality: 5, ..Default::default() };
                // Writing to memory does not fail; if it did, the page would be sent as it is.
                match brotli::BrotliCompress(&mut &self.plain[..], &mut out, &parameters) {
                    Ok(_) => Bytes::from(out),
                    Err(_) => Bytes::new(),
                }
            })
            .clone()
    }

    /// Changes with the page and with `count`.
    pub fn etag(&self, count: u32) -> HeaderValue {
        if count == 0 { self.plain_etag.clone() } else { etag(&self.tag, count) }
    }

    fn is_fresh(&self) -> bool {
        !self.outdated.load(Ordering::Relaxed) && self.made.elapsed() < FRESH
    }
}

fn etag(tag: &str, count: u32) -> HeaderValue {
    // Of digits and quotes, which a header can hold.
    HeaderValue::try_from(format!("\"{tag}-{count}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// What a page shows, so that an event can name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shows {
    /// A product, by its slug.
    Product(String),
    /// The stock of a variant.
    Stock(String),
    /// Some list of products.
    Products,
}

/// What a page takes of the room that all have together.
#[derive(Clone)]
struct Weight;

impl Weighter<String, Arc<CachedPage>> for Weight {
    fn weight(&self, key: &String, page: &Arc<CachedPage>) -> u64 {
        page.size() + u64::try_from(key.len()).unwrap_or(0)
    }
}

/// The cache.
pub struct PageCache {
    pages: Cache<String, Arc<CachedPage>, Weight>,
    shown_on: Mutex<HashMap<Shows, HashSet<String>>>,
    changes: AtomicU64,
    enabled: bool,
}

impl PageCache {
    /// An empty cache; one that is not `enabled` stays empty, to measure what rendering costs.
    pub fn new(enabled: bool) -> Self {
        let pages = Cache::with_weighter(PAGES, MAX_BYTES, Weight);
        Self { pages, shown_on: Mutex::default(), changes: AtomicU64::new(0), enabled }
    }

    /// The page, when it is good.
    pub fn fresh(&self, key: &str) -> Option<Arc<CachedPage>> {
        self.pages.get(key).filter(|page| page.is_fresh())
    }

    /// The page, even when something on it has changed.
    pub fn last_good(&self, key: &str) -> Option<Arc<CachedPage>> {
        self.pages.get(key).filter(|page| page.made.elapsed() < USABLE)
    }

    /// What to hand to [`PageCache::keep`] after rendering.
    pub fn before_rendering(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Keeps a page, unless something changed while it was rendered.
    pub fn keep(&self, key: String, html: String, shows: Vec<Shows>, before_rendering: u64) -> Arc<CachedPage> {
        let page = Arc::new(CachedPage::new(html));
        if !self.enabled {
            return page;
        }
        let mut shown_on = self.shown_on.lock().unwrap_or_else(PoisonError::into_inner);
        if self.changes.load(Ordering::SeqCst) == before_rendering {
            for thing in shows {
                shown_on.entry(thing).or_default().insert(key.clone());
            }
            self.pages.insert(key, Arc::clone(&page));
        }
        page
    }

    /// Something changed.
    pub fn changed(&self, thing: &Shows) {
        let mut shown_on = self.shown_on.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::SeqCst);
        for key in shown_on.remove(thing).unwrap_or_default() {
            if let Some(page) = self.pages.get(&key) {
                page.outdated.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Everything may have changed: events were missed.
    pub fn changed_all(&self) {
        let mut shown_on = self.shown_on.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::SeqCst);
        shown_on.clear();
        self.pages.iter().for_each(|(_, page)| page.outdated.store(true, Ordering::Relaxed));
    }

    /// Forgets pages that are too old, and which pages show what for pages that are gone.
    pub fn tidy(&self) {
        self.pages.retain(|_, page| page.made.elapsed() < USABLE);
        let mut shown_on = self.shown_on.lock().unwrap_or_else(PoisonError::into_inner);
        shown_on.retain(|_, keys| {
            keys.retain(|key| self.pages.contains_key(key));
            !keys.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(cache: &PageCache) -> Arc<CachedPage> {
        let html = format!("<a>Cart {CART_COUNT_MARK}</a>");
        cache.keep("/p/chalk".to_owned(), html, vec![Shows::Product("chalk".to_owned())], cache.before_rendering())
    }

    #[test]
    fn the_count_is_filled_in() {
        let page = kept(&PageCache::new(true));
        assert_eq!(page.body(0), "<a>Cart </a>");
        assert_eq!(page.body(12), "<a>Cart 12</a>");
        assert_ne!(page.etag(0), page.etag(12));
    }

    #[test]
    fn a_change_makes_the_page_stale_but_keeps_it_usable() {
        let cache = PageCache::new(true);
        kept(&cache);
        cache.changed(&Shows::Product("ink".to_owned()));
        assert!(cache.fresh("/p/chalk").is_some());
        cache.changed(&Shows::Product("chalk".to_owned()));
        assert!(cache.fresh("/p/chalk").is_none());
        assert!(cache.last_good("/p/chalk").is_some());
    }

    #[test]
    fn a_page_that_changed_while_it_was_rendered_is_not_kept() {
        let cache = PageCache::new(true);
        let before = cache.before_rendering();
        cache.changed(&Shows::Product("chalk".to_owned()));
        cache.keep("/p/chalk".to_owned(), String::new(), vec![Shows::Product("chalk".to_owned())], before);
        assert!(cache.fresh("/p/chalk").is_none());
    }
}
