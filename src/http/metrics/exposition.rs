//! The text format of Prometheus, version 0.0.4: a line for each sample, below the type and the meaning of its metric.

use std::fmt::{Display, Write};

use super::Family;
use crate::tally::{BOUNDS_MICROS, Durations};

/// How the format is called.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How many bytes most expositions fit into.
const USUAL_BYTES: usize = 32 * 1024;
const MICROS_PER_SECOND: f64 = 1e6;

/// Text that grows, sample by sample, below the metric that was begun last.
#[derive(Debug)]
pub(super) struct Exposition {
    text: String,
    name: &'static str,
    labels: &'static [&'static str],
}

impl Default for Exposition {
    fn default() -> Self {
        Self { text: String::with_capacity(USUAL_BYTES), name: "", labels: &[] }
    }
}

impl Exposition {
    /// From here on, samples are those of this metric.
    pub(super) fn begin(&mut self, family: &Family) {
        (self.name, self.labels) = (family.name, family.labels);
        self.put(format_args!("# HELP {} {}\n", family.name, family.meaning));
        self.put(format_args!("# TYPE {} {}\n", family.name, family.kind.name()));
    }

    /// A sample, with a value for each label.
    pub(super) fn sample<const N: usize>(&mut self, labels: [&str; N], value: impl Display) {
        self.line("", labels, None, value);
    }

    /// The samples of a histogram, with a value for each label.
    #[expect(clippy::cast_precision_loss, reason = "a bound is a small number")]
    pub(super) fn histogram<const N: usize>(&mut self, labels: [&str; N], durations: &Durations) {
        let up_to = durations.up_to();
        let mut all = 0;
        let bounds = BOUNDS_MICROS.iter().map(|micros| (*micros as f64 / MICROS_PER_SECOND).to_string());
        for (bound, times) in bounds.chain(["+Inf".to_owned()]).zip(up_to) {
            self.line("_bucket", labels, Some(&bound), times);
            all = times;
        }
        self.line("_sum", labels, None, durations.sum().as_secs_f64());
        self.line("_count", labels, None, all);
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn line<const N: usize>(
        &mut self,
        suffix: &str,
        labels: [&str; N],
        bound: Option<&str>,
        value: impl Display,
    ) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        let labels = self.labels.iter().copied().zip(labels).chain(bound.map(|bound| ("le", bound)));
        let mut before = '{';
        for (name, value) in labels {
            self.put(format_args!("{before}{name}=\"{}\"", escaped(value)));
            before = ',';
        }
        if before == ',' {
            self.text.push('}');
        }
        self.put(format_args!(" {value}\n"));
    }

    fn put(&mut self, piece: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _never = self.text.write_fmt(piece);
    }
}

/// The value of a label between quotes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_value_does_not() {
        let mut text = Exposition { text: String::new(), name: "x", labels: &["a", "b"] };
        text.sample(["\"\\\n", ""], 0.5);
        assert_eq!(text.finish(), "x{a=\"\\\"\\\\\\n\",b=\"\"} 0.5\n");
    }
}
