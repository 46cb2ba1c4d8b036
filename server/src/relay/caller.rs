//! The user who made a request, with the place to which its answer goes.

use recado_shared::UserId;

use crate::store::Origin;

#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) origin: Origin,
    pub(super) user: UserId,
}
