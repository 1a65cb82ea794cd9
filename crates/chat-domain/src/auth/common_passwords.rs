use crate::text::unicode::folded;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The most common passwords of published leaks, one per line, in lower case. It omits passwords shorter than any
/// policy allows.
const LIST: &str = include_str!("common_passwords.txt");

static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| LIST.lines().collect());

/// Whether the password is one of the most common ones, in any case and width.
pub(super) fn is_common(password: &str) -> bool {
    COMMON.contains(folded(password).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::PasswordPolicy;

    #[test]
    fn the_list_is_sorted_small_and_holds_nothing_that_the_policy_refuses_anyway() {
        let lines: Vec<_> = LIST.lines().collect();
        assert!(lines.is_sorted() && COMMON.len() == lines.len(), "sorted, each once");
        assert!((500..5_000).contains(&lines.len()), "{}", lines.len());
        let least = PasswordPolicy::default().min_chars;
        for line in lines {
            assert!(line.chars().count() >= least && is_common(line), "{line}");
            assert_eq!(line, line.to_lowercase());
        }
    }
}
