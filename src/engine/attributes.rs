//! The attributes that the conditions of a flag ask for. There may be thousands of conditions, and hundreds of
//! attributes in a context; but most conditions ask for the same few, and each of these is looked up once.

use crate::domain::context::AttributeView;

/// Different attributes of one flag that are remembered; further ones are looked up each time.
const MAX_REMEMBERED: usize = 16;

/// What was looked up for one flag, by the place that the compiler gave to the attribute's name.
pub(super) struct Attributes<'c>([Known<'c>; MAX_REMEMBERED]);

#[derive(Clone, Copy)]
enum Known<'c> {
    NotYet,
    Found(Option<AttributeView<'c>>),
}

impl<'c> Attributes<'c> {
    pub(super) const NONE: Self = Self([Known::NotYet; MAX_REMEMBERED]);

    pub(super) fn at(
        &mut self,
        place: usize,
        look_up: impl FnOnce() -> Option<AttributeView<'c>>,
    ) -> Option<AttributeView<'c>> {
        let Some(known) = self.0.get_mut(place) else { return look_up() };
        match *known {
            Known::Found(found) => found,
            Known::NotYet => {
                let found = look_up();
                *known = Known::Found(found);
                found
            }
        }
    }
}
