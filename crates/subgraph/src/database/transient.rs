use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, postgres::PgDatabaseError},
};

/// True when the same statement may succeed later, unchanged: nothing is wrong with it, but with the
/// moment. What it would have written is not written.
pub(crate) fn is_transient(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            match error.as_ref() {
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
                sqlx::Error::Database(error) => {
                    let code = error.code().unwrap_or_default();
                    match error.try_downcast_ref::<PgDatabaseError>() {
                        Some(_) => is_transient_state(&code),
                        None => is_busy(&code),
                    }
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// PostgreSQL's SQLSTATE (appendix A): connection lost (08), deadlock or serialisation (40), no resources
/// (53), lock not to be had (55P03), statement timeout or shutdown (57).
fn is_transient_state(state: &str) -> bool {
    matches!(state.get(..2), Some("08" | "40" | "53" | "57")) || state == "55P03"
}

/// SQLite's `SQLITE_BUSY` (5) and `SQLITE_LOCKED` (6), with whatever detail in the upper bits.
fn is_busy(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadlock_passes_and_a_broken_constraint_does_not() {
        for (state, transient) in
            [("40P01", true), ("57014", true), ("55P03", true), ("23505", false), ("42601", false)]
        {
            assert_eq!(is_transient_state(state), transient, "{state}");
        }
        for (code, busy) in [("5", true), ("517", true), ("2067", false), ("1", false)] {
            assert_eq!(is_busy(code), busy, "{code}");
        }
    }
}
