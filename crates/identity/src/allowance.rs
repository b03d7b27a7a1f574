//! How much somebody may ask, and how long whoever brings bad tokens has to wait.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroUsize;
use std::time::Duration;

use lru::LruCache;
use parking_lot::Mutex;
use trunkline_kernel::{Millis, Timestamp};

/// Where somebody asks from, as limits see it: whoever has an IPv6 address has the 2^64 beside it as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place(IpAddr);

impl From<IpAddr> for Place {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }
}

/// How much may be asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests a second, in the long run.
    pub per_second: f64,
    /// Requests at once, after a pause.
    pub burst: f64,
}

/// What each of many may still ask: token buckets, in a table of bounded size. Whoever asked least lately falls out of
/// it first, and then has a full bucket again.
pub struct Allowances<K> {
    rate: Rate,
    buckets: Mutex<LruCache<K, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

impl<K: Hash + Eq> Allowances<K> {
    /// Full buckets for everybody, of whom `most` are remembered.
    pub fn new(rate: Rate, most: NonZeroUsize) -> Self {
        Self { rate, buckets: Mutex::new(LruCache::new(most)) }
    }

    /// Takes one request out of the bucket of `who`.
    ///
    /// # Errors
    /// How long it takes until the next request is allowed.
    pub fn take(&self, who: K, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock();
        let full = Bucket { left: self.rate.burst, at: now };
        let bucket = buckets.get_or_insert_mut(who, || full);
        let passed =
            Duration::from_micros(u64::try_from(now.micros() - bucket.at.micros()).unwrap_or_default());
        bucket.left = (bucket.left + passed.as_secs_f64() * self.rate.per_second).min(self.rate.burst);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            Ok(())
        } else {
            Err(Duration::from_secs_f64((1.0 - bucket.left) / self.rate.per_second))
        }
    }
}

/// How whoever brings bad tokens is kept waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How many bad tokens in a row are for nothing: people mistype and programs restart.
    pub free: u32,
    /// The first wait; each further bad token doubles it.
    pub first: Millis,
    /// The longest wait. Whoever brings none for as long again is forgotten.
    pub longest: Millis,
}

/// Who brought bad tokens, by place, in a table of bounded size.
pub(crate) struct Grudges {
    patience: Patience,
    places: Mutex<LruCache<Place, Grudge>>,
}

#[derive(Clone, Copy, Default)]
struct Grudge {
    bad: u32,
    until: Timestamp,
}

impl Grudges {
    pub(crate) fn new(patience: Patience, most: NonZeroUsize) -> Self {
        Self { patience, places: Mutex::new(LruCache::new(most)) }
    }

    /// Whether somebody from this place may bring a token.
    ///
    /// # Errors
    /// How long they have to wait.
    pub(crate) fn hear(&self, place: Place, now: Timestamp) -> Result<(), Duration> {
        let until = self.places.lock().get(&place).map_or(now, |grudge| grudge.until);
        match u64::try_from(until.since(now).0) {
            Ok(left) if left > 0 => Err(Duration::from_millis(left)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Remembers a bad token.
    pub(crate) fn note(&self, place: Place, now: Timestamp) {
        let mut places = self.places.lock();
        let grudge = places.get_or_insert_mut(place, Grudge::default);
        if now.since(grudge.until) > self.patience.longest {
            grudge.bad = 0;
        }
        grudge.bad = grudge.bad.saturating_add(1);
        let doublings = grudge.bad.saturating_sub(self.patience.free.saturating_add(1)).min(30);
        let wait = self.patience.first.0.saturating_mul(1 << doublings).min(self.patience.longest.0);
        let wait = if grudge.bad > self.patience.free { Millis(wait) } else { Millis::ZERO };
        grudge.until = now.plus(wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_772_442_000_000);
    const MANY: NonZeroUsize = NonZeroUsize::new(2).unwrap();

    fn place(text: &str) -> Place {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_bucket_empties_and_fills_again_in_time() {
        let allowances = Allowances::new(Rate { per_second: 2.0, burst: 3.0 }, MANY);
        for _ in 0..3 {
            assert_eq!(allowances.take("a", NOON), Ok(()));
        }
        assert_eq!(allowances.take("a", NOON), Err(Duration::from_millis(500)));
        assert_eq!(allowances.take("b", NOON), Ok(()), "everybody has their own");
        let later = NOON.plus(Millis(500));
        assert_eq!(allowances.take("a", later), Ok(()));
        assert_eq!(allowances.take("a", later), Err(Duration::from_millis(500)));
        let much_later = NOON.plus(Millis::from_mins(60));
        assert_eq!(
            (0..9).filter(|_| allowances.take("a", much_later).is_ok()).count(),
            3,
            "never more than full"
        );
    }

    #[test]
    fn the_tables_do_not_grow() {
        let allowances = Allowances::new(Rate { per_second: 1.0, burst: 1.0 }, MANY);
        let grudges = Grudges::new(Patience { free: 0, first: Millis(1), longest: Millis(2) }, MANY);
        for number in 0..100_u32 {
            let _ = allowances.take(number, NOON);
            grudges.note(IpAddr::from(number.to_be_bytes()).into(), NOON);
        }
        assert_eq!((allowances.buckets.lock().len(), grudges.places.lock().len()), (2, 2));
    }

    #[test]
    fn every_further_bad_token_doubles_the_wait_up_to_the_longest() {
        let patience = Patience { free: 2, first: Millis(1_000), longest: Millis(8_000) };
        let grudges = Grudges::new(patience, MANY);
        let here = place("192.0.2.1");
        let mut now = NOON;
        for expected in [0, 0, 1, 2, 4, 8, 8] {
            grudges.note(here, now);
            let wait = grudges.hear(here, now).err().unwrap_or_default();
            assert_eq!(wait, Duration::from_secs(expected));
            now = now.plus(Millis::from_secs(i64::try_from(expected).unwrap()));
            assert_eq!(grudges.hear(here, now), Ok(()));
        }
        assert_eq!(grudges.hear(place("192.0.2.2"), NOON), Ok(()));
        grudges.note(here, now.plus(Millis(8_001)));
        assert_eq!(grudges.hear(here, now.plus(Millis(8_001))), Ok(()), "forgotten after a while");
    }

    #[test]
    fn an_ipv6_network_is_one_place_and_a_mapped_address_is_its_ipv4_one() {
        assert_eq!(place("2001:db8::1"), place("2001:db8::ffff:1"));
        assert_ne!(place("2001:db8::1"), place("2001:db8:0:1::1"));
        assert_eq!(place("::ffff:192.0.2.1"), place("192.0.2.1"));
    }
}
