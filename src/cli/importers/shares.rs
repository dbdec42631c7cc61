//! Weights become shares of a rollout: to a thousandth of a percent, summing to exactly what they should.

use crate::{domain::rollout::WHOLE, http::wire::rule::ShareBody};

/// Thousandths of a percent, as many as `share` of a whole.
pub(super) fn thousandths(percent: f64) -> u32 {
    let bounded = (percent.clamp(0.0, 100.0) * 1000.0).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 100,000")]
    let whole = bounded as u32;
    whole.min(WHOLE)
}

/// Shares out `total` thousandths of a percent by weight. Of two entries for one variation the weights are added, and
/// a variation without weight gets no share. Boundaries are rounded, so that the sum is exact and nobody is far off.
pub(super) fn shares(weights: impl IntoIterator<Item = (String, f64)>, total: u32) -> Vec<ShareBody> {
    let mut merged: Vec<(String, f64)> = Vec::new();
    for (variation, weight) in weights {
        let weight = if weight.is_finite() { weight.max(0.0) } else { 0.0 };
        match merged.iter_mut().find(|(known, _)| *known == variation) {
            Some((_, sum)) => *sum += weight,
            None => merged.push((variation, weight)),
        }
    }
    let whole: f64 = merged.iter().map(|(_, weight)| weight).sum();
    let mut shares = Vec::new();
    let (mut sum, mut given) = (0.0, 0);
    for (variation, weight) in merged {
        sum += weight;
        let end = if whole > 0.0 { thousandths(sum / whole * f64::from(total) / 1000.0) } else { 0 };
        let end = end.clamp(given, total);
        if end > given {
            shares.push(ShareBody { variation, percentage: f64::from(end - given) / 1000.0 });
        }
        given = end;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(weights: &[(&str, f64)], total: u32) -> Vec<(String, f64)> {
        let weights = weights.iter().map(|(variation, weight)| ((*variation).to_owned(), *weight));
        shares(weights, total).into_iter().map(|share| (share.variation, share.percentage)).collect()
    }

    fn pair(variation: &str, percentage: f64) -> (String, f64) {
        (variation.to_owned(), percentage)
    }

    #[test]
    fn thirds_sum_to_the_whole() {
        let thirds = shared(&[("a", 1.0), ("b", 1.0), ("c", 1.0)], WHOLE);
        assert_eq!(thirds, [pair("a", 33.333), pair("b", 33.334), pair("c", 33.333)]);
        assert_eq!(shared(&[("a", 1.0), ("b", 1.0)], 12_345), [pair("a", 6.173), pair("b", 6.172)]);
    }

    #[test]
    fn what_has_no_weight_has_no_share() {
        assert_eq!(shared(&[("a", 0.0), ("b", 5.0), ("b", 2.0)], WHOLE), [pair("b", 100.0)]);
        assert!(shared(&[("a", 0.0), ("b", -5.0)], WHOLE).is_empty());
        assert_eq!(shared(&[("a", f64::NAN), ("b", 1e300)], 500), [pair("b", 0.5)]);
        assert!(shared(&[("a", f64::MAX), ("b", f64::MAX)], WHOLE).iter().all(|(_, share)| *share <= 100.0));
    }

    #[test]
    fn percentages_are_clamped() {
        assert_eq!([-1.0, 0.0004, 12.5, 1e9].map(thousandths), [0, 0, 12_500, WHOLE]);
    }
}
