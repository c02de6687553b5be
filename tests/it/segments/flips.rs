//! Every single bit of a segment flipped under an open graph: the read that meets it gets a typed error or the right
//! answer, without a verification before.
//!
//! Which questions read a byte is noted first; then each of its bits is flipped and the cheapest of those questions
//! are asked, or a commit is begun that would read it. `IDWEAVE_FLIP_BYTES` is the size of the segment,
//! `IDWEAVE_FLIP_STEP` 1 flips every bit of it, `IDWEAVE_FLIP_THREADS` shares the work.

use std::collections::BTreeMap;
use std::mem::{Discriminant, discriminant};
use std::ops::Range;
use std::time::Instant;

use idweave::{Error, Fact, Graph, Op, ReadMode, Result, VerifyLevel, View, ndjson};

use crate::segments::answers::Question;
use crate::segments::damage::{is_told, setting};
use crate::segments::history::DIR;
use crate::segments::one_segment::Kept;
use crate::segments::watched::{self, Watched};
use crate::support::generate::NOW;

/// Of the segment, unless the environment says otherwise.
const BYTES: usize = 80 << 10;

/// How much is looked at, from little to much.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Lookup,
    Commit,
    Scan,
}

/// What is asked while a bit is wrong.
#[derive(Clone, Copy)]
enum Ask<'q> {
    Read(Question<'q>),
    /// What a fact would come to, in a commit that is given up.
    Tell(&'q Fact),
}

impl Ask<'_> {
    fn of(&self, graph: &Graph, view: &View) -> Answered {
        match self {
            Ask::Read(question) => answered(question, view),
            Ask::Tell(fact) => match tried(graph, fact) {
                Ok(outcome) => (vec![outcome], None),
                Err(error) => (Vec::new(), Some(error)),
            },
        }
    }

    fn verb(&self) -> (Option<Discriminant<Question<'_>>>, Option<Discriminant<Op>>) {
        match self {
            Ask::Read(question) => (Some(discriminant(question)), None),
            Ask::Tell(fact) => (None, Some(discriminant(&fact.op))),
        }
    }

    fn work(&self) -> Work {
        match self {
            Ask::Read(Question::Entities | Question::Edges | Question::Facts) => Work::Scan,
            Ask::Read(Question::Stats | Question::Conflicts) => Work::Scan,
            Ask::Read(_) => Work::Lookup,
            Ask::Tell(_) => Work::Commit,
        }
    }

    fn words(&self) -> String {
        match self {
            Ask::Read(question) => format!("{question:?}"),
            Ask::Tell(fact) => ndjson::print(fact),
        }
    }
}

/// An answer up to the first item that is refused, and that refusal.
type Answered = (Vec<String>, Option<Error>);

fn answered(question: &Question<'_>, view: &View) -> Answered {
    let mut right = Vec::new();
    for item in question.items(view) {
        match item {
            Ok(item) => right.push(item),
            Err(error) => return (right, Some(error)),
        }
    }
    (right, None)
}

/// What became of a fact, a refusal among it; damage is the error.
fn tried(graph: &Graph, fact: &Fact) -> Result<String> {
    let mut outcome = None;
    let given_up = graph.write(NOW, |tx| {
        outcome = Some(tx.apply(fact));
        Err::<(), _>(Error::Broken)
    });
    assert!(matches!(given_up, Err(Error::Broken)));
    match outcome.unwrap() {
        Err(error) if is_told(&error) => Err(error),
        outcome => Ok(format!("{outcome:?}")),
    }
}

/// An open graph on bytes that can be changed.
struct Open {
    watched: Watched,
    graph: Graph,
    view: View,
}

impl Open {
    fn new(watched: Watched, mode: ReadMode) -> Result<Open> {
        let graph = options(&watched, mode).open(DIR)?;
        Ok(Open { view: graph.view(), watched, graph })
    }

    fn ask(&self, ask: &Ask<'_>) -> Answered {
        ask.of(&self.graph, &self.view)
    }

    /// The right answer, and which bytes it is made of.
    fn look(&self, ask: &Ask<'_>) -> (Vec<String>, Vec<watched::Range>) {
        let ((answer, error), ranges) = self.watched.reads_of(|| self.ask(ask));
        assert!(error.is_none(), "{}: {error:?}", ask.words());
        (answer, ranges)
    }
}

fn options(watched: &Watched, mode: ReadMode) -> idweave::Options {
    Graph::options().vfs(watched.vfs()).auto_checkpoint(false).read_mode(mode)
}

/// How the bits of a byte are judged.
#[derive(Debug, Clone, Copy, Default)]
struct Noted {
    /// Two of those who read it, by number: the cheapest, and the cheapest of another verb. A scan stands alone.
    asks: [Option<u32>; 2],
    /// Opening reads it.
    by_opening: bool,
}

