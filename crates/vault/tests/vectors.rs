//! Project Wycheproof's published vectors for AES-GCM, on the cipher that seals values.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

#[test]
fn aes_256_gcm_passes_wycheproof() {
    let set = TestSet::load(TestName::AesGcm).unwrap();
    // What seals values: keys of 256 bits, nonces of 96, tags of 128.
    let groups = set.test_groups.iter().filter(|g| (g.key_size, g.nonce_size, g.tag_size) == (256, 96, 128));
    let (mut valid, mut invalid) = (0, 0);
    for test in groups.flat_map(|group| &group.tests) {
        let cipher = Aes256Gcm::new_from_slice(&test.key).unwrap();
        let nonce = Nonce::try_from(test.nonce.as_ref()).unwrap();
        let sealed = [test.ct.as_ref(), test.tag.as_ref()].concat();
        let opened = cipher.decrypt(&nonce, Payload { msg: &sealed, aad: &test.aad });
        match test.result {
            TestResult::Valid | TestResult::Acceptable => {
                let payload = Payload { msg: test.pt.as_ref(), aad: &test.aad };
                assert_eq!(cipher.encrypt(&nonce, payload).unwrap(), sealed, "case {}", test.tc_id);
                assert_eq!(opened.unwrap(), test.pt.as_ref(), "case {}", test.tc_id);
                valid += 1;
            }
            TestResult::Invalid => {
                assert!(opened.is_err(), "case {} opened: {}", test.tc_id, test.comment);
                invalid += 1;
            }
        }
    }
    assert!(valid >= 30 && invalid >= 20, "{valid} valid and {invalid} invalid cases were run");
}
