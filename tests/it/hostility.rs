//! Those who mean harm: requests that two readers read differently, clients that take more than they give, and
//! credentials in the wrong hands.

mod bodies;
mod http2;
mod identity;
mod places;
mod smuggling;
