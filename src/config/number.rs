//! Settings that are numbers, each with its bounds.

use std::fmt::Display;
use std::str::FromStr;

/// Reads a whole number between two bounds, both included.
pub(super) fn number<N>(least: N, most: N) -> impl Fn(&str) -> Result<N, String> + Clone
where
    N: FromStr + PartialOrd + Display + Copy,
{
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("`{text}` is not a whole number from {least} to {most}"))
    }
}
