//! What answers are wrapped in: `{"data": ...}`, and for a list also `meta` (contract, A1).

use std::borrow::Cow;

use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use serde::Serialize;

/// An answer about one thing.
#[derive(Clone, Debug, Serialize)]
pub struct Data<T> {
    /// The thing.
    pub data: T,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed<T> {
    /// The things on this page.
    pub data: Vec<T>,
    /// Where this page is in the list.
    pub meta: Meta,
}

/// Where a page is in its list.
#[derive(Clone, Debug, Serialize, Object)]
pub struct Meta {
    /// The number of this page, from 1.
    pub page: u32,
    /// How many things a page holds at most.
    pub per_page: u32,
    /// How many things the whole list holds.
    pub total: u64,
    /// Continues exactly after this page when given as `cursor`; null on the last page.
    pub next_cursor: Option<String>,
}

// Written by hand because the derive wants every answer to be readable as well, and answers may borrow.
macro_rules! envelope {
    ($envelope:ident, $prefix:literal, |$registry:ident| $properties:expr) => {
        impl<T: Type> Type for $envelope<T> {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                format!("{}_{}", $prefix, T::name()).into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Reference(Self::name().into_owned())
            }

            fn register(registry: &mut Registry) {
                registry.create_schema::<Self, _>(Self::name().into_owned(), |$registry| {
                    T::register($registry);
                    let properties = $properties;
                    MetaSchema {
                        required: properties.iter().map(|(name, _)| *name).collect(),
                        properties,
                        ..MetaSchema::new("object")
                    }
                });
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}

envelope!(Data, "Data", |_registry| vec![("data", T::schema_ref())]);
envelope!(Listed, "List", |registry| {
    Meta::register(registry);
    vec![("data", Vec::<T>::schema_ref()), ("meta", Meta::schema_ref())]
});
