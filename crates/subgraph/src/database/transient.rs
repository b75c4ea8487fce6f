use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, postgres::PgDatabaseError},
};

/// True when the same statement may succeed later, unchanged: nothing is wrong with it, but with the
/// moment. What it would have written is not written; where the commit itself failed, that is known of SQLite only until
/// the process ends, since the log may hold it.
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
                        None => is_transient_result(&code),
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

/// SQLite's locks (`SQLITE_BUSY` 5, `SQLITE_LOCKED` 6) and what is wrong with the disk (`SQLITE_READONLY` 8, `SQLITE_IOERR`
/// 10, `SQLITE_FULL` 13, `SQLITE_CANTOPEN` 14), with whatever detail in the upper bits.
fn is_transient_result(code: &str) -> bool {
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
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
            assert_eq!(is_transient_result(code), busy, "{code}");
        }
    }

    #[test]
    fn a_disk_that_fails_may_be_well_later_and_a_broken_file_is_not() {
        let (read_only, fsync, full, cannot_open, corrupt) = ("8", "1034", "13", "14", "11");
        for (code, transient) in [(read_only, true), (fsync, true), (full, true), (cannot_open, true), (corrupt, false)]
        {
            assert_eq!(is_transient_result(code), transient, "{code}");
        }
    }
}
