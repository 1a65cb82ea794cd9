use crate::field::Problem;
use serde_json::Value;

/// The largest number that is read if it has a fraction or an exponent. Up to here the error of parsing floating point
/// is far below 0.5 in any notation, so no other whole number is mistaken for it.
const MAX_OF_FLOAT: f64 = 1e15;

/// Reads a whole number that is not negative. As in JSON Schema, `1.0` and `1e3` are whole numbers. `problem` is the
/// problem of any other value.
pub(crate) fn whole_number(json: &Value, problem: &'static str) -> Result<u64, Problem> {
    let Value::Number(number) = json else { return Err(problem.into()) };
    if let Some(number) = number.as_u64() {
        return Ok(number);
    }
    match number.as_f64() {
        Some(float) if float < 0.0 || float.fract() != 0.0 => Err(problem.into()),
        // Whole, not negative, and exactly the written number.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Some(float) if float <= MAX_OF_FLOAT => Ok(float as u64),
        Some(_) => Err(format!("must be at most {MAX_OF_FLOAT}, unless it is written only with digits").into()),
        None => Err(problem.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> Result<u64, Problem> {
        whole_number(&serde_json::from_str(json).expect("JSON"), "must be whole")
    }

    #[test]
    fn whole_numbers_may_have_a_fraction_of_zero_or_an_exponent() {
        for (json, number) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("1.0", 1),
            ("1e3", 1_000),
            ("1.5E1", 15),
            ("1200e-2", 12),
            ("1e15", 1_000_000_000_000_000),
            ("999999999999999.0", 999_999_999_999_999),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(read(json), Ok(number), "{json}");
        }
        for json in ["1.5", "-1", "-1.0", "1e-1", "\"1\"", "null", "true", "[1]", "{}", "-1e300"] {
            assert_eq!(read(json), Err("must be whole".into()), "{json}");
        }
    }

    #[test]
    fn numbers_that_floating_point_cannot_tell_apart_are_refused() {
        for json in ["1000000000000001.0", "9007199254740993.0", "1e16", "1e300", "18446744073709551616"] {
            let problem = read(json).expect_err(json);
            assert_eq!(problem, "must be at most 1000000000000000, unless it is written only with digits", "{json}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_read_as_itself_or_not_at_all(number: u64, shift in 0_u32..64, zeros in 1_usize..40) {
            let number = (number >> shift).max(1);
            prop_assert_eq!(read(&number.to_string()), Ok(number));
            let zeros = "0".repeat(zeros);
            for written in [format!("{number}.{zeros}"), format!("{number}{zeros}e-{}", zeros.len())] {
                let read = read(&written);
                prop_assert!(read.is_err() || read == Ok(number), "{}: {:?}", written, read);
            }
        }
    }
}
