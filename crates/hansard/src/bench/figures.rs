//! Rates and latencies.

use std::time::Duration;

use serde::Serialize;

/// One stretch of measuring: how many, for how long, and how long each took.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample {
    pub(crate) count: u64,
    pub(crate) elapsed: Duration,
    pub(crate) latencies_us: Vec<u32>,
}

/// What a report says of something that was measured several times.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    /// The median of the stretches' rates.
    pub(crate) per_second: f64,
    /// The rate of every stretch, in order.
    pub(crate) stretches_per_second: Vec<f64>,
    pub(crate) count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency_ms: Option<Latency>,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

pub(crate) fn micros(elapsed: Duration) -> u32 {
    u32::try_from(elapsed.as_micros()).unwrap_or(u32::MAX)
}

impl Sample {
    pub(crate) fn per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 {
            float(self.count) / seconds
        } else {
            0.0
        }
    }
}

impl Figures {
    pub(crate) fn of(samples: &[Sample]) -> Self {
        let rates: Vec<f64> = samples.iter().map(Sample::per_second).collect();
        let latencies: Vec<u32> = samples
            .iter()
            .flat_map(|sample| sample.latencies_us.iter().copied())
            .collect();
        Self {
            per_second: rounded(median(&rates)),
            stretches_per_second: rates.into_iter().map(rounded).collect(),
            count: samples.iter().map(|sample| sample.count).sum(),
            latency_ms: Latency::of(latencies),
        }
    }

    /// The rate without its fraction.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is neither negative nor larger than a u64"
    )]
    pub(crate) fn whole_per_second(&self) -> u64 {
        self.per_second.round() as u64
    }

    /// This rate to another one.
    pub(crate) fn to(&self, baseline: &Self) -> f64 {
        if baseline.per_second > 0.0 {
            (self.per_second / baseline.per_second * 1000.0).round() / 1000.0
        } else {
            0.0
        }
    }
}

impl Latency {
    pub(crate) fn of(mut latencies_us: Vec<u32>) -> Option<Self> {
        latencies_us.sort_unstable();
        let last = latencies_us.len().checked_sub(1)?;
        let at = |percent: usize| f64::from(latencies_us[last * percent / 100]) / 1000.0;
        Some(Self {
            p50: at(50),
            p99: at(99),
            max: at(100),
        })
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[expect(clippy::cast_precision_loss, reason = "shown rounded")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(count: u64, seconds: u64, latencies_us: Vec<u32>) -> Sample {
        Sample {
            count,
            elapsed: Duration::from_secs(seconds),
            latencies_us,
        }
    }

    #[test]
    fn figures_are_the_median_of_the_stretches() {
        let figures = Figures::of(&[
            sample(100, 1, vec![1000, 2000]),
            sample(900, 1, vec![3000]),
            sample(400, 2, vec![]),
        ]);
        assert_eq!(figures.per_second, 200.0);
        assert_eq!(figures.count, 1400);
        let latency = figures.latency_ms.expect("some");
        assert_eq!((latency.p50, latency.max), (2.0, 3.0));
        assert_eq!(median(&[1.0, 3.0]), 2.0);
    }

    #[test]
    fn a_ratio_is_to_its_baseline() {
        let (one, other) = (sample(50, 1, vec![]), sample(200, 1, vec![]));
        assert_eq!(Figures::of(&[one]).to(&Figures::of(&[other])), 0.25);
        assert_eq!(Figures::of(&[]).to(&Figures::of(&[])), 0.0);
    }
}
