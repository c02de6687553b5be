//! Secrets: never in a settings file or on a command line, but in files or environment variables that these name.

use std::path::Path;

use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::lines::read_body;

/// Longest token or key, in bytes.
const SECRET_LEN_MAX: u64 = 4096;

/// A secret from the file or the variable that the settings name; a relative path begins at the settings' own directory.
pub(crate) fn secret(
    what: &str,
    file: Option<&Path>,
    env: Option<&str>,
    config: &Path,
) -> Result<Option<Zeroizing<String>>, Failure> {
    let text = match (file, env) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(Failure::Usage(format!("say {what}_file or {what}_env, not both"))),
        (Some(file), None) => {
            let path = config.parent().unwrap_or(Path::new("")).join(file);
            let bytes = Zeroizing::new(read_body(&path, SECRET_LEN_MAX)?);
            let text = std::str::from_utf8(&bytes).map(str::to_owned);
            Zeroizing::new(text.map_err(|_| Failure::Usage(format!("{what}_file: not text")))?)
        }
        (None, Some(name)) => {
            let value =
                std::env::var(name).map_err(|_| Failure::Usage(format!("{what}_env: {name} is not set")))?;
            Zeroizing::new(value)
        }
    };
    let trimmed = Zeroizing::new(text.trim().to_owned());
    if trimmed.is_empty() {
        return Err(Failure::Usage(format!("{what}: it is empty")));
    }
    Ok(Some(trimmed))
}