impl Noted {
    fn note(&mut self, number: usize, asks: &[Ask<'_>]) {
        let ask = &asks[number];
        let goes_with = |first: u32| asks[first as usize].verb() != ask.verb() && ask.work() != Work::Scan;
        match self.asks {
            [None, _] => self.asks[0] = Some(number as u32),
            [Some(first), None] if goes_with(first) => self.asks[1] = Some(number as u32),
            _ => {}
        }
    }
}

/// Which questions meet which bytes.
struct Notes<'q> {
    asks: Vec<Ask<'q>>,
    /// The right answers of those that are noted anywhere.
    right: Vec<Option<Vec<String>>>,
    bytes: Vec<Noted>,
}

impl<'q> Notes<'q> {
    /// Asks everything; what is noted twice, for what is asked again must be read again.
    fn of(kept: &'q Kept) -> Notes<'q> {
        let (scans, lookups) = (kept.questions.of_scans(), kept.questions.lookups());
        let reads = scans.into_iter().chain(lookups).map(Ask::Read);
        let asks: Vec<Ask<'_>> = reads.chain(kept.trials.iter().map(Ask::Tell)).collect();
        let mut bytes = vec![Noted::default(); kept.bytes().len()];
        let watched = kept.watched();
        let (open, opening) = watched.reads_of(|| Open::new(watched.clone(), ReadMode::Pread).unwrap());
        for (at, len) in opening {
            bytes[at..at + len].iter_mut().for_each(|byte| byte.by_opening = true);
        }
        let reads: Vec<Vec<watched::Range>> = asks.iter().map(|ask| open.look(ask).1).collect();
        let mut in_order: Vec<usize> = (0..asks.len()).collect();
        let cost = |number: usize| reads[number].iter().map(|(_, len)| len).sum::<usize>();
        in_order.sort_by_key(|number| (asks[*number].work(), cost(*number)));
        for number in in_order {
            for (at, len) in &reads[number] {
                bytes[*at..at + len].iter_mut().for_each(|byte| byte.note(number, &asks));
            }
        }
        let mut right = vec![None; asks.len()];
        for number in bytes.iter().flat_map(|byte| byte.asks).flatten().map(|number| number as usize) {
            if right[number].is_none() {
                let (answer, again) = open.look(&asks[number]);
                assert_eq!(again, reads[number], "not read again: {}", asks[number].words());
                right[number] = Some(answer);
            }
        }
        Notes { asks, right, bytes }
    }

    fn right_of(&self, number: u32) -> Option<&Vec<String>> {
        self.right[number as usize].as_ref()
    }

    /// Asks and holds the answer against the right one; whether it was refused.
    fn is_refused(&self, number: u32, open: &Open) -> bool {
        let ask = &self.asks[number as usize];
        let ((answer, error), right) = (open.ask(ask), self.right_of(number).unwrap());
        match error {
            None => assert_eq!(&answer, right, "{}", ask.words()),
            Some(ref error) => {
                assert!(is_told(error), "{}: {error}", ask.words());
                assert!(right.starts_with(&answer), "{}: {answer:?}, not of {right:?}", ask.words());
            }
        }
        error.is_some()
    }

    /// Asks about a byte of which a bit is flipped.
    fn judge(&self, byte: usize, open: &Open) -> Fate {
        let noted = self.bytes[byte];
        let [Some(first), second] = noted.asks else {
            let error = open.graph.verify(VerifyLevel::Full).expect_err("not seen");
            assert!(is_told(&error), "{error}");
            return Fate::Verified;
        };
        let work = self.asks[first as usize].work();
        // Both are asked, whatever the first one says.
        let refused =
            [Some(first), second].map(|ask| ask.is_some_and(|number| self.is_refused(number, open)));
        match (refused.contains(&true), work) {
            // That a fact is taken does not say that what was read is right.
            (false, Work::Commit) => panic!("a commit met it and saw nothing"),
            (false, Work::Lookup | Work::Scan) => Fate::Harmless,
            (true, Work::Lookup) => Fate::Told,
            (true, Work::Commit) => Fate::ToldToCommit,
            (true, Work::Scan) => Fate::ToldToScan,
        }
    }

    /// Opens a file of which a bit is flipped that nothing but opening reads.
    fn judge_opening(&self, watched: &Watched) -> Fate {
        match Open::new(watched.again(), ReadMode::Pread) {
            Err(error) => {
                assert!(is_told(&error), "{error}");
                Fate::RefusedByOpening
            }
            Ok(open) => {
                let noted = (0..self.asks.len() as u32).filter(|number| self.right_of(*number).is_some());
                for number in noted.step_by(self.asks.len() / 16) {
                    self.is_refused(number, &open);
                }
                Fate::Opened
            }
        }
    }
}

/// What became of a flip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// A lookup was refused.
    Told,
    /// What no lookup meets: a commit was refused, ...
    ToldToCommit,
    /// ... or a scan.
    ToldToScan,
    /// Whoever met it gave the right answer.
    Harmless,
    /// Opening was refused.
    RefusedByOpening,
    /// Opening alone meets it, and the answers were right.
    Opened,
    /// Nothing meets it but a full verification, and that saw it.
    Verified,
}

