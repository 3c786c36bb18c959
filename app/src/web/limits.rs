//! How often one visitor may ask for what costs us something, counted in memory by each process.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// What a request costs us, as its route says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rate {
    /// Pages to read, and changes of a cart: 50 a second, 200 at once.
    Browse,
    /// Health and files; not counted.
    Free,
    /// Notices of payment providers, which come in bursts: 500 a second, 2,000 at once.
    Notice,
    /// Codes given in a cart: 20, then one every 3 seconds.
    Coupon,
    /// Attempts to pay: [`Limits::count_order`], and [`super::counters`] for those at a provider.
    Pay,
    /// Attempts to sign in, and set-up: 30, then one every 10 seconds. This spares the machine; `accounts` counts failures,
    /// for all processes of the shop together.
    SignIn,
    /// Order links that open nothing, and wrong answers: [`super::counters`]. Links that open are not counted.
    OrderLink,
}

/// Counts by visitor and class.
pub struct Limits {
    browse: DefaultKeyedRateLimiter<IpAddr>,
    notice: DefaultKeyedRateLimiter<IpAddr>,
    coupon: DefaultKeyedRateLimiter<IpAddr>,
    order: DefaultKeyedRateLimiter<IpAddr>,
    sign_in: DefaultKeyedRateLimiter<IpAddr>,
    enabled: bool,
}

fn quota(period: Duration, burst: u32) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    // The period is one of the constants below, none of which is zero.
    Quota::with_period(period).unwrap_or(Quota::per_second(burst)).allow_burst(burst)
}

impl Limits {
    /// All buckets full. `enabled` is false only where a load test drives the shop from one address.
    pub fn new(enabled: bool) -> Self {
        Self {
            browse: RateLimiter::keyed(quota(Duration::from_millis(20), 200)),
            notice: RateLimiter::keyed(quota(Duration::from_millis(2), 2_000)),
            coupon: RateLimiter::keyed(quota(Duration::from_secs(3), 20)),
            order: RateLimiter::keyed(quota(Duration::from_secs(20), 30)),
            sign_in: RateLimiter::keyed(quota(Duration::from_secs(10), 30)),
            enabled,
        }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// There were too many; the time to wait.
    pub fn count(&self, rate: Rate, address: IpAddr) -> Result<(), Duration> {
        let limiter = match rate {
            _ if !self.enabled => return Ok(()),
            Rate::Free => return Ok(()),
            Rate::Browse | Rate::OrderLink | Rate::Pay => &self.browse,
            Rate::Notice => &self.notice,
            Rate::Coupon => &self.coupon,
            Rate::SignIn => &self.sign_in,
        };
        take(limiter, address)
    }

    /// Counts a press of the button that orders, where no provider is asked: 30 in 10 minutes.
    ///
    /// # Errors
    /// There were too many; the time to wait.
    pub fn count_order(&self, address: IpAddr) -> Result<(), Duration> {
        if self.enabled { take(&self.order, address) } else { Ok(()) }
    }

    /// False only where a load test drives the shop from one address.
    pub fn are_enabled(&self) -> bool {
        self.enabled
    }

    /// Forgets visitors whose buckets are full again.
    pub fn tidy(&self) {
        for limiter in [&self.browse, &self.notice, &self.coupon, &self.order, &self.sign_in] {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

fn take(limiter: &DefaultKeyedRateLimiter<IpAddr>, address: IpAddr) -> Result<(), Duration> {
    limiter.check_key(&address).map_err(|until| until.wait_time_from(DefaultClock::default().now()))
}
