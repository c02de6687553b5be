//! Where the demo's data is: a directory, or, where there is none, the copy built into the program.

use std::path::{Path, PathBuf};

use crate::exit::Failure;
use crate::lines::read_body;

/// The data as it lies in the repository.
const REPOSITORY_DIR: &str = "testdata/demo";
/// More than any file of the demo is long.
const FILE_LEN_MAX: u64 = 1 << 20;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/demo/", $name)).as_slice())),*]
    };
}

/// The copy: every file of the directory, a test compares them.
static BUILT_IN: [(&str, &[u8]); 28] = built_in![
    "app_login.json",
    "app_login_web.json",
    "crm_members.ndjson",
    "event_add_contact_wu.xml",
    "event_add_contact_zhou.xml",
    "manifest.ndjson",
    "mini_code2session_chen.json",
    "mini_code2session_wu.json",
    "mini_code2session_xiaoman.json",
    "mini_code2session_zhou.json",
    "mp_changeopenid.json",
    "mp_user_batchget.json",
    "mp_user_info_old_club.json",
    "mp_web_oauth_snapshot.json",
    "mp_web_oauth_token.json",
    "mp_web_oauth_userinfo.json",
    "phones.ndjson",
    "rebound.ndjson",
    "topology.ndjson",
    "work_contact_batch.json",
    "work_corpid_to_opencorpid.json",
    "work_external_to_pending_wu.json",
    "work_external_to_pending_zhou.json",
    "work_new_external.json",
    "work_pay_openid.json",
    "work_unionid_to_external_wu.json",
    "work_unionid_to_external_zhou.json",
    "work_userid_to_openuserid.json",
];

/// Where files are read from.
pub(crate) struct Files {
    /// `None`: the built-in copy.
    dir: Option<PathBuf>,
}

impl Files {
    /// The directory that was asked for, else the repository's if this is one, else the built-in copy.
    pub(crate) fn find(asked: Option<&Path>) -> Files {
        let repository = Path::new(REPOSITORY_DIR);
        let dir = asked.or_else(|| repository.is_dir().then_some(repository));
        Files { dir: dir.map(Path::to_owned) }
    }

    /// Where the data comes from, for people.
    pub(crate) fn name(&self) -> String {
        self.dir.as_ref().map_or_else(|| "the built-in data".to_owned(), |dir| dir.display().to_string())
    }

    /// The bytes of a file.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        if let Some(dir) = &self.dir {
            return read_body(&dir.join(name), FILE_LEN_MAX);
        }
        let file = BUILT_IN.iter().find(|(file, _)| *file == name);
        file.map(|(_, bytes)| bytes.to_vec())
            .ok_or_else(|| Failure::Input(format!("{name}: not part of the built-in data")))
    }

    /// The text of a file.
    pub(crate) fn read_text(&self, name: &str) -> Result<String, Failure> {
        String::from_utf8(self.read(name)?).map_err(|_| Failure::Input(format!("{name}: not UTF-8")))
    }
}

#[cfg(test)]
mod tests {
    use super::BUILT_IN;

    #[test]
    fn the_built_in_copy_is_the_whole_directory() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/demo");
        let mut names: Vec<String> =
            std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let built_in: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, built_in);
    }
}
