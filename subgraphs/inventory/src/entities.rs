//! The rows, and the finders that read and change them. Whoever locks several things takes the reservation or the
//! idempotency key first, then the
//! customer, then stock in the order of product and location ids: then nobody waits in a circle.

pub(crate) mod idempotency_key;
pub(crate) mod location;
pub(crate) mod movement;
pub(crate) mod reservation;
pub(crate) mod reservation_line;
pub(crate) mod stock;
