//! Two scenes of a shop's day, played over the simulated platforms with the real clients: a visitor of a page who turns out
//! to be an employee's customer, and a campaign whose visitors become customers.
//!
//! ```sh
//! cargo run --example scenes --features sync,simulator [page|campaign]
//! ```
//!
//! What is told is compared with what the simulator knows to be true; a scene that does not come out ends in an error.
#![expect(clippy::print_stdout, reason = "a scene is watched")]

mod campaign;
mod page;
mod shop;

type Played = Result<(), Box<dyn std::error::Error>>;

fn main() -> Played {
    match std::env::args().nth(1).as_deref() {
        None => page::play().and_then(|()| campaign::play()),
        Some("page") => page::play(),
        Some("campaign") => campaign::play(),
        Some(_) => Err("say page or campaign".into()),
    }
}
