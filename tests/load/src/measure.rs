//! Loads with many visitors at once, and reads the clocks of processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Visitors at the same time.
pub(crate) const CONCURRENCY: usize = 16;

/// Someone who does the same thing again and again.
pub(crate) trait Visitor: Send + 'static {
    /// Once.
    fn once(&mut self) -> impl Future<Output = Result<(), String>> + Send;
}

/// What a load showed.
#[derive(Clone, Default)]
pub(crate) struct Run {
    pub(crate) seconds: f64,
    times: Vec<Duration>,
}

impl Run {
    pub(crate) fn count(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.count() as f64 / self.seconds
    }

    /// The time within which `share` of the visits ended, in milliseconds.
    pub(crate) fn percentile_ms(&self, share: f64) -> f64 {
        let place = (self.count() as f64 * share) as usize;
        self.times.get(place.min(self.count().saturating_sub(1))).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
    }
}

/// Lets all visitors go on as fast as they are answered.
pub(crate) async fn closed_loop<V: Visitor>(visitors: Vec<V>, duration: Duration) -> Result<(Run, Vec<V>), String> {
    let started = Instant::now();
    let over = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = visitors
        .into_iter()
        .map(|mut visitor| {
            let over = Arc::clone(&over);
            tokio::spawn(async move {
                let mut times = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    visitor.once().await?;
                    times.push(begun.elapsed());
                }
                Ok::<_, String>((times, visitor))
            })
        })
        .collect();
    tokio::time::sleep(duration).await;
    over.store(true, Ordering::Relaxed);
    gather(tasks, started).await
}

/// Lets visits begin at a steady rate, whether or not the former are answered; times count from when each should begin.
pub(crate) async fn open_loop<V: Visitor>(
    visitors: Vec<V>,
    per_second: f64,
    duration: Duration,
) -> Result<Run, String> {
    let started = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    let visits = (per_second * duration.as_secs_f64()) as u64;
    let tasks: Vec<_> = visitors
        .into_iter()
        .map(|mut visitor| {
            let next = Arc::clone(&next);
            tokio::spawn(async move {
                let mut times = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= visits {
                        return Ok::<_, String>((times, visitor));
                    }
                    let due = started + Duration::from_secs_f64(number as f64 / per_second);
                    tokio::time::sleep_until(due.into()).await;
                    visitor.once().await?;
                    times.push(due.elapsed());
                }
            })
        })
        .collect();
    Ok(gather(tasks, started).await?.0)
}

type Visits<V> = tokio::task::JoinHandle<Result<(Vec<Duration>, V), String>>;

async fn gather<V: Visitor>(tasks: Vec<Visits<V>>, started: Instant) -> Result<(Run, Vec<V>), String> {
    let (mut times, mut visitors) = (Vec::new(), Vec::new());
    for task in tasks {
        let (some, visitor) = task.await.map_err(|error| error.to_string())??;
        times.extend(some);
        visitors.push(visitor);
    }
    times.sort_unstable();
    Ok((Run { seconds: started.elapsed().as_secs_f64(), times }, visitors))
}

/// The middle of some figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Chances that are the same in every run.
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: usize) -> Self {
        Self((seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// CPU time that a process has used, in milliseconds: its threads and the children that it saw end.
pub(crate) fn cpu_ms(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // After the name in brackets: state is field 3, user and system time are 14 and 15, those of children 16 and 17.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: f64 = after_name.split_whitespace().skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks * 10.0
}

/// Memory that a process holds, in MiB.
pub(crate) fn resident_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1_024.0)
}
