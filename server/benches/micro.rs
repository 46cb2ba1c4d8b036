//! Times of the bench cases. On a busy machine, `instructions` is more exact.
//!
//! `cargo bench -p recado-server --bench micro`

mod cases;

use divan::Bencher;

use crate::cases::Meter;

struct Clock<'a, 'b>(Bencher<'a, 'b>);

impl Meter for Clock<'_, '_> {
    fn measure<I, O>(self, input: impl FnMut() -> I, run: impl FnMut(I) -> O) {
        self.0.with_inputs(input).bench_local_values(run);
    }
}

fn main() {
    divan::main();
}

#[divan::bench(args = cases::NAMES)]
fn micro(bencher: Bencher<'_, '_>, name: &str) {
    cases::measure(name, Clock(bencher));
}