type Tally = BTreeMap<Fate, usize>;

/// Says which bit it was if the test fails.
struct Label(usize);

impl Drop for Label {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("with bit {} flipped", self.0);
        }
    }
}

/// Flips bits under an open graph, one at a time.
fn flip_under_open(kept: &Kept, notes: &Notes<'_>, bits: impl Iterator<Item = usize>) -> Tally {
    let open = Open::new(kept.watched(), ReadMode::Pread).unwrap();
    let mut tally = Tally::new();
    for bit in bits {
        let _label = Label(bit);
        let noted = notes.bytes[bit / 8];
        open.watched.flip(bit);
        let fate = match (noted.asks, noted.by_opening) {
            ([None, _], true) => Some(notes.judge_opening(&open.watched)),
            // A verification takes long: one bit of a byte.
            ([None, _], false) if bit % 8 != bit / 8 % 8 => None,
            _ => Some(notes.judge(bit / 8, &open)),
        };
        fate.into_iter().for_each(|fate| *tally.entry(fate).or_default() += 1);
        open.watched.flip(bit);
    }
    tally
}

/// What is where: the parts of the file, as its header says.
fn parts(bytes: &[u8]) -> [(&'static str, Range<usize>); 5] {
    let field = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let (records, ids, nodes, table) = (field(128), field(144), field(160), field(184));
    [
        ("header", 0..records),
        ("records", records..ids),
        ("ids", ids..nodes),
        ("nodes", nodes..table),
        ("table", table..bytes.len()),
    ]
}

/// Prints what meets how many bytes of each part. What nothing meets is padding among the records.
fn describe(kept: &Kept, notes: &Notes<'_>) {
    for (name, part) in parts(kept.bytes()) {
        let of = |byte: usize| notes.bytes[byte].asks[0].map(|number| notes.asks[number as usize].work());
        let by = |work: Work| part.clone().filter(|byte| of(*byte) == Some(work)).count();
        let (rest, lone): (Vec<usize>, Vec<usize>) =
            part.clone().filter(|byte| of(*byte).is_none()).partition(|byte| notes.bytes[*byte].by_opening);
        println!(
            "{name}: {} bytes, met by lookups {}, only by commits {}, scans {}, opening {}, nothing {}",
            part.len(),
            by(Work::Lookup),
            by(Work::Commit),
            by(Work::Scan),
            rest.len(),
            lone.len()
        );
        assert!(lone.is_empty() || name == "records", "nothing reads {lone:?}");
        assert!(lone.iter().all(|byte| kept.bytes()[*byte] == 0), "no padding");
    }
}

#[test]
fn a_bit_flipped_under_an_open_graph_is_told_or_harmless_at_the_read_that_meets_it() {
    let start = Instant::now();
    let (step, threads) = (setting("IDWEAVE_FLIP_STEP", 7), setting("IDWEAVE_FLIP_THREADS", 1));
    let kept = Kept::of(setting("IDWEAVE_FLIP_BYTES", BYTES));
    let len = kept.bytes().len();
    println!("a segment of {len} bytes, {:?}: {:?}", start.elapsed(), kept.stats);
    let notes = Notes::of(&kept);
    println!("{} questions, {:?}", notes.asks.len(), start.elapsed());
    describe(&kept, &notes);
    let share = |thread: usize| {
        let bits = (0..len * 8).step_by(step).filter(|bit| bit / 8192 % threads == thread);
        flip_under_open(&kept, &notes, bits)
    };
    let mut tally = Tally::new();
    std::thread::scope(|scope| {
        let shares: Vec<_> = (0..threads).map(|thread| scope.spawn(move || share(thread))).collect();
        for (fate, count) in shares.into_iter().flat_map(|share| share.join().unwrap()) {
            *tally.entry(fate).or_default() += count;
        }
    });
    let count = (0..len * 8).step_by(step).len();
    println!("{count} bits flipped under an open graph: {tally:?}, {:?}", start.elapsed());
    assert!(tally[&Fate::Told] * 10 > count * 6, "{tally:?}");
}

#[test]
fn a_bit_flipped_before_a_segment_is_mapped_is_told_or_harmless_at_the_read_that_meets_it() {
    let kept = Kept::of(BYTES);
    let (notes, mut tally) = (Notes::of(&kept), Tally::new());
    let bits = (0..kept.bytes().len() * 8).step_by(199);
    let count = bits.len();
    for bit in bits {
        let _label = Label(bit);
        let watched = kept.watched();
        watched.flip(bit);
        let fate = match Open::new(watched, ReadMode::Mapped) {
            Err(error) if is_told(&error) => Fate::RefusedByOpening,
            opened => notes.judge(bit / 8, &opened.unwrap()),
        };
        *tally.entry(fate).or_default() += 1;
    }
    println!("{count} bits flipped before mapping: {tally:?}");
    assert!(tally[&Fate::Told] * 10 > count * 4, "{tally:?}");
}
