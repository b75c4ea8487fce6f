/// The rules that the protocol stands on. The services have all of them; a test takes one away.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Rules {
    /// A release that comes before its reserve is remembered.
    pub(crate) tombstone: bool,
    /// A rejection is, too.
    pub(crate) stored_rejection: bool,
    /// A reserve that comes again holds nothing more.
    pub(crate) idempotent_reserve: bool,
    /// An order that may have been committed is not cancelled.
    pub(crate) no_cancel_while_committing: bool,
    /// Only what is held can be committed.
    pub(crate) status_checked_on_commit: bool,
    /// An order is not completed before inventory has said that it is.
    pub(crate) acknowledged_before_completed: bool,
    /// A reply changes an order only if the order is as it was when it asked.
    pub(crate) compare_and_swap: bool,
    /// What was begun and is not at its end is taken up again.
    pub(crate) recovery: bool,
}

pub(crate) const ALL: Rules = Rules {
    tombstone: true,
    stored_rejection: true,
    idempotent_reserve: true,
    no_cancel_while_committing: true,
    status_checked_on_commit: true,
    acknowledged_before_completed: true,
    compare_and_swap: true,
    recovery: true,
};

/// All rules but one, eight times.
pub(crate) const REMOVALS: [(&str, Rules); 8] = [
    ("tombstone", Rules { tombstone: false, ..ALL }),
    ("stored rejection", Rules { stored_rejection: false, ..ALL }),
    ("idempotent reserve", Rules { idempotent_reserve: false, ..ALL }),
    ("no cancel while committing", Rules { no_cancel_while_committing: false, ..ALL }),
    ("status checked on commit", Rules { status_checked_on_commit: false, ..ALL }),
    ("acknowledged before completed", Rules { acknowledged_before_completed: false, ..ALL }),
    ("compare and swap", Rules { compare_and_swap: false, ..ALL }),
    ("recovery", Rules { recovery: false, ..ALL }),
];
