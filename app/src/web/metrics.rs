//! Counts and times requests by route.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use host::metrics::{family, line};

const BOUNDS: [f64; 8] = [0.001, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0];

/// Requests of one route.
#[derive(Default)]
pub struct RouteMeter {
    by_class: [AtomicU64; 5],
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl RouteMeter {
    /// Notes an answer.
    pub fn note(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).clamp(1, 5) - 1;
        self.by_class[class].fetch_add(1, Ordering::Relaxed);
        let bucket = BOUNDS.partition_point(|bound| took.as_secs_f64() > *bound);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// Writes the requests of all routes in the Prometheus text format.
pub fn write<'m>(text: &mut String, routes: impl Iterator<Item = (&'static str, &'static str, &'m RouteMeter)>) {
    let name = "freestone_http_request_duration_seconds";
    let requests = "freestone_http_requests_total";
    let (mut durations, mut counts) = (String::new(), String::new());
    for (method, path, meter) in routes {
        for (place, count) in meter.by_class.iter().enumerate() {
            let (count, class) = (count.load(Ordering::Relaxed), format!("{}xx", place + 1));
            if count > 0 {
                line(&mut counts, requests, &[("method", method), ("route", path), ("status", &class)], count);
            }
        }
        let mut counted = 0;
        for (place, bucket) in meter.buckets.iter().enumerate() {
            counted += bucket.load(Ordering::Relaxed);
            let bound = BOUNDS.get(place).map_or("+Inf".to_owned(), f64::to_string);
            line(
                &mut durations,
                &format!("{name}_bucket"),
                &[("method", method), ("route", path), ("le", &bound)],
                counted,
            );
        }
        #[allow(clippy::cast_precision_loss)] // A sum of durations needs no more than 53 bits.
        let seconds = meter.micros.load(Ordering::Relaxed) as f64 / 1e6;
        line(&mut durations, &format!("{name}_sum"), &[("method", method), ("route", path)], seconds);
        line(&mut durations, &format!("{name}_count"), &[("method", method), ("route", path)], counted);
    }
    family(text, requests, "counter", "Requests by route and class of answer.");
    text.push_str(&counts);
    family(text, name, "histogram", "Duration of requests by route.");
    text.push_str(&durations);
}
