use sha2::{Digest as _, Sha256};

/// What is kept of a request, to know it again: SHA-256 of its bytes in hexadecimal digits.
pub fn fingerprint(request: impl AsRef<[u8]>) -> String {
    Sha256::digest(request).iter().map(|byte| format!("{byte:02x}")).collect()
}
