use super::*;

#[test]
fn every_code_is_a_failure() {
    for code in ErrorCode::ALL {
        let status = status_of(*code);
        assert!(status.is_client_error() || status.is_server_error(), "{code}");
        assert_ne!(status, StatusCode::UNPROCESSABLE_ENTITY, "the contract knows no 422");
    }
}

#[test]
fn what_the_framework_says_keeps_its_status() {
    for status in [400, 401, 403, 404, 405, 408, 413, 415, 500, 503] {
        let status = StatusCode::from_u16(status).expect("a status");
        assert_eq!(status_of(failure_of(status).code), status);
    }
    assert_eq!(failure_of(StatusCode::NOT_ACCEPTABLE).code, ErrorCode::ValidationFailed);
}

#[test]
fn causes_are_for_the_log_and_not_for_the_client() {
    let error = ApiError::new(ErrorCode::Internal, OUR_FAULT).caused_by("the disk is full");
    assert_eq!(error.causes().as_deref(), Some("the disk is full"));
    assert_eq!(error.failure().messages, [OUR_FAULT]);
    assert!(!error.to_string().contains("disk"));
}

#[test]
fn long_paths_are_cut_between_characters() {
    assert_eq!(cut("/short"), "/short");
    assert_eq!(cut(&format!("x{}", "é".repeat(400))).len(), 511);
}
