//! What could not be called on another machine does not compile, and the compiler says why.

#[test]
fn what_cannot_travel_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
