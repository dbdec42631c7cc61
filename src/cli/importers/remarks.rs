//! What is to be told of one flag, collected while it is translated; and text that is made to fit, which has to be
//! told as well.

use super::note::{Note, Outcome, Refusal};
use crate::domain::text::{MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH, MAX_TAG_LENGTH, MAX_TAGS};

/// What is to be told of one flag. The same is told once, where it was found first.
#[derive(Debug, Default)]
pub(super) struct Remarks(Vec<Note>);

impl Remarks {
    pub(super) fn approximated(&mut self, place: &str, message: impl Into<String>) {
        self.add(place, Outcome::Approximated, message.into());
    }

    pub(super) fn skipped(&mut self, place: &str, message: impl Into<String>) {
        self.add(place, Outcome::Skipped, message.into());
    }

    /// The flag is off in this environment, since what it does there cannot be said here.
    pub(super) fn switched_off(&mut self, environment: &str, refusal: &Refusal) {
        let message = format!("{}; it is off in `{environment}`", refusal.reason);
        self.add(&refusal.place, Outcome::Skipped, message);
    }

    fn add(&mut self, place: &str, outcome: Outcome, message: String) {
        if !self.0.iter().any(|note| note.outcome == outcome && note.message == message) {
            self.0.push(Note { place: place.to_owned(), outcome, message });
        }
    }

    pub(super) fn into_notes(self) -> Vec<Note> {
        self.0
    }

    /// A name that is allowed here; `None` if there is none.
    pub(super) fn name(&mut self, text: Option<&str>, place: &str) -> Option<String> {
        let fitted = line(text?, MAX_NAME_LENGTH);
        if Some(fitted.as_str()) != text && !fitted.is_empty() {
            self.approximated(place, "its name is shortened to what is allowed here");
        }
        (!fitted.is_empty()).then_some(fitted)
    }

    /// A description that is allowed here; `None` if there is none.
    pub(super) fn description(&mut self, text: Option<&str>, place: &str) -> Option<String> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        let sound = |c: &char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        let fitted: String = text.chars().filter(sound).take(MAX_DESCRIPTION_LENGTH).collect();
        if fitted != text {
            self.approximated(place, "its description is shortened to what is allowed here");
        }
        Some(fitted)
    }

    /// Tags that are allowed here; `None` if there are none.
    pub(super) fn tags<T: AsRef<str>>(&mut self, texts: &[T], place: &str) -> Option<Vec<String>> {
        let mut tags: Vec<String> = Vec::new();
        for text in texts {
            let tag = line(text.as_ref(), MAX_TAG_LENGTH);
            if tag != text.as_ref() || tags.len() == MAX_TAGS {
                self.approximated(place, "its tags are shortened to what is allowed here");
            }
            if !tag.is_empty() && !tags.contains(&tag) && tags.len() < MAX_TAGS {
                tags.push(tag);
            }
        }
        (!tags.is_empty()).then_some(tags)
    }
}

/// The text as one line of at most `most` characters.
fn line(text: &str, most: usize) -> String {
    let spaced = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.trim().chars().map(spaced).take(most).collect();
    text.trim_end().to_owned()
}
