use super::*;

fn outcomes(client: &str) -> Vec<(&'static ClientCase, bool)> {
    let client: Client = client.parse().unwrap();
    CASES.iter().map(|case| (case, matches!(client.play(case), Outcome::Passed))).collect()
}

#[test]
fn a_client_that_only_says_that_it_succeeded_passes_no_case_that_looks_at_the_file() {
    for (case, passed) in outcomes("true {url} {file}") {
        assert_eq!(passed, case.expected == Expected::Anything, "{}", case.id);
    }
}

#[test]
fn a_client_that_only_fails_passes_no_case_that_wants_the_file() {
    for (case, passed) in outcomes("false {url} {file}") {
        assert_eq!(passed, case.expected != Expected::Whole, "{}", case.id);
    }
}

#[test]
fn a_command_names_the_url_and_the_file() {
    assert!("curl {url}".parse::<Client>().is_err() && "curl -o {file} {url}".parse::<Client>().is_ok());
}
